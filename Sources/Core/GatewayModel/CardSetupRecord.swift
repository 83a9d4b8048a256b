import Moments

/// What the checkout asked for: a customer's card is to be kept. Equal requests (by value) are the same request.
package struct CardSetupRequest: Sendable, Equatable, Codable {
    /// The backend's user whose card it is.
    package var user: String
    package var partner: String
    package var postalCode: String
    package var name: String?
    package var lane: LaneName?
    /// As the checkout named it: `tmr_` id, serial number or label.
    package var reader: String?
    /// How long the customer may take to present a card; nil: as the settings say.
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

/// Everything that is kept of a card set-up. It holds no secret, and no money: its states are a payment's, but for `unresolved`.
package struct CardSetupRecord: Sendable, Equatable, Codable {
    package var id: CardSetupID
    package var request: CardSetupRequest
    package var reader: ReaderID
    package var readerLabel: String?
    package var state: PaymentState
    /// `seti_…`
    package var setupIntent: String?
    /// `pm_…`, from the moment that the reader has made it.
    package var paymentMethod: String?
    /// The backend's number for the card that it keeps.
    package var bankcard: String?
    package var card: CardSummary?
    package var failure: PaymentFailure?
    package var cancelRequested: Bool
    /// The reader was leased to this set-up; what a restart has to free.
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
