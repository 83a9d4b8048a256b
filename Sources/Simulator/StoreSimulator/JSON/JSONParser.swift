/// What is wrong with a text that should have been JSON.
package struct JSONFault: Error, Equatable, CustomStringConvertible {
    package var description: String
}

extension JSONValue {
    /// Reads one JSON text (RFC 8259). Refuses trailing bytes, duplicate members and nesting deeper than 64.
    package static func parse(_ bytes: [UInt8]) throws(JSONFault) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        return try parser.document()
    }

    package static func parse(_ text: String) throws(JSONFault) -> JSONValue {
        try parse(Array(text.utf8))
    }
}

/// A recursive-descent reader of JSON over bytes.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONFault) -> JSONValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw fault("bytes after the value") }
        return value
    }

    private func fault(_ what: String) -> JSONFault { JSONFault(description: "not JSON: \(what) at byte \(position)") }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ expected: Character) throws(JSONFault) {
        guard byte == expected.asciiValue else { throw fault("'\(expected)' expected") }
        position += 1
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        for expected in word.utf8 {
            guard byte == expected else { throw fault("'\(word)' expected") }
            position += 1
        }
        return value
    }

    private mutating func value() throws(JSONFault) -> JSONValue {
        skipSpace()
        depth += 1
        defer { depth -= 1 }
        guard depth <= 64 else { throw fault("nested too deeply") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some: return try number()
        case nil: throw fault("value expected")
        }
    }

    private mutating func object() throws(JSONFault) -> JSONValue {
        try take("{")
        var members: [String: JSONValue] = [:]
        skipSpace()
        if byte == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipSpace()
            let key = try string()
            skipSpace()
            try take(":")
            guard members.updateValue(try value(), forKey: key) == nil else { throw fault("member named twice") }
            skipSpace()
            if byte == UInt8(ascii: ",") {
                position += 1
                continue
            }
            try take("}")
            return .object(members)
        }
    }

    private mutating func array() throws(JSONFault) -> JSONValue {
        try take("[")
        var elements: [JSONValue] = []
        skipSpace()
        if byte == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            if byte == UInt8(ascii: ",") {
                position += 1
                continue
            }
            try take("]")
            return .array(elements)
        }
    }

    private mutating func number() throws(JSONFault) -> JSONValue {
        let start = position
        var isInteger = true
        while let byte {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
            default:
                return try number(from: start, isInteger: isInteger)
            }
            position += 1
        }
        return try number(from: start, isInteger: isInteger)
    }

    private func number(from start: Int, isInteger: Bool) throws(JSONFault) -> JSONValue {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { throw fault("number expected") }
        if isInteger, digits.count > 1, first == UInt8(ascii: "0") { throw fault("number with a leading zero") }
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text) else { throw fault("number expected") }
        return .double(value)
    }

    private mutating func string() throws(JSONFault) -> String {
        try take("\"")
        var text: [UInt8] = []
        while let next = byte {
            position += 1
            switch next {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else { throw fault("string is not UTF-8") }
                return result
            case UInt8(ascii: "\\"): try escape(into: &text)
            case ..<0x20: throw fault("control character in a string")
            default: text.append(next)
            }
        }
        throw fault("string without an end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONFault) {
        guard let code = byte else { throw fault("escape expected") }
        position += 1
        switch code {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(code)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal()
            if (0xD800...0xDBFF).contains(scalar) {
                try take("\\")
                try take("u")
                let low = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(low) else { throw fault("half a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let character = Unicode.Scalar(scalar) else { throw fault("half a surrogate pair") }
            text.append(contentsOf: String(Character(character)).utf8)
        default: throw fault("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("four hexadecimal digits expected")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
