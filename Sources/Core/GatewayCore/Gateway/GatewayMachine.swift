import GatewayModel
import Moments

/// All decisions of the agent: payments, carts, readers, tokens and what is written when. An event and a time go in, actions come out.
///
/// It holds no socket, no file, no clock and no randomness of its own; production and simulation run this very value.
package struct GatewayMachine: Sendable {
    /// Why a call was made; its answer is taken for that and nothing else.
    enum Purpose: Sendable, Equatable {
        case configuration(CartID)
        case configurationRequest(RequestID, CartID)
        case token(CartID)
        case createIntent(CartID, UInt64)
        case verifyIntent(CartID, UInt64)
        case keyedIntent(RequestID, CartID)
        case baseline(PaymentID)
        case status(PaymentID)
        /// Keyed entry of a cart is looked into: before a payment is accepted, and before its card is charged.
        case keyedRead(CartID, IntentID)
        case keyedAgain(CartID, IntentID)
        /// Whether money that is held for a cart is held still.
        case heldRead(CartID)
        case cartStatus(RequestID, CartID)
        case keyedCheck(CartID)
        /// Whether the backend agrees with what a technician has said.
        case resolution(PaymentID)
        case evidence(PaymentID, CartID)
        /// A replaced intent of a cart is looked at, or one that was handed out for keyed entry.
        case watch(CartID, IntentID)
        case backendReaders
        case stripeReaders(ReaderID?)
        case reader(ReaderID, sequence: UInt64)
        /// Of the change of readers that is under way.
        case terminals, terminalChange
        case setupIntent(CardSetupID)
        case storeCard(CardSetupID)
        case append
        case networks, lookAtUSB
        case look(UInt64)
    }

    /// A request that waits for a reader's session, or for its label to be shown.
    struct Visit: Sendable {
        var reader: ReaderID
        var identifies: Bool
    }

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
    /// When Stripe's list was last read; nil: never.
    var stripeListedAt: MonoTime?
    /// Whose cart each reader's screen shows, by its lock.
    var screens: [ReaderID: CartID] = [:]
    var currencies: [PublishableKey: Currency] = [:]
    /// Asked for the intent of a cart again, the backend has given another.
    package internal(set) var makesNewIntents = false
    /// Keys that have shown more than one currency.
    var mixedKeys: Set<PublishableKey> = []
    var breaker = CircuitBreaker()
    var warmUps = WarmUps()
    /// The backend refused the credential that is in use.
    var refusedCredential: CallFailure?
    var refusedProbeAt: MonoTime = .max
    /// Before the next try with a credential that was refused.
    var refusedPause: Int64 = 1_000
    var outbox = Outbox()
    /// When the backend, and when the journal, last did what it was asked; nil: not since the start.
    package internal(set) var backendServedAt: WallTime?
    package internal(set) var journalWrittenAt: WallTime?
    var devices = DeviceList()
    var lookout = Lookout()
    var discoveries: [RequestID: Discovery] = [:]
    var calls: [CallID: Purpose] = [:]
    private var askedAt: [CallID: MonoTime] = [:]
    /// When the question was asked whose answer is being handled.
    private(set) var asked: MonoTime = .min
    var lastCall: UInt64 = 0
    var traces: [LeaseHolder: Int] = [:]
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
    var listsWanted: [RequestID] = []
    /// When the backend's list of readers was last read; nil: never.
    var listedAt: MonoTime?
    var isListing = false
    var listRetryAt: MonoTime = .min
    var listBackoff = Backoff(base: 1_000, ceiling: 60_000)
    var lastListFailure: CallFailure?
    /// How the backend failed to answer the last time, and when it is asked whether it is back.
    var lastOutage: CallFailure?
    var outageProbeAt: MonoTime = .max
    /// What the log was told of, and is not over.
    var told = Told()
    var desk = RegistrationDesk()
    var visits: [RequestID: Visit] = [:]
    /// Readers that show their label, and until when.
    var labelsShown: [ReaderID: MonoTime] = [:]
    package var isStopping = false
    /// Journals that were damaged and set aside, by file name, to whose loss nobody has agreed yet.
    package internal(set) var lostJournals: [String] = []
    /// What technicians have said, of which the backend may yet say otherwise.
    var resolutions: [PaymentID: Resolution] = [:]
    /// Payments with warnings that nobody has acknowledged.
    var warned: [PaymentID: PaymentRecord] = [:]
    var queue = ActionQueue()
    var lastEpoch: UInt64 = 0
    var out: [Action] = []
    /// The moment of the event that is being handled.
    private var mono: MonoTime = .min

    package init(policy: GatewayPolicy, seed: UInt64) {
        self.policy = policy
        self.random = SeededRandom(seed: seed)
    }

    package mutating func handle(_ event: Event, at now: Now) -> [Action] {
        mono = now.mono
        switch event {
        case .start(let open, let carts, let facts, let cardSetups, let resolved, let warned):
            startWarnings(warned)
            start(open: open, carts: carts, facts: facts, at: now)
            startResolutions(resolved, facts, at: now)
            startCardSetups(cardSetups, at: now)
            lookout.start(at: now.mono + 500)
        case .request(let id, let request): handle(id, request, at: now)
        case .forget(let id): forget(id, at: now)
        case .answer(let id, let answer):
            if let purpose = calls.removeValue(forKey: id) {
                asked = askedAt.removeValue(forKey: id) ?? now.mono
                handle(purpose, answer, at: now)
            } else {
                log(.warning, "an answer came to a question that nobody asked; it was dropped")
            }
        case .tick: break
        case .credentialChanged:
            acceptCredential()
            listRetryAt = now.mono
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
        wake = min(wake, refusedProbeAt)
        wake = min(wake, desk.nextWake)
        wake = min(wake, labelsShown.values.min() ?? .max)
        for resolution in resolutions.values { wake = min(wake, resolution.nextWake) }
        wake = min(wake, lookout.nextWake(policy) ?? .max)
        if !isListing { wake = min(wake, nextListing) }
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
        tickDesk(at: now)
        tickLabels(at: now)
        tickResolutions(at: now)
        tickLookout(at: now)
        if now.mono >= nextListing, !isListing { listReaders(at: now) }
        if now.mono >= refusedProbeAt {
            // The credential may have been taken back into favour without being changed: the list of readers is a harmless question.
            refusedPause = min(30_000, refusedPause * 2)
            refusedProbeAt = now.mono + refusedPause
            if !isListing { listReaders(at: now) }
        }
    }

    private var nextListing: MonoTime {
        guard refusedCredential == nil else { return .max }
        if lastListFailure != nil || listedAt == nil { return listRetryAt }
        return min((listedAt ?? 0) + 600_000, breaker.isOpen ? outageProbeAt : .max)
    }

    private mutating func write(at now: Now) {
        if let entries = outbox.next(at: now.mono) { call(.append(entries), for: .append, timeout: Outbox.deadline, payment: nil) }
    }

    // MARK: Small things

    mutating func call(_ call: Call, for purpose: Purpose, timeout: Int64, payment: PaymentID?) {
        self.call(call, for: purpose, timeout: timeout, holder: payment.map { .payment($0) })
    }

    mutating func call(_ call: Call, for purpose: Purpose, timeout: Int64, holder: LeaseHolder?) {
        lastCall += 1
        let id = CallID(lastCall)
        calls[id] = purpose
        askedAt[id] = mono
        if call.isForBackend { breaker.calling(at: mono) }
        let trace: String
        if let holder {
            traces[holder, default: 0] += 1
            // A payment and a card set-up may have the same id.
            let name = holder.payment?.text ?? "setup.\(holder.cardSetup?.text ?? "")"
            trace = "\(name).\(traces[holder, default: 1])"
        } else {
            trace = "agent.\(lastCall)"
        }
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
        switch failure {
        case nil:
            backendServedAt = now.wall
            breaker.answered()
            acceptCredential()
        case .unauthorized?:
            breaker.answered()
            if refusedCredential == nil { refusedProbeAt = now.mono + refusedPause }
            refusedCredential = failure
        case .forbidden?, .rejected?, .invalidAnswer?: breaker.answered()
        case .unavailable?:
            let wasOpen = breaker.isOpen
            breaker.failed(at: now.mono, random: &random)
            lastOutage = failure
            // Somebody has to find out that it is back, also while no till asks for anything.
            if breaker.isOpen, !wasOpen { outageProbeAt = now.mono + 5_000 }
        // It was not even asked.
        case .overloaded?: break
        }
    }

    private mutating func acceptCredential() {
        refusedCredential = nil
        refusedProbeAt = .max
        refusedPause = 1_000
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
        listsWanted.removeAll { $0 == id }
        visits[id] = nil
        leaveDesk(id)
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
