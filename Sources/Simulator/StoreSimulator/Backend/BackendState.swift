/// What the simulated backend knows and decides: carts, orders, its own tokens. It has no sockets.
struct BackendState: Sendable {
    struct Cart: Sendable, Codable {
        var intents: [String] = []
        var chargedAt: Int?
        var order: Int?
        /// The reason why the order does not go through, once the money is there.
        var scriptedFailure: String?
        /// The failure that `payment_status` gives when it says Failed.
        var failure: String?
        /// The moment until which the Failed of an earlier decline stands after the charge.
        var staleUntil: Int?
    }

    private(set) var carts: [String: Cart] = [:]
    private(set) var cartOrder: [String] = []
    /// Carts whose money is there and whose order is not decided yet.
    private var undecided: [String] = []
    private var nextOrder = 770_001
    private var nextBankcard = 993
    private(set) var bankcards: [Bankcard] = []
    var behaviour: BackendBehaviour

    // These are the backend's own credentials.
    private(set) var accessTokens: [String: Int] = [:]
    private(set) var refreshToken: String
    private(set) var spentRefreshTokens: Set<String> = []
    let clientID = "readerd-simulated-client"
    private(set) var clientSecret: String
    /// The status, 401 or 403, that answers every call, whatever the token. It is nil when none does.
    var refusesEveryone: Int?
    private let secrets: SecretMaker

    /// - Parameter token: the bearer token that never expires.
    init(behaviour: BackendBehaviour, token: String, secrets: SecretMaker) {
        self.behaviour = behaviour
        self.secrets = secrets
        accessTokens[token] = Int.max
        clientSecret = secrets.secret("ocs")
        refreshToken = secrets.secret("ort")
    }

    // MARK: Keeping

    /// The part of the state that outlives the store's end.
    struct Kept: Sendable, Codable {
        var carts: [String: Cart]
        var cartOrder: [String]
        var undecided: [String]
        var nextOrder: Int
        var nextBankcard: Int
        var bankcards: [Bankcard]
        var accessTokens: [String: Int]
        var refreshToken: String
        var spentRefreshTokens: Set<String>
        var clientSecret: String
    }

    var kept: Kept {
        Kept(
            carts: carts, cartOrder: cartOrder, undecided: undecided, nextOrder: nextOrder, nextBankcard: nextBankcard,
            bankcards: bankcards,
            accessTokens: accessTokens, refreshToken: refreshToken, spentRefreshTokens: spentRefreshTokens, clientSecret: clientSecret)
    }

    mutating func takeUp(_ kept: Kept) {
        (carts, cartOrder, undecided) = (kept.carts, kept.cartOrder, kept.undecided)
        (nextOrder, nextBankcard, bankcards) = (kept.nextOrder, kept.nextBankcard, kept.bankcards)
        (accessTokens, refreshToken, spentRefreshTokens) = (kept.accessTokens, kept.refreshToken, kept.spentRefreshTokens)
        clientSecret = kept.clientSecret
    }

    // MARK: Credentials

    func accepts(bearer: String, at now: Int) -> Bool { (accessTokens[bearer] ?? Int.min) > now }

    mutating func addToken(_ token: String) { accessTokens[token] = Int.max }

    mutating func revokeTokens() { accessTokens.removeAll() }

    enum RefreshOutcome: Equatable {
        case granted(access: String, refresh: String)
        case invalidClient
        case invalidGrant
    }

    mutating func refresh(_ token: String, clientID: String, clientSecret: String, at now: Int) -> RefreshOutcome {
        guard clientID == self.clientID, clientSecret == self.clientSecret else { return .invalidClient }
        guard token == refreshToken else { return .invalidGrant }
        let access = secrets.secret("oat")
        accessTokens[access] = now + behaviour.accessTokenLifetime * 1000
        if behaviour.refreshTokensSingleUse {
            spentRefreshTokens.insert(token)
            refreshToken = secrets.secret("ort")
        }
        return .granted(access: access, refresh: refreshToken)
    }

