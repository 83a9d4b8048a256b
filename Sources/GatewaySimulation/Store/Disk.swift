internal import GatewayCore

/// The journal on disk: what a restart reads.
struct Disk: Sendable {
    private(set) var payments: [PaymentID: PaymentRecord] = [:]
    private(set) var order: [PaymentID] = []
    private(set) var carts: [CartID: CartFacts] = [:]
    private(set) var facts: [String: String] = [:]
    var isFull = false
    private(set) var rows = 0

    mutating func apply(_ entries: [JournalEntry]) {
        for entry in entries {
            rows += 1
            if let record = entry.payment {
                if payments.updateValue(record, forKey: record.id) == nil { order.append(record.id) }
            }
            if let cart = entry.cart { carts[cart.cart] = cart }
            if let fact = entry.fact { facts[fact.key] = fact.value }
        }
    }

    var openPayments: [PaymentRecord] { order.compactMap { payments[$0] }.filter { $0.endedAt == nil } }

    /// As the real journal's: a payment not ended, keyed entry not closed, a replaced intent of a cart not paid.
    var openCarts: [CartFacts] {
        carts.keys.sorted().compactMap { carts[$0] }.filter {
            !$0.openPayments.isEmpty || $0.keyedEntry || (!$0.replaced.isEmpty && !$0.paid)
        }
    }
}
