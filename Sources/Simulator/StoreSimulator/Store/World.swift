import Synchronization

/// Everything that a simulated store knows, without its sockets.
struct World: Sendable {
    let configuration: StoreConfiguration
    let secrets: SecretMaker
    var stripe: StripeState
    var backend: BackendState
    var readers: [ReaderRecord] = []
    var faults = FaultTable()
    var calls = CallLog()
    private(set) var violations: [String] = []

    init(configuration: StoreConfiguration, token: String, secrets: SecretMaker) {
        self.configuration = configuration
        self.secrets = secrets
        stripe = StripeState(
            behaviour: configuration.stripe, currency: configuration.currency, livemode: configuration.livemode, secrets: secrets)
        backend = BackendState(behaviour: configuration.backend, token: token, secrets: secrets)
    }

    func index(ofReader name: String) -> Int? { readers.firstIndex { $0.isNamed(name) } }

    mutating func noteViolation(_ text: String) {
        if violations.count < 200 { violations.append(text) }
    }

    /// Carries out what has come due: Stripe's news to the backend, orders, captures.
    mutating func settle(at now: Int) {
        for news in stripe.takeNews() {
            switch news {
            case .charged(let cart): backend.noteCharge(cart: cart, at: now)
            case .returned(let cart): backend.noteReturn(cart: cart)
            case .declined(let cart): backend.noteDecline(cart: cart, message: "Your card was declined.")
            }
        }
        for intent in backend.settle(at: now) { stripe.capture(intent) }
    }

    /// The fault that strikes a call, if one waits.
    mutating func takeFault(_ call: String, reader serial: String? = nil) -> FaultEffect? {
        let record = serial.flatMap { serial in readers.first { $0.serial == serial } }
        return faults.take(call) { record?.isNamed($0) ?? false }
    }

    func ledger(at now: Int) -> Ledger {
        var settled = self
        settled.settle(at: now)
        return settled.entries(at: now)
    }

    private mutating func entries(at now: Int) -> Ledger {
        for index in readers.indices { readers[index].machine.advance(to: now) }
        let intents = stripe.intentOrder.compactMap { stripe.intents[$0] }
        return Ledger(
            at: now,
            intents: intents.map { intent in
                Ledger.IntentEntry(
                    id: intent.id, cart: intent.cart, amount: intent.amount, currency: intent.currency, status: intent.status.rawValue,
                    isForReader: intent.isForReader, isReplaced: intent.isReplaced, charges: intent.charges, declines: intent.declines,
                    createdAt: intent.createdAt)
            },
            carts: backend.cartOrder.map { id in
                let cart = backend.carts[id]
                return Ledger.CartEntry(
                    cart: id, status: backend.status(ofCart: id), order: cart?.order.map(String.init), error: cart?.failure,
                    intents: cart?.intents ?? [])
            },
            tokens: stripe.tokenOrder.compactMap { stripe.tokens[$0] }.map { token in
                Ledger.TokenEntry(
                    token: masked(token.value), cart: token.cart, createdAt: token.createdAt, spentAt: token.spentAt,
                    spentBy: token.spentBy,
                    refusedSpends: token.refusedSpends)
            },
            readers: readers.map(Self.entry),
            counts: calls.counts, calls: calls.recent, bankcards: backend.bankcards, savedCards: stripe.savedCards,
            violations: violations + readers.flatMap(\.machine.violations), faults: faults.waiting)
    }

    private static func entry(_ record: ReaderRecord) -> Ledger.ReaderEntry {
        Ledger.ReaderEntry(
            id: record.id, serial: record.serial, label: record.label, address: record.address, port: record.port, host: record.host,
            state: record.machine.state.name, registrationCode: record.registrationCode, activations: record.machine.activations,
            overlaps: record.machine.overlaps, shownTotal: record.machine.shownTotal, shownLines: record.machine.shownLines,
            owner: record.machine.session?.device, isOnline: record.isOn && record.machine.hasInternet)
    }
}

/// The world, shared by the servers of one store, with the store's clock.
final class SharedWorld: Sendable {
    private let world: Mutex<World>
    private let opened = ContinuousClock.now
    /// The milliseconds that the store was open at its earlier starts.
    private let before: Int

    init(_ world: World, openBefore before: Int = 0) {
        self.world = Mutex(world)
        self.before = before
    }

    /// The milliseconds that the store has been open.
    var now: Int {
        let (seconds, attoseconds) = (ContinuousClock.now - opened).components
        return before + Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    /// Reads or changes the world at this moment, when everything that is due is settled.
    func with<Result: Sendable>(_ change: (inout World, _ now: Int) -> Result) -> Result {
        let now = now
        return world.withLock { world in
            world.settle(at: now)
            let result = change(&world, now)
            world.settle(at: now)
            return result
        }
    }
}
