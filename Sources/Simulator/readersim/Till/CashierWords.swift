import CheckoutAPI

/// A payment as a cashier sees it.
struct CashierWords {
    let payment: Payment

    private var reader: String { payment.readerLabel ?? payment.reader ?? "the reader" }

    /// The words while the payment runs.
    var doing: String {
        switch payment.state {
        case .queued: "Waiting for \(reader)."
        case .preparing: "One moment: \(reader) is being prepared."
        case .waitingForCard: "Please ask for the card: \(payment.amount) at \(reader)."
        case .authorizing: "The card is being charged."
        case .finishing: "The card was charged. The order is being completed."
        case .unresolved: "Not known yet whether the money was taken."
        case .succeeded, .declined, .canceled, .canceledByCustomer, .timedOut, .failed: outcome
        }
    }

    /// The words when the payment has ended, and the cashier's next step.
    var outcome: String {
        switch payment.money {
        case .taken:
            let card = payment.card.map { [$0.brand, $0.last4].compactMap { $0 }.joined(separator: " ") }.flatMap { $0.isEmpty ? nil : $0 }
            return "PAID \(payment.amount)" + (card.map { " with \($0)" } ?? "") + (payment.order.map { ", order \($0)" } ?? "")
        case .notTaken: return "NOT PAID. " + reasons
        case .authorized: return "HELD \(payment.amount): take no other payment. " + reasons
        case .unknown: return "NOT KNOWN YET. \(Self.advice)"
        }
    }

    /// The cashier's next step while the result is unknown.
    static let advice = """
        Do not take the money another way. Wait, or type "pay" to try this same sale again: that can never charge twice. \
        "new" leaves it to the back office.
        """

    private var reasons: String {
        [payment.failure?.message ?? "The payment is \(payment.state.rawValue).", payment.failure?.remedy].compactMap { $0 }
            .joined(separator: " ")
    }
}
