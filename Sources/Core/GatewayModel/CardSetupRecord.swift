import Moments

/// The checkout's request to keep a customer's card. Requests that are equal by value are the same request.
package struct CardSetupRequest: Sendable, Equatable, Codable {
    /// The backend's user who owns the card.
    package var user: String
    package var partner: String
    package var postalCode: String
    package var name: String?
    package var lane: LaneName?
    /// The reader as the checkout named it: by `tmr_` id, serial number or label.
    package var reader: String?
    /// How long the customer may take to present a card, in seconds; nil when the settings decide.
    package var timeoutSeconds: Int?

    package init(
        user: String, partner: String, postalCode: String, name: String? = nil, lane: LaneName? = nil, reader: String? = nil,
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
}

/// Everything that the agent keeps of a card set-up. It holds no secret and no money. Its states are those of a payment without
/// `unresolved`.
package struct CardSetupRecord: Sendable, Equatable, Codable {
    package var id: CardSetupID
    package var request: CardSetupRequest
    package var reader: ReaderID
    package var readerLabel: String?
    package var state: PaymentState
    /// Stripe's id of the setup intent (`seti_…`).
    package var setupIntent: String?
    /// Stripe's id of the PaymentMethod (`pm_…`), from the moment when the reader has made it.
    package var paymentMethod: String?
    /// The backend's number for the kept card.
    package var bankcard: String?
    package var card: CardSummary?
    package var failure: PaymentFailure?
    package var cancelRequested: Bool
    /// Whether the reader is leased to this set-up. A restart has to free it.
    package var leased: Bool
    package var createdAt: WallTime
    package var updatedAt: WallTime
    package var endedAt: WallTime?
    package var timeline: [TimelineEntry]

    package init(id: CardSetupID, request: CardSetupRequest, reader: ReaderID, readerLabel: String?, at: WallTime) {
        self.id = id
        self.request = request
        self.reader = reader
        self.readerLabel = readerLabel
        self.state = .queued
        self.cancelRequested = false
        self.leased = false
        self.createdAt = at
        self.updatedAt = at
        self.timeline = [TimelineEntry(state: .queued, at: at)]
    }
}
