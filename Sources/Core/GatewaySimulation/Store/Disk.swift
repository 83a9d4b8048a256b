internal import GatewayCore
import GatewayModel

/// The journal on disk, which a restart reads.
struct Disk: Sendable {
    private(set) var payments: [PaymentID: PaymentRecord] = [:]
    private(set) var order: [PaymentID] = []
    private(set) var carts: [CartID: CartFacts] = [:]
    private(set) var facts: [String: String] = [:]
    private(set) var cardSetups: [CardSetupID: CardSetupRecord] = [:]
    private var setupOrder: [CardSetupID] = []
    var isFull = false
    /// The moment until which no write is acknowledged.
    var hangsUntil: Int64 = 0
    private(set) var rows = 0

    mutating func apply(_ entries: [JournalEntry]) {
        for entry in entries {
            rows += 1
            if let record = entry.payment {
                if payments.updateValue(record, forKey: record.id) == nil { order.append(record.id) }
            }
            if let cart = entry.cart { carts[cart.cart] = cart }
            if let fact = entry.fact { facts[fact.key] = fact.value }
            if let record = entry.cardSetup {
                if cardSetups.updateValue(record, forKey: record.id) == nil { setupOrder.append(record.id) }
            }
        }
    }

    /// Leaves the row of a confirmed intent as older agents wrote it. Returns false where there is none whose payments have all ended.
    mutating func makeOlder(_ id: CartID) -> Bool {
        guard var intent = carts[id.lock]?.intent, intent.everConfirmed, !intent.knownNotCharged, cart(id)?.openPayments.isEmpty == true
        else { return false }
        (intent.cart, intent.said) = (nil, nil)
        carts[id.lock]?.intent = intent
        return true
    }

    var openPayments: [PaymentRecord] { order.compactMap { payments[$0] }.filter { $0.endedAt == nil } }

    var openCardSetups: [CardSetupRecord] { setupOrder.compactMap { cardSetups[$0] }.filter { $0.endedAt == nil } }

    /// The cart as the real journal recalls it: the payments say which of them are open.
    func cart(_ id: CartID) -> CartFacts? {
        let open = openPayments.filter { $0.request.cart.lock == id.lock }.map(\.id)
        guard carts[id.lock] != nil || !open.isEmpty else { return nil }
        var facts = carts[id.lock] ?? CartFacts(cart: id.lock)
        facts.openPayments = open
        return facts
    }

    /// The open carts as the real journal recalls them.
    var openCarts: [CartFacts] {
        Set(carts.keys).union(openPayments.map(\.request.cart.lock)).sorted().compactMap { cart($0) }.filter(\.isOpen)
    }
}
