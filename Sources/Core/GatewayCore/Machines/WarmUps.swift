import GatewayModel
import Moments

/// What is got ready for sales before it is needed, a few calls at a time: however many sales begin at once, a payment never waits behind what may
/// not be needed at all.
struct WarmUps: Sendable {
    enum Kind: Sendable, Hashable {
        case configuration, token
    }

    struct Item: Sendable, Hashable {
        var kind: Kind
        var cart: CartID

        init(_ kind: Kind, _ cart: CartID) {
            self.kind = kind
            self.cart = cart.lock
        }
    }

    private struct Waiting: Sendable {
        var item: Item
        var since: MonoTime
    }

    /// So many calls are under way at once.
    static let atOnce = 2
    /// What has waited for so long comes too late to be of use, and is dropped: a sale that gets to its payment asks by itself.
    static let patience: Int64 = 10_000

    /// In the order in which they came.
    private var waiting: [Waiting] = []
    private var known: Set<Item> = []
    private var underWay: Set<Item> = []

    var isEmpty: Bool { waiting.isEmpty && underWay.isEmpty }

    /// Whether its turn is still to come.
    func holds(_ item: Item) -> Bool { known.contains(item) }

    mutating func add(_ item: Item, at now: MonoTime) {
        guard known.insert(item).inserted else { return }
        waiting.append(Waiting(item: item, since: now))
    }

    /// It is not wanted any more, or is asked for at once and by itself.
    ///
    /// - Returns: whether its turn was still to come.
    mutating func remove(_ item: Item) -> Bool {
        guard known.remove(item) != nil else { return false }
        waiting.removeAll { $0.item == item }
        return true
    }

    /// The next to be asked for; nil: none, or enough are under way.
    mutating func next() -> Item? {
        guard underWay.count < Self.atOnce, let first = waiting.first else { return nil }
        waiting.removeFirst()
        known.remove(first.item)
        underWay.insert(first.item)
        return first.item
    }

    /// Its call was answered, or need not be made.
    mutating func ended(_ item: Item) { underWay.remove(item) }

    /// Those that have waited for too long; they are dropped.
    mutating func late(at now: MonoTime) -> [Item] {
        let late = waiting.prefix { now - $0.since >= Self.patience }.map(\.item)
        waiting.removeFirst(late.count)
        known.subtract(late)
        return late
    }

    /// When the oldest comes too late.
    var nextWake: MonoTime? { waiting.first.map { $0.since + Self.patience } }
}

extension GatewayMachine {
    /// A call for a cart that nobody waits for yet: it takes its turn.
    mutating func warmUp(_ kind: WarmUps.Kind, _ cart: CartID, at now: Now) { warmUps.add(WarmUps.Item(kind, cart), at: now.mono) }

    /// Makes the calls whose turn it is, and drops what has waited too long.
    mutating func turnWarmUps(at now: Now) {
        for item in warmUps.late(at: now.mono) {
            switch item.kind {
            case .configuration: carts[item.cart]?.configurationAsked = false
            case .token:
                var draw = SeededRandom(seed: random.next())
                changeKeeper(item.cart, at: now) { $0.wasLate(at: now.mono, random: &draw) }
            }
        }
        while let item = warmUps.next() {
            switch item.kind {
            case .configuration: askConfiguration(item.cart)
            case .token: askToken(item.cart)
            }
        }
    }

    mutating func askConfiguration(_ cart: CartID) {
        let written = carts[cart]?.written ?? cart
        call(.configuration(written), for: .configuration(cart.lock), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func askToken(_ cart: CartID) {
        let written = carts[cart]?.written ?? cart
        call(.connectionToken(written), for: .token(cart), timeout: policy.backendTimeout, payment: nil)
    }

    /// The cart's sale is over: what was to be got ready for it is not wanted any more.
    mutating func forgetWarmUps(of cart: CartID) {
        if warmUps.remove(WarmUps.Item(.configuration, cart)) { carts[cart]?.configurationAsked = false }
        if warmUps.remove(WarmUps.Item(.token, cart)) { carts[cart]?.keeper.wasNotAsked() }
    }

    /// Whether somebody is about to pay who waits for this answer: such calls go before those that only prepare.
    package func sells(_ id: CallID) -> Bool {
        switch calls.purpose(of: id) {
        case .createIntent, .verifyIntent, .baseline, .status, .keyedRead, .keyedAgain, .heldRead, .keyedCheck, .evidence, .stripeReaders,
            .reader, .setupIntent, .storeCard, .append:
            true
        // Of those that nobody waits for there are never more than a few.
        case .configuration: true
        case .token(let cart): carts[cart]?.keeper.waitsForRequestsOnly == false
        case .backendReaders: !parked.isEmpty
        case .configurationRequest, .keyedIntent, .cartStatus, .resolution, .watch, .terminals, .terminalChange, .networks, .lookAtUSB,
            .scan,
            nil:
            false
        }
    }
}
