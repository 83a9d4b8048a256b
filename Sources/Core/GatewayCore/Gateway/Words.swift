import GatewayModel
import Moments

/// This file is the interface between the decisions and the parts that act: what the middle is asked and told, and what it asks for.

package struct CallID: Sendable, Hashable {
    package let value: UInt64
    package init(_ value: UInt64) { self.value = value }
}

// Calls, answers, events and actions are handed on often. Where one case is much larger than the others, it is boxed.

/// An act to be done outside the middle, with exactly one answer.
package enum Call: Sendable, Equatable {
    case configuration(CartID)
    case connectionToken(CartID)
    case paymentIntent(CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, type: PaymentType)
    case paymentStatus(CartID)
    /// Makes the setup intent for a card that a reader will read (`terminal`).
    case setupIntent(user: String)
    indirect case storeCard(CardSetupRequest, paymentMethod: String)
    /// Reads the backend's list of the location's readers.
    case backendReaders
    case stripeReaders(ConnectionToken)
    /// Reads the backend's list of a location's readers, for a change of it; nil means the location of the settings. The answer is
    /// `backendReaders`.
    case terminals(location: String?)
    case registerTerminal(location: String?, RegistrationCode, label: String)
    case updateTerminal(ReaderID, label: String)
    case deregisterTerminal(ReaderID)
    case readIntent(IntentID, PublishableKey, ClientSecret)
    indirect case reader(ReaderID, ReaderRoute, ReaderCommand, session: SessionToken?)
    /// Appends one transaction. When the answer comes, all of it is on disk or none of it.
    case append([JournalEntry])
    /// Reads the box's own networks and its neighbours in them.
    case networks
    /// Scans addresses for certificates of readers. The edge sends nothing there but the beginning of a handshake.
    case lookAtLAN(LANLook)
    /// Enumerates USB now.
    case lookAtUSB
}

