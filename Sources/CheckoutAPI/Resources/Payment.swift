/// A payment: one attempt to be paid, under an id that the checkout chose. Once it has ended it never changes.
public struct Payment: Sendable, Hashable, Codable {
    public var id: String
    public var cart: String
    /// In the major unit, as the checkout wrote it.
    public var amount: String
    public var accountBalancePaymentAmount: String?
    /// Three letters, lower case; nil until the backend's intent says it.
    public var currency: String?
    /// Without the tip.
    public var amountMinor: Int64?
    public var tipMinor: Int64
    public var lane: String?
    /// `tmr_…`
    public var reader: String?
    public var readerLabel: String?
    public var state: State
    public var money: Money
    /// The backend's order, once the cart is submitted.
    public var order: String?
    /// `pi_…`
    public var paymentIntent: String?
    /// Nil for a caller who may only monitor.
    public var card: Card?
    /// How many times a card was asked for.
    public var attempts: Int
    public var failure: Failure?
    public var cancelRequested: Bool
    /// The technician who resolved it by hand; absent otherwise.
    public var resolvedBy: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var endedAt: Timestamp?
    public var timeline: [TimelineEntry]

    public init(
        id: String, cart: String, amount: String, accountBalancePaymentAmount: String? = nil, currency: String? = nil,
        amountMinor: Int64? = nil, tipMinor: Int64 = 0, lane: String? = nil, reader: String? = nil, readerLabel: String? = nil,
        state: State, money: Money, order: String? = nil, paymentIntent: String? = nil, card: Card? = nil, attempts: Int = 0,
        failure: Failure? = nil, cancelRequested: Bool = false, resolvedBy: String? = nil, createdAt: Timestamp, updatedAt: Timestamp,
        endedAt: Timestamp? = nil, timeline: [TimelineEntry]
    ) {
        self.id = id
        self.cart = cart
        self.amount = amount
        self.accountBalancePaymentAmount = accountBalancePaymentAmount
        self.currency = currency
        self.amountMinor = amountMinor
        self.tipMinor = tipMinor
        self.lane = lane
        self.reader = reader
        self.readerLabel = readerLabel
        self.state = state
        self.money = money
        self.order = order
        self.paymentIntent = paymentIntent
        self.card = card
        self.attempts = attempts
        self.failure = failure
        self.cancelRequested = cancelRequested
        self.resolvedBy = resolvedBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
        self.timeline = timeline
    }

    enum CodingKeys: String, CodingKey {
        case id, cart, amount, currency, lane, reader, state, money, order, card, attempts, failure, timeline
        case accountBalancePaymentAmount = "account_balance_payment_amount"
        case amountMinor = "amount_minor"
        case tipMinor = "tip_minor"
        case readerLabel = "reader_label"
        case paymentIntent = "payment_intent"
        case cancelRequested = "cancel_requested"
        case resolvedBy = "resolved_by"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case endedAt = "ended_at"
    }

    /// Every field is written, `null` when empty; only `resolved_by` is left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(cart, forKey: .cart)
        try container.encode(amount, forKey: .amount)
        try container.encode(accountBalancePaymentAmount, forKey: .accountBalancePaymentAmount)
        try container.encode(currency, forKey: .currency)
        try container.encode(amountMinor, forKey: .amountMinor)
        try container.encode(tipMinor, forKey: .tipMinor)
        try container.encode(lane, forKey: .lane)
        try container.encode(reader, forKey: .reader)
        try container.encode(readerLabel, forKey: .readerLabel)
        try container.encode(state, forKey: .state)
        try container.encode(money, forKey: .money)
        try container.encode(order, forKey: .order)
        try container.encode(paymentIntent, forKey: .paymentIntent)
        try container.encode(card, forKey: .card)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(failure, forKey: .failure)
        try container.encode(cancelRequested, forKey: .cancelRequested)
        try container.encodeIfPresent(resolvedBy, forKey: .resolvedBy)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(updatedAt, forKey: .updatedAt)
        try container.encode(endedAt, forKey: .endedAt)
        try container.encode(timeline, forKey: .timeline)
    }
}

/// Payments, newest first.
public struct PaymentList: Sendable, Hashable, Codable {
    public var payments: [Payment]
    /// What to give as `before` for the next page; absent on the last.
    public var next: String?

    public init(payments: [Payment], next: String? = nil) {
        self.payments = payments
        self.next = next
    }
}
