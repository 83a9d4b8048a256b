import Moments

/// What the checkout sees of a payment's progress (checkout API, section 3).
package enum PaymentState: String, Sendable, Codable, CaseIterable {
    case queued
    case preparing
    case waitingForCard = "waiting_for_card"
    case authorizing
    case finishing
    /// What the issuer or the backend did is not known yet. Only evidence leaves this state.
    case unresolved
    case succeeded
    case declined
    case canceled
    case canceledByCustomer = "canceled_by_customer"
    case timedOut = "timed_out"
    case failed

    /// An ended payment never changes.
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
    /// Held on the customer's card, but the order did not go through.
    case authorized
    /// From the moment that the confirm is journaled until evidence says.
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
    /// Before any confirm of its own: what became of the cart's intent is not known, and a card cannot be taken for it meanwhile.
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
    /// A card set-up only: contactless cards and wallets cannot be kept.
    case cardNotSupported = "card_not_supported"
    /// A card set-up only: no connection token without an open cart.
    case noCart = "no_cart"
}

package struct PaymentFailure: Sendable, Equatable, Codable {
    package var code: FailureCode
    /// Fit for a cashier's screen.
    package var message: String
    package var declineCode: String?
    package var remedy: String?
    package var paidBy: PaymentID?
    package var supersededBy: PaymentID?
    /// Of `cartUnresolved`: the payment to wait for.
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

/// What the checkout asked for. Equal requests (by value) are the same request.
package struct PaymentRequest: Sendable, Equatable, Codable {
    package var cart: CartID
    package var amount: DecimalAmount
    package var accountBalance: DecimalAmount?
    package var lane: LaneName?
    /// As the checkout named it: `tmr_` id, serial number or label.
    package var reader: String?
    /// How long the customer may take to present a card; nil: as the settings say.
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

/// Everything that is kept of a payment. It holds no secret: this is what the journal stores and the checkout is shown.
package struct PaymentRecord: Sendable, Equatable, Codable {
    package var id: PaymentID
    package var request: PaymentRequest
    package var reader: ReaderID
    package var readerLabel: String?
    package var state: PaymentState
    package var money: MoneyState
    package var currency: Currency?
    /// Without the tip.
    package var amountMinor: Int64?
    package var tipMinor: Int64
    package var intent: IntentID?
    package var publishableKey: PublishableKey?
    package var order: OrderID?
    package var card: CardSummary?
    /// What Stripe says was authorised or charged, with the tip; nil while it is not known. Never what was merely asked.
    package var amountChargedMinor: Int64?
    /// What the confirmed intent told for a receipt; its answer is the only moment at which this box holds it.
    package var receipt: CardReceipt?
    /// Nil in rows without one: those of older versions have no such field.
    private var toldWarnings: [PaymentWarning]?
    /// Of an unresolved payment: when it can be said at the earliest that nothing was taken; nil while that is not known.
    package var decidesBy: WallTime?
    /// How many times a card was asked for.
    package var attempts: Int
    package var failure: PaymentFailure?
    package var cancelRequested: Bool
    /// The reader was leased to this payment; what a restart has to free.
    package var leased: Bool
    /// When "confirming" was journaled: from here on only evidence ends the payment.
    package var confirmingAt: WallTime?
    /// Evidence came that the issuer held or moved the money.
    package var authorized: Bool
    package var resolvedBy: String?
    /// A technician has said that nothing was typed in for its cart, where that cannot be read. Absent: nobody has.
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

    /// What is stored. A name that stands here keeps its meaning.
    private enum CodingKeys: String, CodingKey {
        case id, request, reader, readerLabel, state, money, currency, amountMinor, tipMinor, intent, publishableKey, order, card
        case amountChargedMinor, receipt, decidesBy, attempts, failure, cancelRequested, leased, confirmingAt, authorized, resolvedBy
        case isVouchedUnkeyed
        case createdAt, updatedAt, endedAt, timeline
        case toldWarnings = "warnings"
    }

    /// What a person should know of it, ended well or not; a technician takes them off.
    package private(set) var warnings: [PaymentWarning] {
        get { toldWarnings ?? [] }
        set { toldWarnings = newValue.isEmpty ? nil : newValue }
    }

    /// Adds a warning; of one code there is one at most. False: there was one already.
    package mutating func warn(_ warning: PaymentWarning) -> Bool {
        guard !warnings.contains(where: { $0.code == warning.code }) else { return false }
        warnings.append(warning)
        return true
    }

    /// Takes these warnings off.
    package mutating func unwarn(_ codes: [PaymentWarning.Code]) { warnings.removeAll { codes.contains($0.code) } }
}
