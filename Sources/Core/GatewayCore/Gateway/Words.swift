import GatewayModel
import Moments

/// What the whole middle is asked and told, and what it asks for: the interface between the decisions and everything that does something.

package struct CallID: Sendable, Hashable {
    package let value: UInt64
    package init(_ value: UInt64) { self.value = value }
}

/// Something to be done outside, with exactly one answer.
package enum Call: Sendable, Equatable {
    case configuration(CartID)
    case connectionToken(CartID)
    case paymentIntent(CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, type: PaymentType)
    case paymentStatus(CartID)
    /// Names a card that a reader will read (`terminal`).
    case setupIntent(user: String)
    case storeCard(CardSetupRequest, paymentMethod: String)
    /// The backend's list of the location's readers.
    case backendReaders
    case stripeReaders(ConnectionToken)
    /// The backend's list of a location's readers, read for a change of it; nil: the location of the settings. Answered as `backendReaders`.
    case terminals(location: String?)
    case registerTerminal(location: String?, RegistrationCode, label: String)
    case updateTerminal(ReaderID, label: String)
    case deregisterTerminal(ReaderID)
    case readIntent(IntentID, PublishableKey, ClientSecret)
    case reader(ReaderID, ReaderRoute, ReaderCommand, session: SessionToken?)
    /// One transaction: all of it is on disk when it is answered, or none of it.
    case append([JournalEntry])
    /// The box's own networks, and whom it has spoken with in them.
    case networks
    /// Look at addresses for certificates of readers. Nothing is said there but the beginning of a handshake.
    case lookAtLAN(LANLook)
    /// Enumerate USB now.
    case lookAtUSB
}

extension Call {
    /// Goes to the backend, whose silence opens the circuit breaker.
    var isForBackend: Bool {
        switch self {
        case .configuration, .connectionToken, .paymentIntent, .paymentStatus, .setupIntent, .storeCard, .backendReaders,
            .terminals, .registerTerminal, .updateTerminal, .deregisterTerminal:
            true
        case .stripeReaders, .readIntent, .reader, .append, .networks, .lookAtLAN, .lookAtUSB: false
        }
    }
}

package enum Answer: Sendable, Equatable {
    case configuration(Result<BackendConfiguration, CallFailure>)
    case connectionToken(Result<ConnectionToken, CallFailure>)
    case paymentIntent(Result<BackendIntent, CallFailure>)
    case paymentStatus(Result<CartStatus, CallFailure>)
    case setupIntent(Result<BackendSetupIntent, CallFailure>)
    case storedCard(Result<StoredCard, CallFailure>)
    case backendReaders(Result<[BackendReader], CallFailure>)
    case stripeReaders(Result<StripeReaderList, CallFailure>)
    /// Of `registerTerminal`, `updateTerminal` and `deregisterTerminal`, which answer nothing but that it was done.
    case terminalChanged(Result<Void, CallFailure>)
    case intent(Result<IntentFacts, CallFailure>)
    case reader(Result<ReaderReply, ReaderFailure>)
    case append(Result<Void, JournalTrouble>)
    case networks(Result<NetworkFacts, LookTrouble>)
    case lookedAtLAN(LANFindings)
    case lookedAtUSB(Result<[USBSighting], LookTrouble>)

    package static func == (left: Answer, right: Answer) -> Bool {
        switch left {
        case .configuration(let a): if case .configuration(let b) = right { a == b } else { false }
        case .connectionToken(let a): if case .connectionToken(let b) = right { a == b } else { false }
        case .paymentIntent(let a): if case .paymentIntent(let b) = right { a == b } else { false }
        case .paymentStatus(let a): if case .paymentStatus(let b) = right { a == b } else { false }
        case .setupIntent(let a): if case .setupIntent(let b) = right { a == b } else { false }
        case .storedCard(let a): if case .storedCard(let b) = right { a == b } else { false }
        case .backendReaders(let a): if case .backendReaders(let b) = right { a == b } else { false }
        case .stripeReaders(let a): if case .stripeReaders(let b) = right { a == b } else { false }
        case .intent(let a): if case .intent(let b) = right { a == b } else { false }
        case .reader(let a): if case .reader(let b) = right { a == b } else { false }
        case .networks(let a): if case .networks(let b) = right { a == b } else { false }
        case .lookedAtLAN(let a): if case .lookedAtLAN(let b) = right { a == b } else { false }
        case .lookedAtUSB(let a): if case .lookedAtUSB(let b) = right { a == b } else { false }
        case .terminalChanged(.success): if case .terminalChanged(.success) = right { true } else { false }
        case .terminalChanged(.failure(let a)): if case .terminalChanged(.failure(let b)) = right { a == b } else { false }
        case .append(.success): if case .append(.success) = right { true } else { false }
        case .append(.failure(let a)): if case .append(.failure(let b)) = right { a == b } else { false }
        }
    }
}

