import Moments

/// What the checkout sees of a payment's progress (checkout API, section 3).
package enum PaymentState: String, Sendable, Codable, CaseIterable {
    case queued
    case preparing
    case waitingForCard = "waiting_for_card"
    case authorizing
    case finishing
    /// The agent does not know yet what the issuer or the backend did. Only evidence leaves this state.
    case unresolved
    case succeeded
    case declined
    case canceled
    case canceledByCustomer = "canceled_by_customer"
    case timedOut = "timed_out"
    case failed

    /// Whether the state is an end. An ended payment never changes.
    package var isEnd: Bool {
        switch self {
        case .queued, .preparing, .waitingForCard, .authorizing, .finishing, .unresolved: false
        case .succeeded, .declined, .canceled, .canceledByCustomer, .timedOut, .failed: true
        }
    }
}

/// Where the customer's money is.
package enum MoneyState: String, Sendable, Codable {
    case notTaken = "not_taken"
    case taken
    /// The money is held on the customer's card, but the order did not go through.
    case authorized
    /// The agent does not know, from the journaled confirm until evidence comes.
    case unknown
}

/// Why a payment did not take the money (checkout API, section 3).
package enum FailureCode: String, Sendable, Codable {
    case cardDeclined = "card_declined"
    case customerCanceled = "customer_canceled"
    case checkoutCanceled = "checkout_canceled"
    case cardTimeout = "card_timeout"
    case readerLost = "reader_lost"
    case readerError = "reader_error"
    case readerInUse = "reader_in_use"
    case amountMismatch = "amount_mismatch"
    case amountInvalid = "amount_invalid"
    case intentFailed = "intent_failed"
    case orderFailed = "order_failed"
    case cartPaid = "cart_paid"
    /// What became of the cart's intent is not known, and the payment has no confirm of its own yet. Meanwhile no card can be taken for it.
    case cartUnresolved = "cart_unresolved"
    case superseded
    case queueTimeout = "queue_timeout"
    case backendUnavailable = "backend_unavailable"
    case backendUnauthorized = "backend_unauthorized"
    case backendRejected = "backend_rejected"
    case backendInvalidAnswer = "backend_invalid_answer"
    case journalUnavailable = "journal_unavailable"
    case agentRestarted = "agent_restarted"
    case resolvedByTechnician = "resolved_by_technician"
    /// Contactless cards and wallets cannot be kept. Only a card set-up fails so.
    case cardNotSupported = "card_not_supported"
    /// There is no connection token without an open cart. Only a card set-up fails so.
    case noCart = "no_cart"
}

package struct PaymentFailure: Sendable, Equatable, Codable {
    package var code: FailureCode
    /// A message that is fit for a cashier's screen.
    package var message: String
    package var declineCode: String?
    package var remedy: String?
    package var paidBy: PaymentID?
    package var supersededBy: PaymentID?
    /// The payment to wait for, with `cartUnresolved`.
    package var payment: PaymentID?

    package init(
        code: FailureCode, message: String, declineCode: String? = nil, remedy: String? = nil, paidBy: PaymentID? = nil,
        supersededBy: PaymentID? = nil, payment: PaymentID? = nil
    ) {
        self.code = code
        self.message = message
        self.declineCode = declineCode
        self.remedy = remedy
        self.paidBy = paidBy
        self.supersededBy = supersededBy
        self.payment = payment
    }
}

package struct TimelineEntry: Sendable, Equatable, Codable {
    package var state: PaymentState
    package var at: WallTime
    package init(state: PaymentState, at: WallTime) {
        self.state = state
        self.at = at
    }
}

/// The checkout's request for a payment. Requests that are equal by value are the same request.
package struct PaymentRequest: Sendable, Equatable, Codable {
    package var cart: CartID
    package var amount: DecimalAmount
    package var accountBalance: DecimalAmount?
    package var lane: LaneName?
    /// The reader as the checkout named it: by `tmr_` id, serial number or label.
    package var reader: String?
    /// How long the customer may take to present a card, in seconds; nil when the settings decide.
    package var timeoutSeconds: Int?
    package var display: DisplayCart?
    package var tip: TipConfiguration?
    package var afterKeyedEntry: Bool

    package init(
        cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount? = nil, lane: LaneName? = nil, reader: String? = nil,
        timeoutSeconds: Int? = nil, display: DisplayCart? = nil, tip: TipConfiguration? = nil, afterKeyedEntry: Bool = false
    ) {
        self.cart = cart
        self.amount = amount
        self.accountBalance = accountBalance
        self.lane = lane
        self.reader = reader
        self.timeoutSeconds = timeoutSeconds
        self.display = display
        self.tip = tip
        self.afterKeyedEntry = afterKeyedEntry
    }
}

