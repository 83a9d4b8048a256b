/// How much JSON is worth decoding. The decoder's work grows with the number of values and with their depth, so that a small hostile text can cost
/// seconds; this looks at the text once, before it is decoded, and costs microseconds.
package enum JSONBounds {
    /// Of objects and arrays in each other; readers are known to send about ten.
    static let depth = 32
    /// Commas, colons and openings, which is at least the number of values; readers are known to send some hundreds.
    static let values = 5_000

    /// False when the text is over a bound. Says nothing of whether it is JSON.
    package static func allow(_ text: some Sequence<UInt8>) -> Bool {
        var level = 0
        var count = 0
        var inString = false
        var escaped = false
        for byte in text {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                level += 1
                count += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): level -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): count += 1
            default: continue
            }
            if level > depth || count > values { return false }
        }
        return true
    }
}
