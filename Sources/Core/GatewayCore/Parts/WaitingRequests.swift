import GatewayModel

/// Requests that wait until something is known, before they are decided, and what is remembered of them when they are asked again.
struct WaitingRequests: Sendable {
    enum Reason: Sendable, Hashable {
        /// The request waits for the backend's list.
        case readers
        /// The request waits for Stripe's list.
        case stripe
        /// The keyed entry of the cart is checked first. The cart is named by its lock.
        case cartCheck(CartID)
        /// The agent first reads whether money of the cart is still held. The cart is named by its lock.
        case heldCheck(CartID)
    }

    struct Item: Sendable {
        var id: RequestID
        var request: Request
        var reason: Reason
        /// The refusal when nothing can be learnt; nil for what stood in the way.
        var otherwise: Refusal?

        /// Whether this is a payment of the cart.
        func pays(_ cart: CartID) -> Bool {
            if case .pay(_, let request, _, _) = request { request.cart.lock == cart.lock } else { false }
        }
    }

    var keyed = KeyedEntries()
    private var items: [Item] = []
    /// Requests whose cart was checked, and how. The agent asks for them again, with what the journal says by then.
    private var checked: [RequestID: Reason] = [:]
    /// Requests for which Stripe's list was read, until they are answered.
    private var stripeRead: Set<RequestID> = []

    mutating func park(_ id: RequestID, _ request: Request, for reason: Reason, otherwise: Refusal? = nil) {
        items.append(Item(id: id, request: request, reason: reason, otherwise: otherwise))
    }

    /// Takes the requests for which this reason is over.
    mutating func take(_ reason: Reason) -> [Item] {
        guard isAwaited(reason) else { return [] }
        defer { items.removeAll { $0.reason == reason } }
        return items.filter { $0.reason == reason }
    }

    /// Takes the payments of this cart that wait for anything.
    mutating func takePayments(of cart: CartID) -> [Item] {
        let payments = items.filter { $0.pays(cart) }
        if !payments.isEmpty { items.removeAll { item in payments.contains { $0.id == item.id } } }
        return payments
    }

    mutating func takeAll() -> [Item] {
        defer { items = [] }
        return items
    }

    /// Notes that a request's cart was checked for this reason and for no other.
    mutating func wasChecked(_ id: RequestID, for reason: Reason) { checked[id] = reason }

    /// Takes the reason for which the request's cart was checked.
    mutating func takeChecked(_ id: RequestID) -> Reason? { checked.removeValue(forKey: id) }

    /// Notes that Stripe's list was read for a request.
    mutating func stripeWasRead(for id: RequestID) { stripeRead.insert(id) }

    func isStripeRead(for id: RequestID) -> Bool { stripeRead.contains(id) }

    mutating func answered(_ id: RequestID) { stripeRead.remove(id) }

    /// Forgets a request whose caller has gone.
    mutating func forget(_ id: RequestID) {
        items.removeAll { $0.id == id }
        checked[id] = nil
        stripeRead.remove(id)
    }

    // MARK: What is known

    var count: Int { items.count }

    /// Why this payment waits before it is decided; nil when it does not.
    func reason(of payment: PaymentID) -> Reason? {
        items.first { if case .pay(payment, _, _, _) = $0.request { true } else { false } }?.reason
    }

    /// Why this card set-up waits before it is decided; nil when it does not.
    func reason(of setup: CardSetupID) -> Reason? {
        items.first { if case .keepCard(setup, _, _) = $0.request { true } else { false } }?.reason
    }

    /// Whether a payment of this cart waits until the cart was checked.
    func isPaymentChecked(_ cart: CartID) -> Bool {
        items.contains { item in
            guard case .pay = item.request else { return false }
            return item.reason == .cartCheck(cart.lock) || item.reason == .heldCheck(cart.lock)
        }
    }

    /// Whether a payment of this cart waits for anything.
    func isPaymentWaiting(_ cart: CartID) -> Bool { items.contains { $0.pays(cart) } }

    func isAwaited(_ reason: Reason) -> Bool { items.contains { $0.reason == reason } }

    var reasons: Set<Reason> { Set(items.map(\.reason)) }
}