/// Nothing was written.
package struct JournalTrouble: Error, Sendable, Equatable {
    package var detail: String
    /// What to do where it is something else than to make room.
    package var remedy: String?
    package init(detail: String, remedy: String? = nil) {
        self.detail = detail
        self.remedy = remedy
    }
}

/// What the journal knew when a request came in; used where memory knows nothing.
package struct Recall: Sendable {
    package var payment: PaymentRecord?
    package var cart: CartFacts?
    package var cardSetup: CardSetupRecord?
    package init(payment: PaymentRecord? = nil, cart: CartFacts? = nil, cardSetup: CardSetupRecord? = nil) {
        self.payment = payment
        self.cart = cart
        self.cardSetup = cardSetup
    }
}

// Its cases are large, and it is handed on often: it lives in a box.
package indirect enum Request: Sendable {
    /// `isTechnician`: who asks may say of keyed entry that nothing was typed in, where nobody can read that.
    case pay(PaymentID, PaymentRequest, Recall, isTechnician: Bool = false)
    case cancel(PaymentID, Recall)
    case keepCard(CardSetupID, CardSetupRequest, Recall)
    case cancelCardSetup(CardSetupID, Recall)
    /// A technician has seen to a payment's warnings: they are taken off.
    case acknowledge(PaymentID, by: String, note: String, Recall)
    case resolve(PaymentID, paid: Bool, order: OrderID?, by: String, note: String, Recall)
    case openCart(CartID, lane: LaneName?, reader: String?, Recall)
    case display(CartID, DisplayCart)
    case closeCart(CartID)
    case cartStatus(CartID)
    case configuration(CartID)
    case connectionToken(CartID)
    /// An intent for keyed entry: the checkout takes the card's number itself.
    case keyedIntent(CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, Recall)
    /// A technician frees a reader that this payment or card set-up is expected to have left in an unknown state.
    case release(String, LeaseHolder, by: String, Recall)
    /// A technician agrees that the agent goes on without the journals that were set aside.
    case acceptLoss(by: String, note: String)
    /// `refresh`: ask the backend, and Stripe if a token is at hand, before answering.
    case readers(refresh: Bool)
    /// A change of the location's readers at the backend. Readers are named as everywhere: by id, serial number or label.
    case register(RegistrationCode, label: String, location: String?)
    case relabel(String, label: String)
    case deregister(String)
    /// Show the reader's label on its own display for some seconds.
    case identify(String)
    /// `takeOver`: also from another point of sale; a technician's explicit choice.
    case connect(String, cart: CartID?, takeOver: Bool)
    case disconnect(String)
    /// A technician tries a reader out, one act at a time, with a cart's token; none of them can move money.
    case tryOut(String, TrialAct, cart: CartID)
    /// Look for devices now.
    case discover(DiscoveryOrder)
}

/// What a technician may have a reader do, beside what connects it and what pays.
package enum TrialAct: Sendable, Equatable {
    /// Stripe's list is read for where it is.
    case locate
    case heartbeat
    /// A cart that costs nothing is shown, and taken off.
    case display, clear
}

package indirect enum Response: Sendable, Equatable {
    case payment(PaymentRecord, created: Bool)
    case cardSetup(CardSetupRecord, created: Bool)
    case cart(CartView)
    case done
    case cartStatus(CartStatus)
    case configuration(BackendConfiguration)
    case connectionToken(ConnectionToken)
    case intent(BackendIntent)
    case readers
    /// This reader as it is now; the label is what the backend's list says.
    case reader(ReaderID, label: String?)
    /// The end of `discover`; what it found came before it.
    case discovered(LookSummary)
    case refused(Refusal)
}

package enum Event: Sendable {
    /// The journal was read.
    /// `resolved`: payments that a technician resolved and of which the backend may yet say otherwise (``StoredFacts/watchedResolutions(_:)``).
    /// `warned`: payments with warnings, ended or not.
    case start(
        open: [PaymentRecord], carts: [CartFacts], facts: [String: String], cardSetups: [CardSetupRecord] = [],
        resolved: [PaymentRecord] = [], warned: [PaymentRecord] = [])
    case request(RequestID, Request)
    /// Who asked has gone.
    case forget(RequestID)
    case answer(CallID, Answer)
    case tick
    /// The backend's credential is another than the one that was refused.
    case credentialChanged
    case policy(GatewayPolicy)
    /// What is on USB, or was seen on the LAN.
    case devices(DeviceNews)
    /// The agent is about to stop: no new work, and nothing left on a reader that can be taken off it.
    case stopping
}

package enum Action: Sendable, Equatable {
    /// `timeout` in milliseconds; `trace` names the call from end to end.
    case call(CallID, Call, timeout: Int64, trace: String)
    case respond(RequestID, Response)
    /// A request has waited, and what the journal knew when it came may be old: it is to be asked again, with what the journal knows now.
    case recall(RequestID)
    /// A payment changed, and the change could not be journaled yet: show it all the same.
    indirect case publish(PaymentRecord)
    indirect case publishCardSetup(CardSetupRecord)
    case readerChanged(ReaderID)
    indirect case deviceChanged(DeviceChange, DeviceView)
    /// Whoever follows the agent's events is told.
    case notice(AgentNotice)
    /// What `discover` has come to so far.
    case lookNews(RequestID, LookNews)
    /// The looks at the LAN that are under way are given up; each is answered with what it came to.
    case stopLooking
    case log(LogLevel, String, subject: LogSubject)
}

