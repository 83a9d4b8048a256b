internal import GatewayCore
import GatewayModel
import Moments

/// What may still be open long after the last fault, and what must be true of everything at the end.
extension World {
    /// Judges the records long after the faults stopped: only a payment without evidence may still be open.
    mutating func judgeStanding() {
        guard let machine else { return fail(.bounded, "the agent is not running") }
        for record in machine.openPayments {
            guard let number = paymentIndex[record.id] else { continue }
            guard record.state == .unresolved else {
                fail(.bounded, "\(record.id) is \(record.state.rawValue) forty minutes after the last fault")
                return
            }
            let cart = payments[number].cart
            // The status `Failed` proves nothing by itself.
            if case .submitted = backend.status(of: cart, at: now), !isUnreadableBesideTypedCard(record, cart) {
                return fail(.bounded, "\(record.id) is unresolved, and the backend has decided")
            }
            if let intent = record.intent.flatMap({ Stripe.index(of: $0) }), secretsKnown.contains(intent),
                stripe.intents[intent].status == .requiresPaymentMethod || stripe.intents[intent].status == .canceled
            {
                return fail(.bounded, "\(record.id) is unresolved, and Stripe could be asked")
            }
        }
    }

    /// Whether the order is that of a typed card, and the secret of the reader's intent went with an earlier life: the backend does not
    /// give it again for a closed cart. Only a technician who has looked can say what the intent's result is.
    private func isUnreadableBesideTypedCard(_ record: PaymentRecord, _ cart: Int) -> Bool {
        let isTypedCharged = backend.carts[cart].intents.contains { intent in
            stripe.intents[intent].isKeyed && [.succeeded, .requiresCapture].contains(stripe.intents[intent].status)
        }
        guard isTypedCharged, let intent = record.intent.flatMap({ Stripe.index(of: $0) }) else { return false }
        return !secretsKnown.contains(intent)
    }

    mutating func judgeTheEnd() {
        guard let machine else { return fail(.bounded, "the agent is not running") }
        judgeSetupsAtTheEnd()
        for record in machine.openPayments { return fail(.bounded, "\(record.id) is \(record.state.rawValue) at the end") }
        for truth in payments {
            guard let record = disk.payments[truth.id] else {
                if truth.wasAcknowledged { return fail(.neverLost, "\(truth.id) was answered and is not on disk") }
                if truth.confirms > 0 { return fail(.neverLost, "\(truth.id) was confirmed and is not on disk") }
                continue
            }
            guard record.state.isEnd else { return fail(.neverLost, "\(truth.id) is \(record.state.rawValue) on disk") }
            if let shown = truth.shownEnd, Self.bare(shown) != Self.bare(record) {
                return fail(.endIsFinal, "\(truth.id) was shown otherwise than it is kept")
            }
            judgeEnd(record)
            if record.state == .succeeded, let charge = truth.charge.map({ stripe.charges[$0] }), !truth.resolvedByTechnician,
                !charge.differs,
                record.amountMinor.map({ $0 + record.tipMinor }) != charge.amount
            {
                return fail(
                    .amounts, "\(truth.id): charged \(charge.amount), kept \(record.amountMinor ?? 0) and a tip of \(record.tipMinor)")
            }
            if violation != nil { return }
        }
        for cart in carts.indices {
            let standing = stripe.charges.filter { $0.cart == cart && !$0.voided && $0.payment != nil }
            guard let charge = standing.first, let payment = charge.payment, backend.carts[cart].order != nil, !carts[cart].isMisjudged
            else { continue }
            let told = payments.contains {
                $0.cart == cart
                    && (disk.payments[$0.id]?.money == .taken || disk.payments[$0.id]?.money == .authorized || $0.resolvedByTechnician)
            }
            if !told { return fail(.neverLost, "\(payments[payment].id) was charged and ordered, and no payment of the cart says so") }
        }
    }
}
