/// A number by its text, which follows JSON's grammar: no digit is lost, and two numbers are equal when they are written alike.
package struct JSONNumber: Sendable, Hashable {
    package let text: String

    /// The result is nil when the text is not a JSON number.
    package init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard JSONNumber.scan(&rest), rest.isEmpty else { return nil }
        self.text = text
    }

    package init(_ value: some FixedWidthInteger) { text = String(value) }

    /// The result is nil for what JSON cannot write: an infinity, or no number.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = "\(value)"
    }

    private init(scanned text: String) { self.text = text }

    /// The number of these bytes, which ``scan(_:)`` has accepted.
    static func scanned(_ bytes: ArraySlice<UInt8>) -> JSONNumber { JSONNumber(scanned: String(decoding: bytes, as: UTF8.self)) }

    /// Takes a number off the front. The result is false when there is none.
    static func scan(_ bytes: inout ArraySlice<UInt8>) -> Bool {
        func digits() -> Int {
            let run = bytes.prefix { (48...57).contains($0) }
            bytes = bytes.dropFirst(run.count)
            return run.count
        }
        if bytes.first == UInt8(ascii: "-") { bytes = bytes.dropFirst() }
        let leading = bytes.first
        let whole = digits()
        guard whole == 1 || (whole > 1 && leading != UInt8(ascii: "0")) else { return false }
        if bytes.first == UInt8(ascii: ".") {
            bytes = bytes.dropFirst()
            guard digits() > 0 else { return false }
        }
        if bytes.first == UInt8(ascii: "e") || bytes.first == UInt8(ascii: "E") {
            bytes = bytes.dropFirst()
            if bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-") { bytes = bytes.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return true
    }

    /// The value if it is whole and fits, however it was written (`5`, `5.0`, `0.5e1`). It is never rounded.
    package var integer: Int64? {
        if let plain = Int64(text) { return plain }
        var digits: [UInt8] = []
        var scale = 0
        var exponent = 0
        var exponentNegative = false
        var part = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "."): part = 1
            case UInt8(ascii: "e"), UInt8(ascii: "E"): part = 2
            case UInt8(ascii: "-"): if part == 2 { exponentNegative = true }
            case UInt8(ascii: "+"): continue
            default:
                if part == 2 {
                    exponent = min(exponent * 10 + Int(byte - 48), 1_000_000)
                } else {
                    digits.append(byte - 48)
                    if part == 1 { scale += 1 }
                }
            }
        }
        guard digits.contains(where: { $0 != 0 }) else { return 0 }
        var shift = (exponentNegative ? -exponent : exponent) - scale
        while shift < 0, digits.last == 0 {
            digits.removeLast()
            shift += 1
        }
        guard shift >= 0 else { return nil }
        let significant = digits.drop { $0 == 0 }
        guard significant.count + shift <= 19 else { return nil }
        let whole = significant.map { String($0) }.joined() + String(repeating: "0", count: shift)
        return Int64(text.hasPrefix("-") ? "-" + whole : whole)
    }

    /// The nearest floating-point number. It is nil for a number that is beyond all of them.
    package var double: Double? { Double(text).flatMap { $0.isFinite ? $0 : nil } }
}
