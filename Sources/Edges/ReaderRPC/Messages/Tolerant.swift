import JSON

/// Reads a response's fields: what is missing, null or of another type is nil.
///
/// Used for responses only. A fault that is read over here is not hidden: whoever needs the field finds it missing and says so.
struct Tolerant<Key: CodingKey> {
    private let container: KeyedDecodingContainer<Key>?

    init(_ decoder: any Decoder) {
        container = try? decoder.container(keyedBy: Key.self)
    }

    func value<Value: Decodable>(_ key: Key, as type: Value.Type = Value.self) -> Value? {
        try? container?.decodeIfPresent(type, forKey: key)
    }

    /// A whole number, or one written as a string.
    func integer(_ key: Key) -> Int64? {
        value(key, as: JSONValue.self)?.protoInteger
    }

    /// One of an enumeration's names, also where it stands as its number.
    func name(_ key: Key, of enumeration: Wire.Enumeration) -> String? {
        enumeration.name(value(key, as: JSONValue.self))
    }

    /// Text, or a number in its place, as a version is written that has no second point.
    func text(_ key: Key) -> String? {
        switch value(key, as: JSONValue.self) {
        case .string(let text): text
        case .number(let number): number.text
        case .null, .bool, .array, .object, nil: nil
        }
    }
}
