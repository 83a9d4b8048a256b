extension JSONValue {
    /// The value as a Swift type reads it by its `Decodable`.
    ///
    /// - Throws: a `DecodingError` that names the field.
    package func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try ValueDecoder(value: self, codingPath: []).read(type)
    }
}

extension JSONValue: Decodable {
    /// - Throws: an error with any other decoder than that of ``decoded(as:)``, for a foreign decoder keeps neither the digits nor the
    ///   order.
    package init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? ValueDecoder else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "JSON is read by JSONParser"))
        }
        self = decoder.value
    }
}

/// The scalars that `Decodable` types are made of.
private protocol JSONScalar {
    init?(json: JSONValue)
}

extension Bool: JSONScalar {
    init?(json: JSONValue) {
        guard let flag = json.bool else { return nil }
        self = flag
    }
}

extension String: JSONScalar {
    init?(json: JSONValue) {
        guard let text = json.string else { return nil }
        self = text
    }
}

extension Double: JSONScalar {
    init?(json: JSONValue) {
        guard let number = json.number?.double else { return nil }
        self = number
    }
}

extension FixedWidthInteger {
    fileprivate init?(whole json: JSONValue) {
        guard let number = json.number, let whole = Self(number.text) ?? number.integer.flatMap({ Self(exactly: $0) }) else { return nil }
        self = whole
    }
}

extension Int: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension Int8: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension Int16: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension Int32: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension Int64: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension UInt: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension UInt8: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension UInt16: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension UInt32: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }
extension UInt64: JSONScalar { init?(json: JSONValue) { self.init(whole: json) } }

/// An element's place in a list.
struct JSONIndex: CodingKey {
    var stringValue: String { "[\(index)]" }
    var intValue: Int? { index }
    private let index: Int

    init(_ index: Int) { self.index = index }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { index = intValue }
}

private struct ValueDecoder: Decoder, SingleValueDecodingContainer {
    let value: JSONValue
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// One generic witness serves every scalar.
    func read<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard let scalar = type as? any JSONScalar.Type else { return try Value(from: self) }
        if let read = scalar.init(json: value) as? Value { return read }
        throw mismatch(type)
    }

    func mismatch(_ type: Any.Type) -> DecodingError {
        switch value {
        case .null: .valueNotFound(type, .init(codingPath: codingPath, debugDescription: "null"))
        // It is a number, but not one of this kind.
        case .number where type != String.self && type != Bool.self && type is any JSONScalar.Type:
            .dataCorrupted(.init(codingPath: codingPath, debugDescription: "the number does not fit"))
        case .bool, .number, .string, .array, .object:
            .typeMismatch(type, .init(codingPath: codingPath, debugDescription: value.kind))
        }
    }

    func at(_ key: any CodingKey, _ value: JSONValue) -> ValueDecoder { ValueDecoder(value: value, codingPath: codingPath + [key]) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value else { throw mismatch([String: JSONValue].self) }
        return KeyedDecodingContainer(Members(decoder: self, members: members))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch([JSONValue].self) }
        return Elements(decoder: self, elements: elements)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
    func decodeNil() -> Bool { value.isNull }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try read(type) }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ValueDecoder
    let members: JSONObject

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { members.names.compactMap { Key(stringValue: $0) } }

    private func member(_ key: any CodingKey) throws -> ValueDecoder {
        guard let value = members[key.stringValue] else {
            throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "is missing"))
        }
        return decoder.at(key, value)
    }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try member(key).read(type) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<Nested> {
        try member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { try member(key).unkeyedContainer() }
    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try member(key) }
}

private struct Elements: UnkeyedDecodingContainer {
    let decoder: ValueDecoder
    let elements: [JSONValue]
    private(set) var currentIndex = 0

    init(decoder: ValueDecoder, elements: [JSONValue]) {
        self.decoder = decoder
        self.elements = elements
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    private func current(_ type: Any.Type) throws -> ValueDecoder {
        guard elements.indices.contains(currentIndex) else {
            throw DecodingError.valueNotFound(type, .init(codingPath: codingPath, debugDescription: "the list ends before it"))
        }
        return decoder.at(JSONIndex(currentIndex), elements[currentIndex])
    }

    mutating func decodeNil() throws -> Bool {
        let isNull = try current(JSONValue.self).decodeNil()
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try current(type).read(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        let container = try current(type).container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try current(JSONValue.self).unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try current(JSONValue.self)
        currentIndex += 1
        return decoder
    }
}