/// Everything that the agent keeps of a payment. It holds no secret, because the journal stores it and the checkout sees it.
package struct PaymentRecord: Sendable, Equatable, Codable {
    package var id: PaymentID
    package var request: PaymentRequest
    package var reader: ReaderID
    package var readerLabel: String?
    package var state: PaymentState
    package var money: MoneyState
    package var currency: Currency?
    /// The amount without the tip, in minor units.
    package var amountMinor: Int64?
    package var tipMinor: Int64
    package var intent: IntentID?
    package var publishableKey: PublishableKey?
    package var order: OrderID?
    package var card: CardSummary?
    /// The amount that Stripe says was authorised or charged, with the tip, in minor units; nil while it is not known. It is never the
    /// amount that was merely asked.
    package var amountChargedMinor: Int64?
    /// What the confirmed intent told for a receipt. This box holds it only at the moment of the intent's answer.
    package var receipt: CardReceipt?
    /// The stored warnings; nil in rows of older versions, which lack the field.
    private var toldWarnings: [PaymentWarning]?
    /// When the agent can say at the earliest that an unresolved payment took nothing; nil while that is not known.
    package var decidesBy: WallTime?
    /// How many times the reader asked for a card.
    package var attempts: Int
    package var failure: PaymentFailure?
    package var cancelRequested: Bool
    /// Whether the reader is leased to this payment. A restart has to free it.
    package var leased: Bool
    /// When "confirming" was journaled. From then on only evidence ends the payment.
    package var confirmingAt: WallTime?
    /// Whether evidence says that the issuer held or moved the money.
    package var authorized: Bool
    package var resolvedBy: String?
    /// Whether a technician said that no card was typed in for the cart, where nothing can read that; nil when no technician did.
    package var isVouchedUnkeyed: Bool?
    package var createdAt: WallTime
    package var updatedAt: WallTime
    package var endedAt: WallTime?
    package var timeline: [TimelineEntry]

    package init(id: PaymentID, request: PaymentRequest, reader: ReaderID, readerLabel: String?, at: WallTime) {
        self.id = id
        self.request = request
        self.reader = reader
        self.readerLabel = readerLabel
        self.state = .queued
        self.money = .notTaken
        self.tipMinor = 0
        self.attempts = 0
        self.cancelRequested = false
        self.leased = false
        self.authorized = false
        self.createdAt = at
        self.updatedAt = at
        self.timeline = [TimelineEntry(state: .queued, at: at)]
    }

    /// The stored fields. Each name keeps its meaning.
    private enum CodingKeys: String, CodingKey {
        case id, request, reader, readerLabel, state, money, currency, amountMinor, tipMinor, intent, publishableKey, order, card
        case amountChargedMinor, receipt, decidesBy, attempts, failure, cancelRequested, leased, confirmingAt, authorized, resolvedBy
        case isVouchedUnkeyed
        case createdAt, updatedAt, endedAt, timeline
        case toldWarnings = "warnings"
    }

    /// What a person should know of the payment, however it ended. A technician acknowledges the warnings.
    package private(set) var warnings: [PaymentWarning] {
        get { toldWarnings ?? [] }
        set { toldWarnings = newValue.isEmpty ? nil : newValue }
    }

    /// Adds a warning. A payment has at most one of each code. Returns false when it had that one already.
    package mutating func warn(_ warning: PaymentWarning) -> Bool {
        guard !warnings.contains(where: { $0.code == warning.code }) else { return false }
        warnings.append(warning)
        return true
    }

    /// Removes the warnings of these codes.
    package mutating func unwarn(_ codes: [PaymentWarning.Code]) { warnings.removeAll { codes.contains($0.code) } }
}