/// News of the agent itself, for whoever follows it.
package struct AgentNotice: Sendable, Equatable {
    /// What programs decide by.
    package var code: String
    package var message: String
    package var remedy: String?
    package var payment: PaymentID?

    package init(code: String, message: String, remedy: String? = nil, payment: PaymentID? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.payment = payment
    }
}

package enum LogLevel: Sendable, Equatable { case debug, info, notice, warning, error }

package enum LogSubject: Sendable, Equatable {
    case agent
    case payment(PaymentID)
    case reader(ReaderID)
    case cart(CartID)
}

/// A request that was not carried out; the checkout API's error codes.
package struct Refusal: Error, Sendable, Equatable {
    package enum Code: String, Sendable {
        case paymentNotFound = "payment_not_found"
        case notFound = "not_found"
        case readerNotFound = "reader_not_found"
        case cartNotFound = "cart_not_found"
        case cartBusy = "cart_busy"
        case cartPaid = "cart_paid"
        case cartHeld = "cart_held"
        case readerBusy = "reader_busy"
        case leaseChanged = "lease_changed"
        case alreadyEnded = "already_ended"
        case notUnresolved = "not_unresolved"
        case noCart = "no_cart"
        case invalidRequest = "invalid_request"
        case paymentIDReused = "payment_id_reused"
        case labelInUse = "label_in_use"
        case noReader = "no_reader"
        case backendRejected = "backend_rejected"
        case registrationFailed = "registration_failed"
        case queueFull = "queue_full"
        case overloaded
        case backendUnauthorized = "backend_unauthorized"
        case backendForbidden = "backend_forbidden"
        case backendInvalidAnswer = "backend_invalid_answer"
        case readerUnavailable = "reader_unavailable"
        case backendUnavailable = "backend_unavailable"
        case journalUnavailable = "journal_unavailable"
        case shuttingDown = "shutting_down"
    }

    package var code: Code
    package var detail: String
    package var remedy: String?
    package var payment: PaymentID?
    package var order: OrderID?
    package var readerState: ReaderState?
    package var candidates: [ReaderID]
    /// The field that is wrong, for `invalidRequest`.
    package var field: String?

    package init(
        _ code: Code, _ detail: String, remedy: String? = nil, payment: PaymentID? = nil, order: OrderID? = nil,
        readerState: ReaderState? = nil, candidates: [ReaderID] = [], field: String? = nil
    ) {
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.payment = payment
        self.order = order
        self.readerState = readerState
        self.candidates = candidates
        self.field = field
    }

    package static func from(_ failure: CallFailure) -> Refusal {
        let code: Code =
            switch failure {
            case .unauthorized: .backendUnauthorized
            case .forbidden: .backendForbidden
            case .rejected: .backendRejected
            case .invalidAnswer: .backendInvalidAnswer
            case .unavailable: .backendUnavailable
            case .overloaded: .overloaded
            }
        return Refusal(code, failure.backendCause, remedy: failure.backendRemedy)
    }

    /// A reader's name leads nowhere for now: Stripe's list, which tells it, cannot be read.
    package static func unknownReader(_ failure: CallFailure) -> Refusal {
        Refusal(
            .readerUnavailable, "Which reader is meant is told by Stripe's list, and that cannot be read: \(failure.detail)",
            remedy: "\(failure.stripeRemedy) A reader that is named by its id (tmr_…) needs no list.")
    }
}

/// A reader's state as the checkout API names it.
package enum ReaderState: String, Sendable {
    case ready, busy, idle, connecting
    /// Nobody has asked it since the start.
    case unknown
    case inUseElsewhere = "in_use_elsewhere"
    case unreachable, offline, unregistered
    case notDriveable = "not_driveable"
}

package struct CartView: Sendable, Equatable {
    package var cart: CartID
    package var lane: LaneName?
    package var reader: ReaderID?
    package var readerState: ReaderState?
    /// Why it has none.
    package var noReader: Refusal?
    package var hasConfiguration: Bool
    package var hasToken: Bool
    package var hasSession: Bool
    package var currency: Currency?
    package var openedAt: WallTime
}

package struct ReaderView: Sendable, Equatable {
    package var facts: ReaderFacts
    package var state: ReaderState
    package var trouble: ReaderTrouble?
    /// Whether it has answered somebody since the start; nil: nobody has asked.
    package var isThere: Bool?
    package var lane: LaneName?
    package var payment: PaymentID?
    package var lastSeenAt: WallTime?
    package var sessionSince: WallTime?
    package var livemode: Bool?
    /// Reached over its own USB link.
    package var isOverUSB: Bool
    /// What the settings say that it is to be called.
    package var declaredLabel: String?
}
