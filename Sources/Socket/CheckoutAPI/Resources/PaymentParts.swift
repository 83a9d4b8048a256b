extension Payment {
    /// Where a payment stands.
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case queued
        case preparing
        case waitingForCard = "waiting_for_card"
        case authorizing
        case finishing
        /// What the issuer or the backend did is not known yet. The agent keeps finding out.
        case unresolved
        case succeeded
        case declined
        case canceled
        case canceledByCustomer = "canceled_by_customer"
        case timedOut = "timed_out"
        case failed

        /// A payment in such a state never changes again.
        public var isEnd: Bool {
            switch self {
            case .queued, .preparing, .waitingForCard, .authorizing, .finishing, .unresolved: false
            case .succeeded, .declined, .canceled, .canceledByCustomer, .timedOut, .failed: true
            }
        }
    }

    /// Where the customer's money is: what the cashier needs to know.
    public enum Money: String, Sendable, Hashable, Codable, CaseIterable {
        case notTaken = "not_taken"
        case taken
        /// Held on the customer's card, but the order did not go through.
        case authorized
        /// Nobody can say yet. An ended payment never says this.
        case unknown
    }

    /// What may be told of a card; each part may be withheld by the reader.
    public struct Card: Sendable, Hashable, Codable {
        public var brand: String?
        public var last4: String?
        /// How it was read (`contactless`, …).
        public var entry: String?

        public init(brand: String?, last4: String?, entry: String?) {
            self.brand = brand
            self.last4 = last4
            self.entry = entry
        }

        enum CodingKeys: String, CodingKey { case brand, last4, entry }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(brand, forKey: .brand)
            try container.encode(last4, forKey: .last4)
            try container.encode(entry, forKey: .entry)
        }
    }

    /// A state, and when it began.
    public struct TimelineEntry: Sendable, Hashable, Codable {
        public var state: State
        public var at: Timestamp

        public init(state: State, at: Timestamp) {
            self.state = state
            self.at = at
        }
    }

    /// Why the payment did not take the money.
    public struct Failure: Sendable, Hashable, Codable {
        public var code: FailureCode
        /// A sentence that is fit for a cashier's screen.
        public var message: String
        public var declineCode: String?
        public var remedy: String?
        /// The payment that paid the cart, with `cart_paid`.
        public var paidBy: String?
        /// The payment that took the money instead, with `superseded`.
        public var supersededBy: String?
        /// The payment to wait for, with `cart_unresolved`.
        public var payment: String?

        public init(
            code: FailureCode, message: String, declineCode: String? = nil, remedy: String? = nil, paidBy: String? = nil,
            supersededBy: String? = nil, payment: String? = nil
        ) {
            self.code = code
            self.message = message
            self.declineCode = declineCode
            self.remedy = remedy
            self.paidBy = paidBy
            self.supersededBy = supersededBy
            self.payment = payment
        }

        enum CodingKeys: String, CodingKey {
            case code, message, remedy, payment
            case declineCode = "decline_code"
            case paidBy = "paid_by"
            case supersededBy = "superseded_by"
        }
    }

    /// Why a payment took no money. Decide by this; show the message.
    public struct FailureCode: OpenWord {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let cardDeclined: Self = "card_declined"
        public static let customerCanceled: Self = "customer_canceled"
        public static let checkoutCanceled: Self = "checkout_canceled"
        public static let cardTimeout: Self = "card_timeout"
        public static let readerLost: Self = "reader_lost"
        public static let readerError: Self = "reader_error"
        public static let readerInUse: Self = "reader_in_use"
        public static let amountMismatch: Self = "amount_mismatch"
        public static let amountInvalid: Self = "amount_invalid"
        public static let intentFailed: Self = "intent_failed"
        public static let orderFailed: Self = "order_failed"
        public static let cartPaid: Self = "cart_paid"
        public static let cartUnresolved: Self = "cart_unresolved"
        public static let superseded: Self = "superseded"
        public static let queueTimeout: Self = "queue_timeout"
        public static let backendUnavailable: Self = "backend_unavailable"
        public static let backendUnauthorized: Self = "backend_unauthorized"
        public static let backendRejected: Self = "backend_rejected"
        public static let backendInvalidAnswer: Self = "backend_invalid_answer"
        public static let journalUnavailable: Self = "journal_unavailable"
        public static let agentRestarted: Self = "agent_restarted"
        public static let resolvedByTechnician: Self = "resolved_by_technician"
        /// A card set-up only: contactless cards and wallets cannot be kept.
        public static let cardNotSupported: Self = "card_not_supported"
        /// A card set-up only: no connection token without an open cart.
        public static let noCart: Self = "no_cart"

        /// The codes of this version, in the contract's order.
        package static let known: [Self] = [
            cardDeclined, customerCanceled, checkoutCanceled, cardTimeout, readerLost, readerError, readerInUse, amountMismatch,
            amountInvalid, intentFailed, orderFailed, cartPaid, cartUnresolved, superseded, queueTimeout, backendUnavailable,
            backendUnauthorized,
            backendRejected, backendInvalidAnswer, journalUnavailable, agentRestarted, resolvedByTechnician,
            cardNotSupported, noCart,
        ]
    }
}
