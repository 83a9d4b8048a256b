/// The trace of a world: always a hash, and also lines when a person wants to read them.
struct Trace: Sendable {
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var lines: [String] = []
    let isKept: Bool

    init(isKept: Bool) { self.isKept = isKept }

    mutating func note(_ at: Int64, _ numbers: UInt64..., text: @autoclosure () -> String) {
        mix(UInt64(bitPattern: at))
        for number in numbers { mix(number) }
        if isKept { lines.append("\(Trace.clock(at))  \(text())") }
    }

    mutating func mix(_ number: UInt64) {
        hash = (hash ^ number) &* 0x0000_0100_0000_01b3
        hash ^= hash >> 29
    }

    /// Mixes a text in, eight bytes at a time, for whole journal rows go through here.
    mutating func mix(_ text: String) {
        var copy = text
        copy.withUTF8 { bytes in
            mix(UInt64(bytes.count))
            let whole = bytes.count & ~7
            for start in stride(from: 0, to: whole, by: 8) {
                mix(UInt64(bigEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: start, as: UInt64.self)))
            }
            // The end is mixed as a word of its own, together with the bytes before it.
            mix(bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) })
        }
    }

    /// The seconds and milliseconds since the world began.
    static func clock(_ at: Int64) -> String {
        let text = String(at)
        let padded = String(repeating: "0", count: max(0, 4 - text.count)) + text
        let line = padded.dropLast(3) + "." + padded.suffix(3)
        return String(repeating: " ", count: max(0, 10 - line.count)) + line
    }
}
