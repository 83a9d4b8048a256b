import GatewayModel
import Moments

/// What memory has of one cart: the machine of its money, and the secrets and tokens that are not journaled.
struct CartBook: Sendable {
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

    init(_ cart: CartID, money: CartMachine, policy: GatewayPolicy) {
        self.written = cart
        self.sharedMoney = Shared(money)
        self.keeper = TokenKeeper(age: policy.tokenAge)
    }

    /// The journaled facts of the cart.
    var facts: CartFacts { money.facts }

    mutating func change<Result>(_ event: (inout CartMachine) -> Result) -> Result { event(&money) }
}

/// All carts, each found by every spelling that a backend may take for the same, and the calls that warm up for them.
struct CartShelf: Sendable {
    var warmUps = WarmUps()
    private var books: [CartID: CartBook] = [:]
    /// The carts of payments that ended while their reader was still to be freed. A token of theirs may free it.
    private var freeing: [PaymentID: CartID] = [:]

    subscript(cart: CartID) -> CartBook? {
        get { books[cart.lock] }
        set { books[cart.lock] = newValue }
        _modify { yield &books[cart.lock] }
    }

    /// Changes what memory has of a cart; nil when it has nothing.
    mutating func change<Outcome>(_ cart: CartID, _ event: (inout CartBook) -> Outcome) -> Outcome? {
        guard let index = books.index(forKey: cart.lock) else { return nil }
        return event(&books.values[index])
    }

    mutating func isFreeing(_ cart: CartID, after payment: PaymentID) { freeing[payment] = cart }

    func freeing(after payment: PaymentID) -> CartID? { freeing[payment] }

    /// Forgets the payments whose reader is free.
    mutating func forgetFreed(isHeld: (PaymentID) -> Bool) { freeing = freeing.filter { isHeld($0.key) } }

    var count: Int { books.count }
    var openCount: Int { books.values.count { $0.isOpen } }
    var keys: Dictionary<CartID, CartBook>.Keys { books.keys }
    var values: Dictionary<CartID, CartBook>.Values { books.values }
}

extension GatewayPolicy {
    var evidenceTerms: EvidenceTerms { EvidenceTerms(window: authorizationWindow, patience: statusPatience) }
}
