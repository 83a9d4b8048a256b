import GatewayModel
import Moments

/// What memory has of one cart: the machine of its money, and the secrets and tokens that are not journaled.
struct CartBook: Waking {
    /// The machine of the cart's money: its intent, what was confirmed on it, keyed entry, paid and held.
    private(set) var money: CartMachine {
        _read { yield sharedMoney.value }
        _modify { yield &sharedMoney.value }
    }
    private var sharedMoney: Shared<CartMachine>
    var keeper: TokenKeeper
    /// The cart as the till wrote it last, by which the agent asks the backend.
    var written: CartID
    var isOpen = false
    var openedAt: WallTime = 0
    var touchedAt: MonoTime = .min
    var lane: LaneName?
    var reader: ReaderID?
    var configuration: BackendConfiguration?
    var configurationAsked = false
    var secrets: [IntentID: BackendIntent] = [:]
    /// The payment that was charged and has ended last. It is warned if a card that was typed in turns out to be charged beside it.
    var charged: PaymentRecord?

    init(_ cart: CartID, money: CartMachine, policy: GatewayPolicy) {
        self.written = cart
        self.sharedMoney = Shared(money)
        self.keeper = TokenKeeper(age: policy.tokenAge)
    }

    /// The journaled facts of the cart.
    var facts: CartFacts { _read { yield sharedMoney.value.facts } }

    /// When the cart's token or its money next needs a tick.
    var nextWake: MonoTime? {
        let wake = min(keeper.nextWake ?? .max, sharedMoney.read { $0.nextWake } ?? .max)
        return wake == .max ? nil : wake
    }

    mutating func change<Result>(_ event: (inout CartMachine) -> Result) -> Result { event(&money) }

    /// Opens the cart, or goes on with it.
    ///
    /// - Returns: whether its sale begins now.
    mutating func open(lane: LaneName?, reader: ReaderID?, at now: Now) -> Bool {
        touchedAt = now.mono
        self.lane = lane ?? self.lane
        self.reader = reader ?? self.reader
        guard !isOpen else { return false }
        isOpen = true
        openedAt = now.wall
        return true
    }

    mutating func close(at now: Now) {
        isOpen = false
        touchedAt = now.mono
    }
}

/// All carts, each found by every spelling that a backend may take for the same, and the calls that warm up for them.
struct CartShelf: Sendable {
    var warmUps = WarmUps()
    private var books = SortedParts<CartID, CartBook>()
    /// The carts of payments that ended while their reader was still to be freed. A token of theirs may free it.
    private var freeing: [PaymentID: CartID] = [:]

    subscript(cart: CartID) -> CartBook? {
        get { books[cart.lock] }
        set { books[cart.lock] = newValue }
    }

    /// Reads what memory has of a cart where it stands; nil when it has nothing.
    @inline(__always) func read<Outcome>(_ cart: CartID, _ read: (CartBook) -> Outcome) -> Outcome? { books.read(cart.lock, read) }

    /// Changes what memory has of a cart; nil when it has nothing.
    @discardableResult mutating func change<Outcome>(_ cart: CartID, _ event: (inout CartBook) -> Outcome) -> Outcome? {
        books.change(cart.lock, event)
    }

    /// Changes the machine of a cart's money; nil when memory has nothing of the cart.
    @discardableResult mutating func changeMoney<Outcome>(of cart: CartID, _ event: (inout CartMachine) -> Outcome) -> Outcome? {
        change(cart) { $0.change(event) }
    }

    mutating func isFreeing(_ cart: CartID, after payment: PaymentID) { freeing[payment] = cart }

    func freeing(after payment: PaymentID) -> CartID? { freeing[payment] }

    /// Forgets the payments whose reader is free.
    mutating func forgetFreed(isHeld: (PaymentID) -> Bool) { freeing = freeing.filter { isHeld($0.key) } }

    /// When the token or the money of the first cart needs a tick.
    var nextWake: MonoTime { books.nextWake }

    var count: Int { books.count }
    var openCount: Int { books.values.count { $0.isOpen } }
    /// The locks of the carts, in order.
    var ids: [CartID] { books.keys }
    /// The carts, in the order of their locks.
    var values: SortedParts<CartID, CartBook>.Values { books.values }
}