extension Call {
    /// Whether the call goes to the backend, whose silence opens the circuit breaker.
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
    /// The answer to `registerTerminal`, `updateTerminal` and `deregisterTerminal`, which tell only that the change was done.
    case terminalChanged(Result<Void, CallFailure>)
    indirect case intent(Result<IntentFacts, CallFailure>)
    indirect case reader(Result<ReaderReply, ReaderFailure>)
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

/// The trouble of a journal that wrote nothing.
package struct JournalTrouble: Error, Sendable, Equatable {
    package var detail: String
    /// What a person can do when making room is not the remedy.
    package var remedy: String?
    package init(detail: String, remedy: String? = nil) {
        self.detail = detail
        self.remedy = remedy
    }
}

/// What the journal knew when a request came in. The machine uses it where memory knows nothing.
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

// The cases are large, and the value is handed on often, so it is boxed.
package indirect enum Request: Sendable {
    /// Takes a payment. `isTechnician` tells that the caller may vouch that no card was typed in, where nothing can read that.
    case pay(PaymentID, PaymentRequest, Recall, isTechnician: Bool = false)
    case cancel(PaymentID, Recall)
    case keepCard(CardSetupID, CardSetupRequest, Recall)
    case cancelCardSetup(CardSetupID, Recall)
    /// Acknowledges a payment's warnings, as a technician. The warnings are removed.
    case acknowledge(PaymentID, by: String, note: String, Recall)
    case resolve(PaymentID, paid: Bool, order: OrderID?, by: String, note: String, Recall)
    case openCart(CartID, lane: LaneName?, reader: String?, Recall)
    case display(CartID, DisplayCart)
    case closeCart(CartID)
    case cartStatus(CartID)
    case configuration(CartID)
    case connectionToken(CartID)
    /// Makes an intent for keyed entry, where the checkout takes the card's number itself.
    case keyedIntent(CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, Recall)
    /// Frees a reader, as a technician. The payment or card set-up is expected to have left it in an unknown state.
    case release(String, LeaseHolder, by: String, Recall)
    /// Agrees, as a technician, that the agent goes on without the journals that were set aside.
    case acceptLoss(by: String, note: String)
    /// Lists the readers. With `refresh` the agent first asks the backend, and Stripe if a token is at hand.
    case readers(refresh: Bool)
    /// Changes the location's readers at the backend. Requests name readers as everywhere: by id, serial number or label.
    case register(RegistrationCode, label: String, location: String?)
    case relabel(String, label: String)
    case deregister(String)
    /// Shows the reader's label on its own display for some seconds.
    case identify(String)
    /// Connects a reader. `takeOver` also takes it from another point of sale, as a technician's explicit choice.
    case connect(String, cart: CartID?, takeOver: Bool)
    case disconnect(String)
    /// Tries a reader out for a technician, one act at a time, with a cart's token. No act can move money.
    case tryOut(String, TrialAct, cart: CartID)
    /// Scans for devices now.
    case discover(DiscoveryOrder)
}

/// The acts that a technician may try on a reader, beside connecting and paying.
package enum TrialAct: Sendable, Equatable {
    /// Reads Stripe's list for the reader's place.
    case locate
    case heartbeat
    /// Shows a cart that costs nothing, and takes it off.
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
    /// The reader as it is now, with the label of the backend's list.
    case reader(ReaderID, label: String?)
    /// The end of `discover`. Its findings came before.
    case discovered(LookSummary)
    case refused(Refusal)
}

package enum Event: Sendable {
    /// The journal was read.
    /// `resolved` holds the payments that a technician resolved and that the backend may yet contradict
    /// (``StoredFacts/watchedResolutions(_:)``).
    /// `warned` holds the payments with warnings, ended or not.
    case start(
        open: [PaymentRecord], carts: [CartFacts], facts: [String: String], cardSetups: [CardSetupRecord] = [],
        resolved: [PaymentRecord] = [], warned: [PaymentRecord] = [])
    case request(RequestID, Request)
    /// The request's caller has gone.
    case forget(RequestID)
    case answer(CallID, Answer)
    case tick
    /// The backend's credential differs from the refused one.
    case credentialChanged
    case policy(GatewayPolicy)
    /// The edges report what is on USB, or what they saw on the LAN.
    case devices(DeviceNews)
    /// The agent is about to stop. It takes no new work, and takes off the readers what it can.
    case stopping
}

package enum Action: Sendable, Equatable {
    /// Makes a call. `timeout` is in milliseconds. `trace` names the call from end to end.
    case call(CallID, Call, timeout: Int64, trace: String)
    case respond(RequestID, Response)
    /// Asks for a waiting request again, with what the journal knows now, because what it knew when the request came may be old.
    case recall(RequestID)
    /// Shows a changed payment although its change could not be journaled yet.
    indirect case publish(PaymentRecord)
    indirect case publishCardSetup(CardSetupRecord)
    case readerChanged(ReaderID)
    indirect case deviceChanged(DeviceChange, DeviceView)
    /// Tells the followers of the agent's events.
    case notice(AgentNotice)
    /// Tells what `discover` has found so far.
    indirect case lookNews(RequestID, LookNews)
    /// Gives up the scans of the LAN that are under way. Each is answered with what it found.
    case stopLooking
    case log(LogLevel, String, subject: LogSubject)
}

/// News of the agent itself for its followers.
package struct AgentNotice: Sendable, Equatable {
    /// The code by which programs decide.
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

/// The refusal of a request, with the checkout API's error codes.
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
    /// The wrong field, for `invalidRequest`.
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

    /// The refusal of a reader's name that is not known for now, because Stripe's list, which tells it, cannot be read.
    package static func unknownReader(_ failure: CallFailure) -> Refusal {
        Refusal(
            .readerUnavailable, "Which reader is meant is told by Stripe's list, and that cannot be read: \(failure.detail)",
            remedy: "\(failure.stripeRemedy) A reader that is named by its id (tmr_…) needs no list.")
    }
}

/// A reader's state as the checkout API names it.
package enum ReaderState: String, Sendable {
    case ready, busy, idle, connecting
    /// The agent has not asked the reader since the start.
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
    /// Why the cart has no reader.
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
    /// Whether the reader has answered since the start; nil when the agent has not asked it.
    package var isThere: Bool?
    package var lane: LaneName?
    package var payment: PaymentID?
    package var lastSeenAt: WallTime?
    package var sessionSince: WallTime?
    package var livemode: Bool?
    /// Whether the agent reaches it over its own USB link.
    package var isOverUSB: Bool
    /// The label that the settings give it.
    package var declaredLabel: String?
}
