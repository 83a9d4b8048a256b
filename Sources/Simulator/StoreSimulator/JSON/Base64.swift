/// Standard, padded base64 (RFC 4648, section 4), which is read strictly. A reader's `content` is made of it.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let block = Int(bytes[index]) << 16 | (left > 1 ? Int(bytes[index + 1]) << 8 : 0) | (left > 2 ? Int(bytes[index + 2]) : 0)
            out.append(alphabet[block >> 18 & 63])
            out.append(alphabet[block >> 12 & 63])
            out.append(left > 1 ? alphabet[block >> 6 & 63] : UInt8(ascii: "="))
            out.append(left > 2 ? alphabet[block & 63] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes. They are nil for anything that is not canonical padded base64.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(digits.count / 4 * 3)
        for start in stride(from: 0, to: digits.count, by: 4) {
            let quad = digits[start..<start + 4]
            let padding = quad.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            guard padding <= 2, padding == 0 || start + 4 == digits.count else { return nil }
            var block = 0
            for digit in quad.dropLast(padding) {
                guard let value = value(of: digit) else { return nil }
                block = block << 6 | value
            }
            block <<= 6 * padding
            guard block & (1 << (8 * padding) - 1) == 0 else { return nil }
            out.append(UInt8(block >> 16 & 255))
            if padding < 2 { out.append(UInt8(block >> 8 & 255)) }
            if padding < 1 { out.append(UInt8(block & 255)) }
        }
        return out
    }

    private static func value(of digit: UInt8) -> Int? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
