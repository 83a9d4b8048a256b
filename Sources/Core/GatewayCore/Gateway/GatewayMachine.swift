import GatewayModel
import Moments

/// All decisions of the agent: payments, carts, readers, tokens and what is written when. An event and a time go in, actions come out.
///
/// It holds no socket, no file, no clock and no randomness of its own; production and simulation run this very value.
package struct GatewayMachine: Sendable {
    struct Parked: Sendable {
        enum For: Sendable, Equatable {
            case readers
            /// Stripe's list.
            case stripe
            /// The cart is looked into first: keyed entry, or money that is held.
            case cartCheck(CartID)
        }
        var id: RequestID
        var request: Request
        var reason: For
    }

    var policy: GatewayPolicy
    var random: SeededRandom
    var payments: [PaymentID: PaymentMachine] = [:]
    /// Ended, and the end is not on disk yet.
    var ended: [PaymentID: PaymentRecord] = [:]
    /// Who is told of an end once it is on disk, or is known not to get there for now.
    var waitingForEnd: [PaymentID: [(request: RequestID, created: Bool)]] = [:]
    /// Accepted by the rules, not yet on disk.
    var acceptance = Acceptance<PaymentID, PaymentRecord>()
    var carts = CartShelf()
    /// Looks into keyed entry that are under way.
    var keyedChecks: [CartID: KeyedCheck] = [:]
    /// By the entries of the lists.
    var readers: [ReaderID: ReaderMachine] = [:]
    /// Where each was when it was last listed, as it stands in the journal.
    var places: [ReaderID: String] = [:]
    /// Entries whose device is driven by another entry of it.
    var acting: [ReaderID: ReaderID] = [:]
    /// Serial numbers by id, as they were learnt at some time.
    var serials: [ReaderID: String] = [:]
    /// The lists have said something since it was last judged which entries are one device.
    var isToBeUnited = false
    var currencies: [PublishableKey: Currency] = [:]
    /// Asked for the intent of a cart again, the backend has given another.
    package internal(set) var makesNewIntents = false
    /// Keys that have shown more than one currency.
    var mixedKeys: Set<PublishableKey> = []
    var backend = BackendHealth()
    var warmUps = WarmUps()
    var outbox = Outbox()
    var devices = DeviceList()
    var discovery = Discovery()
    var calls = CallRegister()
    /// Cards to be kept: as for payments.
    var cardSetups: [CardSetupID: CardSetupMachine] = [:]
    var endedCardSetups: [CardSetupID: CardSetupRecord] = [:]
    var waitingForCardEnd: [CardSetupID: [RequestID]] = [:]
    var cardAcceptance = Acceptance<CardSetupID, CardSetupRecord>()
    var parked: [Parked] = []
    /// Requests whose cart was looked into: they are asked again, with what the journal says by then.
    var checkedRequests: Set<RequestID> = []
    /// Requests for which Stripe's list was read, until they are answered.
    var stripeAsked: Set<RequestID> = []
    var keyedRequests: [RequestID: CartMachine.Terms] = [:]
    /// Carts of payments that ended while their reader was still to be freed.
    var freeingCarts: [PaymentID: CartID] = [:]
    var lists = ReaderListPoller()
    /// What the log was told of, and is not over.
    var told = Told()
    var registrations = RegistrationQueue()
    var screens = Screens()
    package var isStopping = false
    var losses = JournalLoss()
    var resolutions = ResolutionWatch()
    /// Payments with warnings that nobody has acknowledged.
    var warned: [PaymentID: PaymentRecord] = [:]
    var queue = ActionQueue()
    var lastEpoch: UInt64 = 0
    var out: [Action] = []

    package init(policy: GatewayPolicy, seed: UInt64) {
        self.policy = policy
        self.random = SeededRandom(seed: seed)
    }

    package mutating func handle(_ event: Event, at now: Now) -> [Action] {
        calls.begin(at: now.mono)
        switch event {
        case .start(let open, let carts, let facts, let cardSetups, let resolved, let warned):
            startWarnings(warned)
            start(open: open, carts: carts, facts: facts, at: now)
            resolutions.start(resolved, facts, at: now)
            startCardSetups(cardSetups, at: now)
            discovery.start(at: now.mono + 500)
        case .request(let id, let request): handle(id, request, at: now)
        case .forget(let id): forget(id, at: now)
        case .answer(let id, let answer):
            if let purpose = calls.answered(id) {
                handle(purpose, answer, at: now)
            } else {
                log(.warning, "an answer came to a question that nobody asked; it was dropped")
            }
        case .tick: break
        case .credentialChanged:
            backend.acceptCredential()
            lists.hurry(at: now.mono)
        case .policy(let policy):
            self.policy = policy
            for id in readers.keys.sorted() { readers[id]?.policy = policy }
            for cart in carts.keys.sorted() { _ = carts[cart]?.change { $0.terms = policy.evidenceTerms } }
        case .devices(let news): reported(news, at: now)
        case .stopping: stop(at: now)
        }
        drain(at: now)
        unite(at: now)
        joinDevices(at: now)
        drain(at: now)
        tick(at: now)
        drain(at: now)
        turnWarmUps(at: now)
        drain(at: now)
        tellStanding()
        write(at: now)
        defer { out = [] }
        return out
    }

    /// The latest moment at which `tick` has to be called; nil: there is nothing to wait for.
    package var nextWake: MonoTime? {
        var wake = MonoTime.max
        for payment in payments.values { wake = min(wake, payment.nextWake ?? .max) }
        for setup in cardSetups.values { wake = min(wake, setup.nextWake ?? .max) }
        for reader in readers.values { wake = min(wake, reader.nextWake ?? .max) }
        for cart in carts.values {
            wake = min(wake, cart.keeper.nextWake ?? .max, cart.money.nextWake ?? .max)
            if cart.isOpen, cart.touchedAt + policy.cartIdle < wake, isLeftAlone(cart) { wake = cart.touchedAt + policy.cartIdle }
        }
        wake = min(wake, outbox.nextWake ?? .max)
        wake = min(wake, warmUps.nextWake ?? .max)
        wake = min(wake, backend.nextWake)
        wake = min(wake, registrations.nextWake)
        wake = min(wake, screens.nextWake)
        wake = min(wake, resolutions.nextWake)
        wake = min(wake, discovery.nextWake(policy) ?? .max)
        if !lists.isListing { wake = min(wake, nextListing) }
        return wake == .max ? nil : wake
    }

    /// Nothing is under way that a stop would tear: no payment before its end but those that are kept for later.
    package var isQuiet: Bool {
        acceptance.isEmpty && cardAcceptance.isEmpty && cardSetups.isEmpty && outbox.isEmpty
            && payments.values.allSatisfy { $0.isEnded || $0.record.state == .unresolved || $0.record.state == .finishing }
    }

    // MARK: Ticks

    private mutating func tick(at now: Now) {
        // Most events leave nothing due: that is seen without putting anything in order.
        if payments.values.contains(where: { $0.isDue(at: now.mono) }) {
            for id in payments.keys.sorted() {
                guard payments[id]?.isDue(at: now.mono) == true else { continue }
                change(id, at: now) { $0.tick(at: now) }
            }
        }
        if !cardSetups.isEmpty {
            for id in cardSetups.keys.sorted() {
                guard let wake = cardSetups[id]?.nextWake, now.mono >= wake else { continue }
                change(id, at: now) { $0.tick(at: now) }
            }
        }
        if readers.values.contains(where: { $0.isDue(at: now.mono) }) {
            for id in readers.keys.sorted() {
                guard readers[id]?.isDue(at: now.mono) == true else { continue }
                changeReader(id, at: now) { reader, _ in reader.tick(at: now) }
            }
        }
        if carts.values.contains(where: { mayBeDue($0, at: now) }) {
            for cart in carts.keys.sorted() { tickCart(cart, at: now) }
        }
        tickOutbox(at: now)
        tickRegistrations(at: now)
        tickLabels(at: now)
        carryOut(resolutions.tick(at: now), at: now)
        tickDiscovery(at: now)
        if now.mono >= nextListing { listReaders(at: now) }
        if backend.tick(at: now.mono) { listReaders(at: now) }
    }

    private var nextListing: MonoTime {
        lists.nextListing(isRefused: backend.refusedCredential != nil, outageProbe: backend.outageProbe)
    }

    private mutating func write(at now: Now) {
        if let entries = outbox.next(at: now.mono) { call(.append(entries), for: .append, timeout: Outbox.deadline, payment: nil) }
    }

    // MARK: Small things

    mutating func call(_ call: Call, for purpose: CallPurpose, timeout: Int64, payment: PaymentID?) {
        self.call(call, for: purpose, timeout: timeout, holder: payment.map { .payment($0) })
    }

    mutating func call(_ call: Call, for purpose: CallPurpose, timeout: Int64, holder: LeaseHolder?) {
        let (id, trace) = calls.ask(purpose, for: holder)
        if call.isForBackend { backend.asking(at: calls.moment) }
        out.append(.call(id, call, timeout: timeout, trace: trace))
    }

    mutating func respond(_ id: RequestID, _ response: Response) {
        stripeAsked.remove(id)
        out.append(.respond(id, response))
    }
    mutating func refuse(_ id: RequestID, _ refusal: Refusal) { respond(id, .refused(refusal)) }

    mutating func log(_ level: LogLevel, _ message: String, _ subject: LogSubject = .agent) {
        out.append(.log(level, message, subject: subject))
    }

    /// A backend answered, or did not: what that says of the backend itself.
    mutating func judgeBackend(_ failure: CallFailure?, at now: Now) {
        if let failure { backend.failed(failure, at: now, random: &random) } else { backend.served(at: now) }
    }

    private mutating func stop(at now: Now) {
        guard !isStopping else { return }
        isStopping = true
        let failure = PaymentFailure(
            code: .agentRestarted, message: "The agent is being stopped; the card was not charged.", remedy: "Try again in a moment.")
        // What is being accepted ends when it is on disk.
        for id in payments.keys.sorted() { change(id, at: now) { $0.stopForShutdown(failure, at: now) } }
        for id in cardSetups.keys.sorted() { change(id, at: now) { $0.stopForShutdown(at: now) } }
        for item in parked { refuse(item.id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        parked = []
    }

    private mutating func forget(_ id: RequestID, at now: Now) {
        forgetDiscovery(id, at: now)
        parked.removeAll { $0.id == id }
        checkedRequests.remove(id)
        stripeAsked.remove(id)
        acceptance.forget(id)
        cardAcceptance.forget(id)
        for cart in carts.keys.sorted() { carts[cart]?.keeper.withdraw(.request(id)) }
        for reader in readers.keys.sorted() { readers[reader]?.forget(id) }
        lists.forget(id)
        screens.forget(id)
        registrations.forget(id)
    }
}

extension PaymentMachine {
    /// The agent stops: what has not been confirmed ends, and is taken off the reader; anything later goes on.
    package mutating func stopForShutdown(_ failure: PaymentFailure, at now: Now) -> [Action] {
        guard case .queued = state else { return stop(failure, at: now) }
        var actions: [Action] = []
        end(.failed, money: .notTaken, failure: failure, at: now, &actions)
        return actions
    }
}

extension PaymentMachine {
    fileprivate func isDue(at mono: MonoTime) -> Bool { nextWake.map { mono >= $0 } ?? false }
}

extension ReaderMachine {
    fileprivate func isDue(at mono: MonoTime) -> Bool { nextWake.map { mono >= $0 } ?? false }
}
