/// The bodies of the backend's calls. Every identifier goes out as a string, as the schema says: a postal code has leading zeros.

struct CartBody: Encodable {
    var cart: String?
}

struct PaymentIntentBody: Encodable {
    var cart: String
    var amount: String
    var accountBalance: String?
    var paymentType: String

    enum CodingKeys: String, CodingKey {
        case cart, amount
        case accountBalance = "account_balance_payment_amount"
        case paymentType = "payment_type"
    }
}

struct SetupIntentBody: Encodable {
    var user: String
    var collectionMethod: String

    enum CodingKeys: String, CodingKey {
        case user
        /// The published API spells it so.
        case collectionMethod = "colletion_method"
    }
}

struct StorePaymentMethodBody: Encodable {
    var partner: String
    var paymentMethod: String
    var postalCode: String
    var user: String
    var name: String?

    enum CodingKeys: String, CodingKey {
        case partner, user, name
        case paymentMethod = "payment_method"
        case postalCode = "postal_code"
    }
}

struct RegisterTerminalBody: Encodable {
    var location: String
    var registrationCode: String
    var label: String

    enum CodingKeys: String, CodingKey {
        case location, label
        case registrationCode = "registration_code"
    }
}

struct LocationBody: Encodable {
    var location: String
}

struct TerminalBody: Encodable {
    var terminalID: String
    var label: String?

    enum CodingKeys: String, CodingKey {
        case terminalID = "terminal_id"
        case label
    }
}
