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

/// `POST /v1/readers/{reader}/release`: a technician frees a reader that a payment or card set-up has left in an unknown state.
///
/// It names what is expected to hold the reader: one of the two.
public struct ReleaseBody: Sendable, Hashable, Codable {
    public var payment: String?
    public var cardSetup: String?

    public init(payment: String) { self.payment = payment }
    public init(cardSetup: String) { self.cardSetup = cardSetup }

    private init(payment: String?, cardSetup: String?) {
        self.payment = payment
        self.cardSetup = cardSetup
    }

    package static let needsOne = "is required: the payment that is expected to have the reader (or card_setup, one of the two)"

    /// Nil unless one of the two is named.
    package static func of(payment: String?, cardSetup: String?) -> ReleaseBody? {
        (payment == nil) == (cardSetup == nil) ? nil : ReleaseBody(payment: payment, cardSetup: cardSetup)
    }

    enum CodingKeys: String, CodingKey {
        case payment
        case cardSetup = "card_setup"
    }
}

/// `POST /v1/payments/{id}/acknowledge`: a technician has seen to a payment's warnings.
public struct AcknowledgeBody: Sendable, Hashable, Codable {
    /// What was found and done; it is journaled.
    public var note: String
    public init(note: String) { self.note = note }
}

/// `POST /v1/journal/accept-loss`: a technician agrees that the agent goes on without a damaged journal.
public struct AcceptLossBody: Sendable, Hashable, Codable {
    /// The technician's reason; it is journaled.
    public var note: String
    public init(note: String) { self.note = note }
}

/// `POST /v1/connection-tokens`: asks for a token for Stripe's own SDK.
public struct ConnectionTokenBody: Sendable, Hashable, Codable {
    public var cart: String
    public init(cart: String) { self.cart = cart }
}
