/// A card that is to be kept for a customer, read by a reader: one attempt, under an id that the checkout chose. Once it has ended it never
/// changes. No money moves in it.
public struct CardSetup: Sendable, Hashable, Codable {
    public var id: String
    /// The backend's user.
    public var user: String
    public var lane: String?
    /// The reader's id (`tmr_…`).
    public var reader: String?
    public var readerLabel: String?
    /// A payment's states; never `unresolved`.
    public var state: Payment.State
    /// Stripe's SetupIntent (`seti_…`).
    public var setupIntent: String?
    /// Stripe's PaymentMethod (`pm_…`), as soon as the reader has made it. It is there even when storing it failed, so that `POST
    /// /v1/bankcards` can be tried.
    public var paymentMethod: String?
    /// The backend's number for the stored card.
    public var bankcard: String?
    public var card: Payment.Card?
    public var failure: Payment.Failure?
    public var cancelRequested: Bool
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var endedAt: Timestamp?
    public var timeline: [Payment.TimelineEntry]

    public init(
        id: String, user: String, lane: String? = nil, reader: String? = nil, readerLabel: String? = nil, state: Payment.State,
        setupIntent: String? = nil, paymentMethod: String? = nil, bankcard: String? = nil, card: Payment.Card? = nil,
        failure: Payment.Failure? = nil, cancelRequested: Bool = false, createdAt: Timestamp, updatedAt: Timestamp,
        endedAt: Timestamp? = nil, timeline: [Payment.TimelineEntry]
    ) {
        self.id = id
        self.user = user
        self.lane = lane
        self.reader = reader
        self.readerLabel = readerLabel
        self.state = state
        self.setupIntent = setupIntent
        self.paymentMethod = paymentMethod
        self.bankcard = bankcard
        self.card = card
        self.failure = failure
        self.cancelRequested = cancelRequested
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
        self.timeline = timeline
    }

    enum CodingKeys: String, CodingKey {
        case id, user, lane, reader, state, bankcard, card, failure, timeline
        case readerLabel = "reader_label"
        case setupIntent = "setup_intent"
        case paymentMethod = "payment_method"
        case cancelRequested = "cancel_requested"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case endedAt = "ended_at"
    }

    /// Every field is written, `null` when empty.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(user, forKey: .user)
        try container.encode(lane, forKey: .lane)
        try container.encode(reader, forKey: .reader)
        try container.encode(readerLabel, forKey: .readerLabel)
        try container.encode(state, forKey: .state)
        try container.encode(setupIntent, forKey: .setupIntent)
        try container.encode(paymentMethod, forKey: .paymentMethod)
        try container.encode(bankcard, forKey: .bankcard)
        try container.encode(card, forKey: .card)
        try container.encode(failure, forKey: .failure)
        try container.encode(cancelRequested, forKey: .cancelRequested)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(updatedAt, forKey: .updatedAt)
        try container.encode(endedAt, forKey: .endedAt)
        try container.encode(timeline, forKey: .timeline)
    }
}

/// The answer to `POST /v1/bankcards`: the card is stored.
public struct Bankcard: Sendable, Hashable, Codable {
    /// Stripe's id of the card (`pm_…`).
    public var paymentMethod: String
    /// The backend's number for it.
    public var bankcard: String

    public init(paymentMethod: String, bankcard: String) {
        self.paymentMethod = paymentMethod
        self.bankcard = bankcard
    }

    enum CodingKeys: String, CodingKey {
        case bankcard
        case paymentMethod = "payment_method"
    }
}
