/// `PUT /v1/carts/{cart}`: a sale has begun.
public struct CartBody: Sendable, Hashable, Codable {
    public var lane: String?
    /// A `tmr_` id, a serial number, or a label that one reader has.
    public var reader: String?

    public init(lane: String? = nil, reader: String? = nil) {
        self.lane = lane
        self.reader = reader
    }
}

/// `POST /v1/intents/payment`: an intent for keyed entry.
public struct IntentBody: Sendable, Hashable, Codable {
    public var cart: String
    public var amount: String
    public var accountBalancePaymentAmount: String?

    public init(cart: String, amount: String, accountBalancePaymentAmount: String? = nil) {
        self.cart = cart
        self.amount = amount
        self.accountBalancePaymentAmount = accountBalancePaymentAmount
    }

    enum CodingKeys: String, CodingKey {
        case cart, amount
        case accountBalancePaymentAmount = "account_balance_payment_amount"
    }
}

/// `POST /v1/intents/setup`: an intent to keep a card that is keyed in.
public struct SetupIntentBody: Sendable, Hashable, Codable {
    public var user: String
    public init(user: String) { self.user = user }
}

/// `POST /v1/connection-tokens`
public struct ConnectionTokenBody: Sendable, Hashable, Codable {
    public var cart: String
    public init(cart: String) { self.cart = cart }
}
