import GatewayModel
import Moments

/// The machine that makes all decisions of the agent: payments, carts, readers, tokens, and what is written when. It takes an event and a
/// time and returns actions.
///
/// It holds no socket, no file, no clock and no randomness of its own, so production and simulation run this very value.
package struct GatewayMachine: Sendable {
    var policy: GatewayPolicy
    var random: SeededRandom
    var payments = AttemptShelf<PaymentMachine>()
    var carts = CartShelf()
    var readers = ReaderShelf()
    var currencies = Currencies()
    var backend = BackendHealth()
    var outbox = Outbox()
    var devices = DeviceList()
    var discovery = Discovery()
    var calls = CallRegister()
    var cardSetups = AttemptShelf<CardSetupMachine>()
    var waiting = WaitingRequests()
    var lists = ReaderListPoller()
    var registrations = RegistrationQueue()
    package var isStopping = false
    var losses = JournalLoss()
    var resolutions = ResolutionWatch()
    var standing = Standing()
    var queue = ActionQueue()

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
            for id in readers.ids { readers.change(id) { $0.policy = policy } }
            for cart in carts.ids { carts.changeMoney(of: cart) { $0.terms = policy.evidenceTerms } }
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
        return queue.takeOut()
    }

    /// The latest moment at which a caller has to call `tick`; nil when there is nothing to wait for.
    package var nextWake: MonoTime? {
        var wake = MonoTime.max
        wake = min(wake, payments.nextWake)
        wake = min(wake, cardSetups.nextWake)
        wake = min(wake, readers.nextWake)
        wake = min(wake, carts.nextWake)
        wake = min(wake, carts.values.earliest { idles($0, before: wake) })
        wake = min(wake, outbox.nextWake ?? .max)
        wake = min(wake, carts.warmUps.nextWake ?? .max)
        wake = min(wake, backend.nextWake)
        wake = min(wake, registrations.nextWake)
        wake = min(wake, readers.screens.nextWake)
        wake = min(wake, resolutions.nextWake)
        wake = min(wake, discovery.nextWake(policy) ?? .max)
        if !lists.isListing { wake = min(wake, nextListing) }
        return wake == .max ? nil : wake
    }

    /// When the cart was left alone for so long that it is closed. Whether it is left alone is asked only where that is before `wake`.
    private func idles(_ cart: CartBook, before wake: MonoTime) -> MonoTime? {
        let idle = cart.touchedAt + policy.cartIdle
        return cart.isOpen && idle < wake && isLeftAlone(cart) ? idle : nil
    }

    /// Whether a stop would tear nothing: no payment is before its end, except those that are kept for later.
    package var isQuiet: Bool {
        payments.acceptance.isEmpty && cardSetups.acceptance.isEmpty && cardSetups.isEmpty && outbox.isEmpty
            && payments.values.allSatisfy { $0.isEnded || $0.record.state == .unresolved || $0.record.state == .finishing }
    }

    // MARK: Ticks

    private mutating func tick(at now: Now) {
        // Most events leave nothing due, and these checks show that without a look at any machine.
        if now.mono >= payments.nextWake {
            for id in payments.ids where payments.isDue(id, at: now.mono) { change(id, at: now) { $0.tick(at: now) } }
        }
        if now.mono >= cardSetups.nextWake {
            for id in cardSetups.ids where cardSetups.isDue(id, at: now.mono) { change(id, at: now) { $0.tick(at: now) } }
        }
        if now.mono >= readers.nextWake {
            for id in readers.ids where readers.isDue(id, at: now.mono) { changeReader(id, at: now) { reader, _ in reader.tick(at: now) } }
        }
        if areCartsDue(at: now) {
            for cart in carts.ids { tickCart(cart, at: now) }
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

    mutating func call(_ call: Call, for purpose: CallPurpose, timeout: Int64, holder: LeaseHolder?, isAhead: Bool = false) {
        let (id, trace) = calls.ask(purpose, for: holder, isAhead: isAhead)
        if call.isForBackend { backend.asking(at: calls.moment) }
        queue.emit(.call(id, call, timeout: timeout, trace: trace))
    }

    mutating func respond(_ id: RequestID, _ response: Response) {
        waiting.answered(id)
        queue.emit(.respond(id, response))
    }
    mutating func refuse(_ id: RequestID, _ refusal: Refusal) { respond(id, .refused(refusal)) }

    mutating func log(_ level: LogLevel, _ message: String, _ subject: LogSubject = .agent) {
        queue.emit(.log(level, message, subject: subject))
    }

    /// Takes a call to the backend that was answered or failed, and what that says of the backend itself.
    mutating func judgeBackend(_ failure: CallFailure?, at now: Now) {
        if let failure { backend.failed(failure, at: now, random: &random) } else { backend.served(at: now) }
    }

    private mutating func stop(at now: Now) {
        guard !isStopping else { return }
        isStopping = true
        let failure = PaymentFailure(
            code: .agentRestarted, message: "The agent is being stopped; the card was not charged.", remedy: "Try again in a moment.")
        // A request that is being accepted ends when it is on disk.
        for id in payments.ids { change(id, at: now) { $0.stop(failure, at: now) } }
        for id in cardSetups.ids { change(id, at: now) { $0.stopForShutdown(at: now) } }
        for item in waiting.takeAll() { refuse(item.id, Refusal(.shuttingDown, "The agent is being stopped.")) }
    }

    private mutating func forget(_ id: RequestID, at now: Now) {
        forgetDiscovery(id, at: now)
        waiting.forget(id)
        payments.acceptance.forget(id)
        cardSetups.acceptance.forget(id)
        for cart in carts.ids { carts.change(cart) { $0.keeper.withdraw(.request(id)) } }
        for reader in readers.ids { readers.change(reader) { $0.forget(id) } }
        lists.forget(id)
        readers.screens.forget(id)
        registrations.forget(id)
    }
}
