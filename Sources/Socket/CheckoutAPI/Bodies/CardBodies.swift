/// What a checkout asks for with `PUT /v1/card-setups/{id}`.
public struct CardSetupBody: Sendable, Hashable, Codable {
    /// The backend's user whose card it is.
    public var user: String
    public var partner: String
    public var postalCode: String
    /// The holder's name, as it stands on the card.
    public var name: String?
    public var lane: String?
    /// A `tmr_` id, a serial number, or a label that one reader has.
    public var reader: String?
    /// How long the customer may take to present a card: 5 to 600 seconds; the settings' default when nil.
    public var timeoutSeconds: Int?

    public init(
        user: String, partner: String, postalCode: String, name: String? = nil, lane: String? = nil, reader: String? = nil,
        timeoutSeconds: Int? = nil
    ) {
        self.user = user
        self.partner = partner
        self.postalCode = postalCode
        self.name = name
        self.lane = lane
        self.reader = reader
        self.timeoutSeconds = timeoutSeconds
    }

    enum CodingKeys: String, CodingKey {
        case user, partner, name, lane, reader
        case postalCode = "postal_code"
        case timeoutSeconds = "timeout_s"
    }
}

/// `POST /v1/bankcards`: asks for a card to be stored that Stripe knows already.
public struct BankcardBody: Sendable, Hashable, Codable {
    public var user: String
    public var partner: String
    /// Stripe's id of the card (`pm_…`).
    public var paymentMethod: String
    public var postalCode: String
    public var name: String?

    public init(user: String, partner: String, paymentMethod: String, postalCode: String, name: String? = nil) {
        self.user = user
        self.partner = partner
        self.paymentMethod = paymentMethod
        self.postalCode = postalCode
        self.name = name
    }

    enum CodingKeys: String, CodingKey {
        case user, partner, name
        case paymentMethod = "payment_method"
        case postalCode = "postal_code"
    }
}

extension Field where Value == String {
    fileprivate static let user = text(.name, "The backend's user whose card it is.")
    fileprivate static let partner = text(.name, "The backend's partner.")
    fileprivate static let postalCode = text(.postalCode, "Of the card's holder; a string, for it may begin with zeros.")
    fileprivate static let holder = text(.name, "The name on the card.")
}

extension CardSetupBody: StrictBody {
    package static var says: String { "One attempt to keep a card." }

    package static func read(_ fields: FieldReader) -> CardSetupBody? {
        let user = fields.required("user", .user)
        let partner = fields.required("partner", .partner)
        let postalCode = fields.required("postal_code", .postalCode)
        let name = fields.optional("name", .holder)
        let lane = fields.optional("lane", .lane)
        let reader = fields.optional("reader", .reader)
        let timeout = fields.optional(
            "timeout_s", .integer(Bounds.timeoutSeconds, "How long the customer may take to present a card."))
        guard let user, let partner, let postalCode else { return nil }
        return CardSetupBody(
            user: user, partner: partner, postalCode: postalCode, name: name, lane: lane, reader: reader,
            timeoutSeconds: timeout.map { Int($0) })
    }
}

extension BankcardBody: StrictBody {
    package static var says: String { "A payment method to be stored." }

    package static func read(_ fields: FieldReader) -> BankcardBody? {
        let user = fields.required("user", .user)
        let partner = fields.required("partner", .partner)
        let method = fields.required("payment_method", .text(.paymentMethod, "`pm_…`"))
        let postalCode = fields.required("postal_code", .postalCode)
        let name = fields.optional("name", .holder)
        guard let user, let partner, let method, let postalCode else { return nil }
        return BankcardBody(user: user, partner: partner, paymentMethod: method, postalCode: postalCode, name: name)
    }
}

extension TextRule {
    /// A PaymentMethod as Stripe names it.
    package static let paymentMethod = TextRule(says: "a payment method such as pm_123", pattern: "^pm_[A-Za-z0-9_]{1,252}$") { text in
        text.hasPrefix("pm_") && (4...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