    // MARK: Carts

    /// The reason why there is no such cart, or why it may no longer be paid. Nil means that it may be paid.
    func refusal(ofCart id: String) -> String? {
        if let known = behaviour.carts, !known.contains(id) { return "Cart \(id) does not exist." }
        if behaviour.closesSubmittedCarts, carts[id]?.order != nil { return "Cart \(id) has already been checked out." }
        return nil
    }

    /// The cart that a written id means to this backend.
    func reading(_ written: String) -> String {
        var id = written
        if behaviour.trimsCarts { id = id.trimmed }
        if behaviour.foldsCartCase { id = id.lowercased() }
        if behaviour.readsCartNumbers, !id.trimmed.isEmpty, id.trimmed.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            let digits = id.trimmed.drop { $0 == "0" }
            id = digits.isEmpty ? "0" : String(digits)
        }
        return id
    }

    /// The status that `payment_status` gives.
    func status(ofCart id: String) -> String {
        if carts[id]?.order != nil { return "Submitted" }
        return carts[id]?.failure != nil ? "Failed" : "Open"
    }

    private mutating func touch(_ id: String) {
        guard carts[id] == nil else { return }
        carts[id] = Cart()
        cartOrder.append(id)
    }

    mutating func note(intent: String, cart: String) {
        touch(cart)
        carts[cart]?.intents.append(intent)
    }

    mutating func noteCharge(cart: String, at now: Int) {
        touch(cart)
        if carts[cart]?.chargedAt == nil {
            carts[cart]?.chargedAt = now
            undecided.append(cart)
        }
        if carts[cart]?.failure != nil, behaviour.failedStands > 0 {
            carts[cart]?.staleUntil = now + behaviour.failedStands
        } else {
            carts[cart]?.failure = nil
        }
    }

    /// Notes that money that was held or on its way came back: the cart is not paid.
    mutating func noteReturn(cart: String) {
        guard carts[cart]?.order == nil else { return }
        carts[cart]?.chargedAt = nil
        undecided.removeAll { $0 == cart }
    }

    mutating func noteDecline(cart: String, message: String) {
        touch(cart)
        if behaviour.declineLeavesFailed, carts[cart]?.chargedAt == nil { carts[cart]?.failure = message }
    }

    mutating func scriptFailure(cart: String, error: String?) {
        touch(cart)
        carts[cart]?.scriptedFailure = error
        guard error == nil, carts[cart]?.failure != nil else { return }
        carts[cart]?.failure = nil
        if carts[cart]?.chargedAt != nil { undecided.append(cart) }
    }

    /// Makes the orders (or failures) that are due.
    ///
    /// - Returns: the intents to capture.
    mutating func settle(at now: Int) -> [String] {
        guard !undecided.isEmpty else { return [] }
        var toCapture: [String] = []
        undecided.removeAll { id in
            guard let cart = carts[id], let chargedAt = cart.chargedAt else { return true }
            guard now >= max(chargedAt + behaviour.orderDelay, cart.staleUntil ?? 0) else { return false }
            carts[id]?.staleUntil = nil
            carts[id]?.failure = nil
            if let error = cart.scriptedFailure {
                carts[id]?.failure = error
            } else {
                carts[id]?.order = nextOrder
                nextOrder += 1
                toCapture += cart.intents
            }
            return true
        }
        return toCapture
    }

    mutating func saveBankcard(user: String, paymentMethod: String) -> Int {
        let number = nextBankcard
        nextBankcard += 1
        bankcards.append(Bankcard(id: number, user: user, paymentMethod: paymentMethod))
        return number
    }
}

/// A card that the backend keeps for a customer.
package struct Bankcard: Sendable, Codable, Equatable {
    package var id: Int
    package var user: String
    package var paymentMethod: String
}
