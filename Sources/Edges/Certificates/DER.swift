/// Reads DER (X.690) value by value. It believes only what lies whole within the bytes.
struct DER {
    struct Value {
        var tag: UInt8
        var content: ArraySlice<UInt8>
        /// The value with its tag and length, as it stands.
        var whole: ArraySlice<UInt8>
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next value. It is nil at the end, and where the bytes make no sense.
    mutating func next() -> Value? {
        guard let tag = rest.first, rest.count >= 2 else { return nil }
        let start = rest.startIndex
        // No certificate has tags of more than one byte.
        guard tag & 0x1f != 0x1f else { return nil }
        let first = rest[start + 1]
        var length = Int(first)
        var header = 2
        if first & 0x80 != 0 {
            let count = Int(first & 0x7f)
            guard (1...3).contains(count), rest.count >= 2 + count else { return nil }
            length = rest[(start + 2)..<(start + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
            header += count
        }
        guard rest.count >= header + length else { return nil }
        let end = start + header + length
        defer { rest = rest[end...] }
        return Value(tag: tag, content: rest[(start + header)..<end], whole: rest[start..<end])
    }

    /// The next value if it is of this kind. Otherwise nothing is read.
    mutating func next(_ tag: UInt8) -> Value? {
        guard rest.first == tag else { return nil }
        return next()
    }

    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31

    /// The identifier as text, `2.5.29.17`. It is nil for what is no identifier.
    static func identifier(_ content: ArraySlice<UInt8>) -> String? {
        guard !content.isEmpty, content.count <= 64 else { return nil }
        var arcs: [UInt64] = []
        var value: UInt64 = 0
        for byte in content {
            guard value < 1 << 56 else { return nil }
            value = value << 7 | UInt64(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            if arcs.isEmpty {
                let first = min(value / 40, 2)
                arcs = [first, value - first * 40]
            } else {
                arcs.append(value)
            }
            value = 0
        }
        return arcs.map { String($0) }.joined(separator: ".")
    }
}
