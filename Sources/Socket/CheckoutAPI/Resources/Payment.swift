/// A payment: one attempt to be paid, under an id that the checkout chose. Once it has ended it never changes, but for its warnings.
public struct Payment: Sendable, Hashable, Codable {
    public var id: String
    public var cart: String
    /// The amount in the major unit, as the checkout wrote it.
    public var amount: String
    public var accountBalancePaymentAmount: String?
    /// The currency in three letters, lower case; nil until the backend's intent says it.
    public var currency: String?
    /// The amount in minor units, without the tip.
    public var amountMinor: Int64?
    public var tipMinor: Int64
    public var lane: String?
    /// The reader's id (`tmr_…`).
    public var reader: String?
    public var readerLabel: String?
    public var state: State
    public var money: Money
    /// The backend's order, once the cart is submitted.
    public var order: String?
    /// Stripe's PaymentIntent (`pi_…`).
    public var paymentIntent: String?
    /// What Stripe says was authorised or charged, with the tip; nil while it is not known. Never what was merely asked.
    public var amountChargedMinor: Int64?
    /// The card; nil for a caller who may only monitor.
    public var card: Card?
    /// What a receipt must or may bear; nil where nothing was told, and for a caller who may only monitor.
    public var receipt: Receipt?
    /// What a person should know of it, ended well or not. A technician takes them off.
    public var warnings: [Warning]
    /// When it can be said at the earliest that an unresolved payment took nothing; nil while that is not known.
    public var decidesBy: Timestamp?
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
        state: State, money: Money, order: String? = nil, paymentIntent: String? = nil, amountChargedMinor: Int64? = nil,
        card: Card? = nil, receipt: Receipt? = nil, warnings: [Warning] = [], decidesBy: Timestamp? = nil, attempts: Int = 0,
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
        self.amountChargedMinor = amountChargedMinor
        self.card = card
        self.receipt = receipt
        self.warnings = warnings
        self.decidesBy = decidesBy
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
        case id, cart, amount, currency, lane, reader, state, money, order, card, receipt, warnings, attempts, failure, timeline
        case amountChargedMinor = "amount_charged_minor"
        case decidesBy = "decides_by"
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

    /// An older agent's payment has no warnings.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        cart = try values.decode(String.self, forKey: .cart)
        amount = try values.decode(String.self, forKey: .amount)
        accountBalancePaymentAmount = try values.decodeIfPresent(String.self, forKey: .accountBalancePaymentAmount)
        currency = try values.decodeIfPresent(String.self, forKey: .currency)
        amountMinor = try values.decodeIfPresent(Int64.self, forKey: .amountMinor)
        tipMinor = try values.decode(Int64.self, forKey: .tipMinor)
        lane = try values.decodeIfPresent(String.self, forKey: .lane)
        reader = try values.decodeIfPresent(String.self, forKey: .reader)
        readerLabel = try values.decodeIfPresent(String.self, forKey: .readerLabel)
        state = try values.decode(State.self, forKey: .state)
        money = try values.decode(Money.self, forKey: .money)
        order = try values.decodeIfPresent(String.self, forKey: .order)
        paymentIntent = try values.decodeIfPresent(String.self, forKey: .paymentIntent)
        amountChargedMinor = try values.decodeIfPresent(Int64.self, forKey: .amountChargedMinor)
        card = try values.decodeIfPresent(Card.self, forKey: .card)
        receipt = try values.decodeIfPresent(Receipt.self, forKey: .receipt)
        warnings = try values.decodeIfPresent([Warning].self, forKey: .warnings) ?? []
        decidesBy = try values.decodeIfPresent(Timestamp.self, forKey: .decidesBy)
        attempts = try values.decode(Int.self, forKey: .attempts)
        failure = try values.decodeIfPresent(Failure.self, forKey: .failure)
        cancelRequested = try values.decode(Bool.self, forKey: .cancelRequested)
        resolvedBy = try values.decodeIfPresent(String.self, forKey: .resolvedBy)
        createdAt = try values.decode(Timestamp.self, forKey: .createdAt)
        updatedAt = try values.decode(Timestamp.self, forKey: .updatedAt)
        endedAt = try values.decodeIfPresent(Timestamp.self, forKey: .endedAt)
        timeline = try values.decode([TimelineEntry].self, forKey: .timeline)
    }

    /// The payment as a caller may see it who may only monitor: without what is known of the card.
    package var forMonitor: Payment {
        var payment = self
        payment.card = nil
        payment.receipt = nil
        return payment
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
        try container.encode(amountChargedMinor, forKey: .amountChargedMinor)
        try container.encode(card, forKey: .card)
        try container.encode(receipt, forKey: .receipt)
        try container.encode(warnings, forKey: .warnings)
        try container.encode(decidesBy, forKey: .decidesBy)
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
