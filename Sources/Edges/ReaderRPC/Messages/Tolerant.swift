import JSON

/// Reads a response's fields. A field that is missing, null or of another type reads as nil.
///
/// It serves responses only. A fault that it passes over is not hidden: the code that needs the field finds it missing and says so.
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

    /// One of an enumeration's names, also where its number stands for it.
    func name(_ key: Key, of enumeration: Wire.Enumeration) -> String? {
        enumeration.name(value(key, as: JSONValue.self))
    }

    /// A text, or a number in its place, as readers write a version that has no second point.
    func text(_ key: Key) -> String? {
        switch value(key, as: JSONValue.self) {
        case .string(let text): text
        case .number(let number): number.text
        case .null, .bool, .array, .object, nil: nil
        }
    }
}
