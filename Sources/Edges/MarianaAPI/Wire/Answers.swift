/// The backend's answers. Its schema marks no field as required: each may be missing or null, and the code asks for a needed field by name.

struct ConfigurationAnswer: Decodable {
    var publishableKey: LooseText?
    var location: LooseText?

    enum CodingKeys: String, CodingKey {
        case publishableKey = "stripe_publishable_api_key"
        case location = "stripe_location_id"
    }
}

struct ConnectionTokenAnswer: Decodable {
    var token: LooseText?

    enum CodingKeys: String, CodingKey {
        case token = "stripe_connection_token"
    }
}

struct PaymentIntentAnswer: Decodable {
    var id: LooseText?
    var publishableKey: LooseText?
    var clientSecret: LooseText?

    enum CodingKeys: String, CodingKey {
        case id = "stripe_payment_intent_id"
        case publishableKey = "stripe_publishable_api_key"
        case clientSecret = "client_secret"
    }
}

struct SetupIntentAnswer: Decodable {
    var id: LooseText?
    var publishableKey: LooseText?
    var clientSecret: LooseText?

    enum CodingKeys: String, CodingKey {
        case id = "stripe_setup_intent_id"
        case publishableKey = "stripe_publishable_api_key"
        case clientSecret = "client_secret"
    }
}

struct PaymentStatusAnswer: Decodable {
    var status: LooseText?
    var order: OptionalText?
    var error: OptionalText?
}

struct StoredCardAnswer: Decodable {
    var paymentMethod: LooseText?
    var bankcard: LooseText?

    enum CodingKeys: String, CodingKey {
        case paymentMethod = "payment_method"
        case bankcard
    }
}

struct TerminalAnswer: Decodable {
    var id: LooseText?
    var label: LooseText?

    enum CodingKeys: String, CodingKey {
        case id = "terminal_id"
        case label
    }
}
