/// `POST /v1/readers`: registers the reader that shows this code.
public struct RegisterBody: Sendable, Hashable, Codable {
    /// The words that the reader shows: `donkey-gecko-inspired`.
    public var registrationCode: String
    public var label: String
    /// The backend's location, when it is another than the agent's own.
    public var location: String?

    public init(registrationCode: String, label: String, location: String? = nil) {
        self.registrationCode = registrationCode
        self.label = label
        self.location = location
    }

    enum CodingKeys: String, CodingKey {
        case label, location
        case registrationCode = "registration_code"
    }
}

/// `PATCH /v1/readers/{reader}`: gives a reader another label.
public struct LabelBody: Sendable, Hashable, Codable {
    public var label: String
    public init(label: String) { self.label = label }
}

/// `POST /v1/readers/{reader}/connect`: opens a session now.
public struct ConnectBody: Sendable, Hashable, Codable {
    /// The cart on whose behalf the connection token is asked for; any open one without it.
    public var cart: String?
    /// Whether the reader is taken from another point of sale that uses it now: a technician's explicit choice.
    public var takeOver: Bool?

    public init(cart: String? = nil, takeOver: Bool? = nil) {
        self.cart = cart
        self.takeOver = takeOver
    }

    enum CodingKeys: String, CodingKey {
        case cart
        case takeOver = "take_over"
    }
}

extension RegisterBody: StrictBody {
    package static var says: String { "The reader that shows this code." }

    package static func read(_ fields: FieldReader) -> RegisterBody? {
        let code = fields.required(
            "registration_code",
            .text(
                .registrationCode, "The words that the reader shows, in any case, with hyphens or blanks between. Used once, kept nowhere.")
        )
        let label = fields.required("label", .text(.label, "What it is to be called."))
        let location = fields.optional(
            "location", .text(.name, "The backend's location, when it is another than the agent's own."))
        guard let code, let label else { return nil }
        return RegisterBody(registrationCode: TextRule.folded(code: code), label: label, location: location)
    }
}

extension LabelBody: StrictBody {
    package static var says: String { "Another label." }

    package static func read(_ fields: FieldReader) -> LabelBody? {
        fields.required("label", .text(.label, "What the reader is to be called.")).map { LabelBody(label: $0) }
    }
}

extension ConnectBody: StrictBody {
    package static var says: String { "A session that is wanted now." }

    package static func read(_ fields: FieldReader) -> ConnectBody? {
        ConnectBody(
            cart: fields.optional("cart", .cart),
            takeOver: fields.optional("take_over", .flag("Also from another point of sale that uses the reader.")))
    }
}
