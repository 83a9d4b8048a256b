/// Questions for a name server and its answers, byte by byte (RFC 1035, section 4).
enum NameMessage {
    enum Kind: UInt16, CaseIterable, Sendable {
        // The kinds are A and AAAA.
        case four = 1
        case six = 28
    }

    /// The content of an answer.
    enum Reply: Equatable, Sendable {
        /// The name is there. The list is empty when it has no address of this kind.
        case addresses([String])
        /// There is no such name.
        case noSuchName
        /// The server has trouble of its own, or refuses to answer (SERVFAIL, REFUSED and the like). The number is its code.
        case trouble(Int)
    }

    private static let internet: UInt16 = 1
    /// The most records that are read. No sound answer has more.
    private static let recordLimit = 64

    /// The question is nil when the text is not a name that can be asked for.
    static func question(_ name: String, _ kind: Kind, id: UInt16) -> [UInt8]? {
        guard let encoded = encode(name) else { return nil }
        // The header is a standard query that wants recursion, with one question.
        return bytes(id) + [0x01, 0x00] + bytes(1) + bytes(0) + bytes(0) + bytes(0) + encoded + bytes(kind.rawValue) + bytes(internet)
    }

    /// The reply is nil when these bytes do not answer that question.
    static func reply(_ answer: [UInt8], to name: String, _ kind: Kind, id: UInt16) -> Reply? {
        guard word(answer, 0) == id, answer.count >= 12, answer[2] & 0x80 != 0, word(answer, 4) == 1 else { return nil }
        // The answer repeats the question, in whatever case.
        guard let (asked, end) = readName(answer, 12), asked == canonical(name), word(answer, end) == kind.rawValue,
            word(answer, end + 2) == internet
        else { return nil }
        switch Int(answer[3] & 0x0f) {
        case 0: return .addresses(addresses(answer, from: end + 4, asked, kind))
        case 3: return .noSuchName
        case let code: return .trouble(code)
        }
    }

    /// The addresses of a name, and of the names that it is an alias for. A record that leads outside of the bytes ends the reading.
    private static func addresses(_ answer: [UInt8], from start: Int, _ asked: String, _ kind: Kind) -> [String] {
        var names: Set<String> = [asked]
        var found: [String] = []
        var offset = start
        for _ in 0..<min(Int(word(answer, 6) ?? 0), recordLimit) {
            guard let (owner, end) = readName(answer, offset), let type = word(answer, end), let type2 = word(answer, end + 2),
                let length = word(answer, end + 8).map({ Int($0) }), end + 10 + length <= answer.count
            else { break }
            let data = answer[(end + 10)..<(end + 10 + length)]
            offset = end + 10 + length
            guard type2 == internet, names.contains(owner) else { continue }
            switch (type, length) {
            // This is a CNAME.
            case (5, _): if let (target, _) = readName(answer, end + 10) { names.insert(target) }
            case (Kind.four.rawValue, 4) where kind == .four: found.append(data.map { String($0) }.joined(separator: "."))
            case (Kind.six.rawValue, 16) where kind == .six: found.append(six(Array(data)))
            default: continue
            }
        }
        return found
    }

    private static func six(_ octets: [UInt8]) -> String {
        stride(from: 0, to: 16, by: 2).map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }.joined(separator: ":")
    }

    /// A name at a place, in lower case, and the place behind it. It is nil when the name leads outside, or in circles.
    private static func readName(_ bytes: [UInt8], _ start: Int) -> (name: String, end: Int)? {
        var labels: [String] = []
        var size = 0
        var offset = start
        var end: Int?
        // Each pointer leads backwards, so that their number is bounded by that of the bytes. This loop bounds it sooner.
        for _ in 0..<128 {
            guard bytes.indices.contains(offset) else { return nil }
            let length = Int(bytes[offset])
            switch length {
            case 0: return (labels.joined(separator: "."), end ?? offset + 1)
            case 1...63:
                guard offset + 1 + length <= bytes.count else { return nil }
                size += length + 1
                guard size <= 255 else { return nil }
                labels.append(String(decoding: bytes[(offset + 1)..<(offset + 1 + length)], as: UTF8.self).lowercased())
                offset += 1 + length
            case 0xc0...:
                guard let pointer = word(bytes, offset) else { return nil }
                end = end ?? offset + 2
                let target = Int(pointer & 0x3fff)
                guard target < offset else { return nil }
                offset = target
            default: return nil
            }
        }
        return nil
    }

    private static func encode(_ name: String) -> [UInt8]? {
        let labels = canonical(name).utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.count) }) else { return nil }
        var encoded: [UInt8] = []
        for label in labels {
            encoded.append(UInt8(label.count))
            encoded += label
        }
        encoded.append(0)
        return encoded.count <= 255 ? encoded : nil
    }

    private static func canonical(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt16? {
        guard bytes.indices.contains(offset), bytes.indices.contains(offset + 1) else { return nil }
        return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
    }

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
}
