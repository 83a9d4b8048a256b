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
        value(key, as: JSONValue.self)?.integer
    }
}
