/// One entry for journald in its native form: `NAME=value` lines, or name, length and bytes when the value has line breaks
/// (systemd's "Native Journal Protocol").
struct NativeEntry {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ name: String, _ value: String) {
        let text = Array(value.utf8)
        bytes += Array(name.utf8)
        if text.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            bytes += withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += text
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A field of ours: `READERD_PAYMENT` for `payment`. Journald takes capital letters, digits and `_`, 64 at most.
    static func fieldName(_ key: String) -> String {
        let letters = key.uppercased().unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "A"..."Z", "0"..."9": Character(scalar)
            default: "_"
            }
        }
        return "READERD_" + String(letters.prefix(56))
    }
}
