extension JSONValue {
    /// The value as JSON text. With `indent` it is for people. The members stay in order.
    package func text(indent: Bool = false) -> String { String(decoding: bytes(indent: indent), as: UTF8.self) }

    /// The value as UTF-8 JSON text.
    package func bytes(indent: Bool = false) -> [UInt8] {
        var out: [UInt8] = []
        write(to: &out, indent: indent, level: 0)
        return out
    }

    private func write(to out: inout [UInt8], indent: Bool, level: Int) {
        switch self {
        case .null: out += "null".utf8
        case .bool(let value): out += (value ? "true" : "false").utf8
        case .number(let value): out += value.text.utf8
        case .string(let value): Self.quote(value, to: &out)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                if indent { Self.line(level + 1, to: &out) }
                element.write(to: &out, indent: indent, level: level + 1)
            }
            if indent, !elements.isEmpty { Self.line(level, to: &out) }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                if indent { Self.line(level + 1, to: &out) }
                Self.quote(member.name, to: &out)
                out += (indent ? ": " : ":").utf8
                member.value.write(to: &out, indent: indent, level: level + 1)
            }
            if indent, !members.isEmpty { Self.line(level, to: &out) }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func line(_ level: Int, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\n"))
        out += repeatElement(UInt8(ascii: " "), count: 2 * level)
    }

    /// The escapes cover controls and the two separators that other languages take for an end of line.
    private static func quote(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\"".utf8
            case "\\": out += "\\\\".utf8
            case "\n": out += "\\n".utf8
            case "\r": out += "\\r".utf8
            case "\t": out += "\\t".utf8
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
            default:
                if scalar.isASCII {
                    out.append(UInt8(truncatingIfNeeded: scalar.value))
                } else {
                    out += String(scalar).utf8
                }
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
