extension JSONValue {
    /// The value as its type's `Encodable` writes it. The members keep the order in which it writes them.
    package init(encoding value: some Encodable) throws {
        let place = Place()
        try place.write(value, at: [])
        self = place.value
    }
}

extension JSONValue: Encodable {
    /// - Throws: an error with any other encoder than that of ``init(encoding:)``, for a foreign encoder keeps neither the digits nor the
    ///   order.
    package func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? PlaceEncoder else {
            throw EncodingError.invalidValue(self, .init(codingPath: encoder.codingPath, debugDescription: "JSON is written by JSONValue"))
        }
        encoder.place.form = .value(self)
    }
}

/// A place in which a value is put together.
private final class Place {
    enum Form {
        /// Nothing has been written here yet, as for a type without fields.
        case nothing
        case value(JSONValue)
        case list
        case object
    }

    var form = Form.nothing
    private(set) var elements: [Place] = []
    private var members: [(name: String, place: Place)] = []

    var value: JSONValue {
        switch form {
        case .nothing: [:]
        case .value(let value): value
        case .list: .array(elements.map(\.value))
        case .object: .object(JSONObject(members.map { (name: $0.name, value: $0.place.value) }))
        }
    }

    func member(_ name: String) -> Place {
        let place = Place()
        members.append((name, place))
        return place
    }

    func element() -> Place {
        let place = Place()
        elements.append(place)
        return place
    }

    func write(_ value: some Encodable, at path: [any CodingKey]) throws {
        switch value {
        case let value as JSONValue: form = .value(value)
        case let value as String: form = .value(.string(value))
        case let value as Bool: form = .value(.bool(value))
        case let value as any FixedWidthInteger: form = .value(.integer(value))
        case let value as any BinaryFloatingPoint:
            guard let number = JSONNumber(Double(value)) else {
                throw EncodingError.invalidValue(value, .init(codingPath: path, debugDescription: "JSON has no such number"))
            }
            form = .value(.number(number))
        default: try value.encode(to: PlaceEncoder(place: self, codingPath: path))
        }
    }
}

private struct PlaceEncoder: Encoder, SingleValueEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        place.form = .object
        return KeyedEncodingContainer(PlacedMembers(place: place, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        place.form = .list
        return PlacedElements(place: place, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
    func encodeNil() { place.form = .value(.null) }
    // One generic witness serves every scalar.
    func encode<Value: Encodable>(_ value: Value) throws { try place.write(value, at: codingPath) }
}

private struct PlacedMembers<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: Place
    let codingPath: [any CodingKey]

    private func encoder(_ key: any CodingKey) -> PlaceEncoder {
        PlaceEncoder(place: place.member(key.stringValue), codingPath: codingPath + [key])
    }

    func encodeNil(forKey key: Key) { encoder(key).encodeNil() }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try encoder(key).encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        encoder(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { PlaceEncoder(place: place, codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct PlacedElements: UnkeyedEncodingContainer {
    let place: Place
    let codingPath: [any CodingKey]

    var count: Int { place.elements.count }

    private func encoder() -> PlaceEncoder { PlaceEncoder(place: place.element(), codingPath: codingPath + [JSONIndex(count - 1)]) }

    func encodeNil() { encoder().encodeNil() }
    func encode<Value: Encodable>(_ value: Value) throws { try encoder().encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder() }
}
