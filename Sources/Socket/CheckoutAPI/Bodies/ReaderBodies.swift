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
    /// On whose behalf the connection token is asked for; any open cart's without it.
    public var cart: String?
    /// Also from another point of sale that uses the reader now: a technician's explicit choice.
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
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> RegisterBody? {
        let code = fields.required("registration_code", body.text(.registrationCode)).map { TextRule.folded(code: $0) }
        let label = fields.required("label", body.text(.label))
        let location = fields.optional("location", body.text(.name))
        guard let code, let label else { return nil }
        return RegisterBody(registrationCode: code, label: label, location: location)
    }
}

extension LabelBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> LabelBody? {
        fields.required("label", body.text(.label)).map { LabelBody(label: $0) }
    }
}

extension ConnectBody: StrictBody {
    package static func read(_ fields: FieldReader, _ body: BodyReader) -> ConnectBody? {
        ConnectBody(cart: fields.optional("cart", body.text(.cart)), takeOver: fields.optional("take_over", body.flag))
    }
}
