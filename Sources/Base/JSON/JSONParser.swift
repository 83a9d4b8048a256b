/// The reason why a text is not JSON, or is too much of it, and the place of the fault.
package struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        case malformed
        /// The text may be JSON, but is deeper or has more values than its reader takes.
        case excessive
        /// An object has two members of one name, which this reader does not take.
        case repeated
    }

    package var kind: Kind
    package var message: String
    /// Bytes from the beginning of the text.
    package var offset: Int

    package init(kind: Kind, message: String, offset: Int) {
        self.kind = kind
        self.message = message
        self.offset = offset
    }

    package var description: String { "not JSON: \(message), at byte \(offset)" }
}

/// Reads one JSON text (RFC 8259) strictly: UTF-8 only, no byte-order mark, no lone surrogates, nothing before or behind, and within bounds.
///
/// Its work is a fixed amount for each byte, whatever the bytes are.
package struct JSONParser {
    /// What to do with an object that names a member twice.
    package enum RepeatedNames: Sendable {
        /// Both are kept, and a caller that asks by name gets the first.
        case kept
        case refused
    }

    /// The bounds of what is taken. A caller that reads from outside knows what the outside is known to send.
    package struct Bounds: Sendable {
        /// How many lists and objects may be nested in each other.
        package var depth: Int
        /// How many values there may be in all, the outermost and those of members included.
        package var values: Int

        package init(depth: Int = 32, values: Int = 100_000) {
            self.depth = depth
            self.values = values
        }
    }

    private let bytes: [UInt8]
    private let bounds: Bounds
    private let repeatedNames: RepeatedNames
    private var position = 0
    private var values = 0

    private init(bytes: [UInt8], bounds: Bounds, repeatedNames: RepeatedNames) {
        self.bytes = bytes
        self.bounds = bounds
        self.repeatedNames = repeatedNames
    }

    package static func parse(
        _ bytes: [UInt8], bounds: Bounds = Bounds(), repeatedNames: RepeatedNames = .kept
    ) throws(JSONSyntaxError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, bounds: bounds, repeatedNames: repeatedNames)
        parser.skipSpace()
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.error("more text after the end of the value") }
        return value
    }

    private func error(_ message: String, _ kind: JSONSyntaxError.Kind = .malformed) -> JSONSyntaxError {
        JSONSyntaxError(kind: kind, message: message, offset: position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard values < bounds.values else { throw error("more than \(bounds.values) values", .excessive) }
        values += 1
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: try deeper(depth)))
        case UInt8(ascii: "["): return .array(try array(depth: try deeper(depth)))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            let start = bytes[position...]
            var rest = start
            guard JSONNumber.scan(&rest) else { throw error("not a number") }
            position += start.count - rest.count
            return .number(.scanned(start.prefix(start.count - rest.count)))
        case nil: throw error("the text ends where a value is expected")
        default: throw error("a value is expected")
        }
    }

    private func deeper(_ depth: Int) throws(JSONSyntaxError) -> Int {
        guard depth < bounds.depth else { throw error("nested more than \(bounds.depth) deep", .excessive) }
        return depth + 1
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        for byte in text.utf8 where !take(byte) { throw error("a value is expected") }
        return value
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            skipSpace()
            elements.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw error("a comma or the end of the list is expected") }
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
        position += 1
        var members = JSONObject()
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a field's name in double quotes is expected") }
            let name = try string()
            if repeatedNames == .refused, !names.insert(name).inserted { throw error("a member is named twice", .repeated) }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("a colon is expected") }
            skipSpace()
            members.append(name, try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw error("a comma or the end of the object is expected") }
        }
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        var content: [UInt8] = []
        while true {
            guard let byte = next else { throw error("the text ends inside a string") }
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: content, as: UTF8.self) else { throw error("a string is not UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                position += 1
                content.append(contentsOf: Array(String(try escape()).utf8))
            case 0..<0x20: throw error("a control character inside a string")
            default:
                content.append(byte)
                position += 1
            }
        }
    }

    private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try hexadecimal()
            guard (0xd800...0xdbff).contains(first) else {
                guard let scalar = Unicode.Scalar(first) else { throw error("half of a surrogate pair") }
                return scalar
            }
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("half of a surrogate pair") }
            let second = try hexadecimal()
            guard (0xdc00...0xdfff).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
            else { throw error("half of a surrogate pair") }
            return scalar
        default: throw error("an escape that JSON does not have")
        }
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("four hexadecimal digits are expected")
            }
            value = value << 4 + UInt32(digit)
            position += 1
        }
        return value
    }
}
