/// An identifier of the backend: a string by its schema, a number in its examples. Both are read, and strings are sent.
struct LooseText: Decodable, Sendable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            text = try container.decode(String.self)
        } catch DecodingError.typeMismatch {
            // A value that is not a string is an integer, or it is refused. A number with a fraction is no identifier.
            guard let number = Self.integer(container) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "neither text nor an integer")
            }
            text = String(number)
        }
    }

    private static func integer(_ container: any SingleValueDecodingContainer) -> Int64? {
        do {
            return try container.decode(Int64.self)
        } catch {
            return nil
        }
    }
}

/// A field that informs and decides nothing. A value that cannot be read must not spoil the answer around it.
struct OptionalText: Decodable, Sendable {
    let text: String?

    init(from decoder: any Decoder) throws {
        do {
            text = try LooseText(from: decoder).text
        } catch {
            text = nil
        }
    }
}
