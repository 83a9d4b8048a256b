import JSON

extension JSONParser.Bounds {
    /// The part of a reader's answer that is worth reading. Readers are known to send some hundreds of values, about ten deep.
    package static let readers = JSONParser.Bounds(depth: 32, values: 5_000)
}

/// The JSON mapping of protocol buffers, which writes some values in ways of its own.
extension JSONValue {
    /// A field of a message. It is nil when this is no message, or the field is missing or null, which the mapping takes for the same.
    package func field(_ name: String) -> JSONValue? {
        guard let member = self[name], !member.isNull else { return nil }
        return member
    }

    /// A whole number, also one written as a string, which is how the mapping writes integers of 64 bits. The mapping allows a fraction of
    /// zero and an exponent in either.
    package var protoInteger: Int64? {
        switch self {
        case .number(let number): number.integer
        case .string(let text): Self.whole(text)
        case .null, .bool, .array, .object: nil
        }
    }

    private static func whole(_ text: String) -> Int64? {
        // The text must be a number in JSON's own form and no other.
        guard text.utf8.count <= 40, text.utf8.first != UInt8(ascii: "+") else { return nil }
        return Int64(text) ?? JSONNumber(text)?.integer
    }

    /// A flag, also one written as a word.
    package var protoBool: Bool? {
        switch self {
        case .bool(let flag): flag
        case .string("true"): true
        case .string("false"): false
        case .null, .number, .string, .array, .object: nil
        }
    }
}
