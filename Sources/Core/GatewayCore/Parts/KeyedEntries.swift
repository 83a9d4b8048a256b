import GatewayModel

/// Keyed entry that is being handed out, and the checks of earlier keyed entry. A check asks whether the cart is unpaid at the backend, and
/// whether none of the intents can be charged.
struct KeyedEntries: Sendable {
    /// A check of a cart's keyed entry: its result, and for which payment it is.
    struct Look: Sendable, Equatable {
        /// The intents that are still to be read.
        fileprivate var left: Set<IntentID>
        /// The intents among `left` that the backend has yet to be asked for again, because their secrets are gone.
        fileprivate var lost: [CartFacts.Keyed] = []
        fileprivate var failure: PaymentFailure?
        /// Whether one of the intents cannot be read, so that only a technician can say that it was not charged.
        fileprivate var isUnreadable = false
        /// The payment whose card waits to be charged; nil when requests wait to be accepted.
        fileprivate(set) var payment: PaymentID?

        /// Why no card may be charged; nil when one may.
        func failure(isVouched: Bool) -> PaymentFailure? {
            failure ?? (isUnreadable && !isVouched ? CartMachine.keyedUnreadable : nil)
        }

        /// Whether another form is refused only because what was typed into an earlier one cannot be read.
        func isUnreadable(_ request: Request) -> Bool {
            guard case .keyedIntent = request else { return false }
            return failure == nil && isUnreadable
        }
    }

    /// The terms of what is handed out for each request, until the backend has answered.
    private var requests: [RequestID: CartMachine.Terms] = [:]
    /// The checks by the lock of the cart.
    private var looks: [CartID: Look] = [:]

    // MARK: Handing out

    mutating func asked(_ request: RequestID, _ terms: CartMachine.Terms) { requests[request] = terms }

    func terms(_ request: RequestID) -> CartMachine.Terms? { requests[request] }

    mutating func take(_ request: RequestID) -> CartMachine.Terms? { requests.removeValue(forKey: request) }

    // MARK: Checks

    /// Begins to ask the backend whether the cart is paid, for requests that wait. Returns false when a check is under way.
    mutating func beginLook(_ cart: CartID) -> Bool {
        guard looks[cart] == nil else { return false }
        looks[cart] = Look(left: [], payment: nil)
        return true
    }

    /// Notes that each of the intents is being read.
    ///
    /// - Parameter lost: those that the backend has to be asked for again first.
    /// - Parameter isUnreadable: whether an intent was handed out whose name is not known.
    mutating func reads(
        _ cart: CartID, _ intents: [IntentID], lost: [CartFacts.Keyed] = [], for payment: PaymentID?, isUnreadable: Bool
    ) {
        looks[cart] = Look(left: Set(intents), lost: lost, isUnreadable: isUnreadable, payment: payment)
    }

    /// Takes the backend's answer to the question for one of the intents. It may give another of them that was handed out.
    ///
    /// The same question would not find others of the same terms either, and a backend that does not answer is not asked for the rest.
    mutating func answered(
        _ asked: IntentID, of cart: CartID, _ result: Result<BackendIntent, CallFailure>
    ) -> (found: BackendIntent?, givenUp: [IntentID]) {
        let lost = looks[cart]?.lost ?? []
        var found: BackendIntent?
        if case .success(let intent) = result, lost.contains(where: { $0.id == intent.id }) { found = intent }
        let terms = lost.first { $0.id == asked }.map(CartMachine.Terms.init)
        let isSilent = if case .failure(.unavailable) = result { true } else { false }
        let over = lost.filter { isSilent || $0.id == found?.id || CartMachine.Terms($0) == terms }
        looks[cart]?.lost.removeAll { over.contains($0) }
        return (found, over.filter { $0.id != found?.id }.map(\.id))
    }

    /// Notes that an intent was read, or cannot be (nil).
    ///
    /// - Returns: whether it was the last.
    mutating func read(_ cart: CartID, _ intent: IntentID, _ status: IntentStatus?) -> Bool {
        guard looks[cart]?.left.remove(intent) != nil else { return false }
        if let status {
            if looks[cart]?.failure == nil { looks[cart]?.failure = CartMachine.keyedRefusal(status) }
        } else {
            looks[cart]?.isUnreadable = true
        }
        return looks[cart]?.left.isEmpty == true
    }

    /// Notes that the cart's own intent was read, or cannot be. It stands in the way of no payment.
    ///
    /// - Returns: whether it was the last.
    mutating func readOwn(_ cart: CartID, _ intent: IntentID) -> Bool {
        guard looks[cart]?.left.remove(intent) != nil else { return false }
        return looks[cart]?.left.isEmpty == true
    }

    mutating func takeLook(_ cart: CartID) -> Look? { looks.removeValue(forKey: cart) }

    // MARK: What is known

    /// The payment for whose card the cart is checked.
    func payment(of cart: CartID) -> PaymentID? { looks[cart]?.payment }

    /// The intent that the backend is to be asked for next.
    func nextLost(of cart: CartID) -> CartFacts.Keyed? { looks[cart]?.lost.first }

    func isLookedInto(_ cart: CartID) -> Bool { looks[cart] != nil }

    var askedCount: Int { requests.count }
    var lookCount: Int { looks.count }
}
