/// A JSON text as it was written: member order, repeated names and the digits of numbers are kept, so that nothing passes silently.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// For a sentence: "a string", "an object".
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }

    /// The member of that name, the first if there are several; nil also when this is no object.
    package subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

/// A number by its text, which follows JSON's grammar.
package struct JSONNumber: Sendable, Hashable {
    package let text: String

    /// Nil when the text is not a JSON number.
    package init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard JSONNumber.scan(&rest), rest.isEmpty else { return nil }
        self.text = text
    }

    package init(_ value: Int64) { self.text = String(value) }

    fileprivate init(scanned text: String) { self.text = text }

    /// Takes a number off the front; false when there is none.
    package static func scan(_ bytes: inout ArraySlice<UInt8>) -> Bool {
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

    static func scanned(_ bytes: ArraySlice<UInt8>) -> JSONNumber { JSONNumber(scanned: String(decoding: bytes, as: UTF8.self)) }

    /// The value if it is whole and fits, however it was written (`5`, `5.0`, `0.5e1`); never rounded.
    package var integer: Int64? {
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
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }
}
