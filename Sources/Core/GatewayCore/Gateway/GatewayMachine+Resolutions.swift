import GatewayModel
import Moments

/// This extension follows a technician's word that the backend may yet contradict.
extension GatewayMachine {
    /// Holds the backend's word on a cart against the technicians' words, whichever call asked for it.
    mutating func judgeResolutions(of cart: CartID, by status: CartStatus, at now: Now) {
        // The backend may speak of a confirm that is under way, or whose outcome the agent is finding out.
        guard !resolutions.isEmpty else { return }
        let money = carts[cart]?.money
        guard money?.isConfirming != true else { return }
        let isFollowed = (money?.open ?? []).contains { payments[$0.payment]?.isFollowing == true }
        guard !isFollowed else { return }
        carryOut(resolutions.heard(status, of: cart, .init(facts: money?.facts, staleFailure: policy.staleFailure), at: now), at: now)
    }

    mutating func resolutionAnswered(_ payment: PaymentID, _ status: CartStatus?, at now: Now) {
        guard let cart = resolutions.answered(payment, at: now), let status else { return }
        cartDecided(cart, status, at: now)
    }

    mutating func carryOut(_ actions: [ResolutionWatch.Action], at now: Now) {
        for action in actions {
            switch action {
            case .ask(let payment, let cart):
                call(.paymentStatus(cart), for: .resolution(payment), timeout: policy.backendTimeout, payment: nil)
            case .note(let payment, let value, let note):
                outbox.add(
                    JournalEntry(
                        kind: .fact, at: now.wall, fact: .init(key: StoredFacts.resolutionKey + payment.text, value: value), note: note))
            case .contradicted(let record, let words):
                keepWarned(record)
                outbox.add(
                    JournalEntry(
                        kind: .contradicted, at: now.wall, payment: record,
                        fact: .init(
                            key: StoredFacts.resolutionKey + record.id.text, value: StoredFacts.contradictedResolution + words),
                        note: words))
                log(.error, words, .payment(record.id))
                queue.emit(.notice(Self.contradictionNotice(of: record.id, words)))
            case .settled(let record, let note):
                keepWarned(record)
                outbox.add(
                    JournalEntry(
                        kind: .evidence, at: now.wall, payment: record,
                        fact: .init(key: StoredFacts.resolutionKey + record.id.text, value: StoredFacts.settledResolution),
                        note: note))
            }
        }
    }

    // MARK: Telling

    static var contradictionCode: String { "resolution_contradicted" }

    private static func contradictionNotice(of payment: PaymentID, _ words: String) -> AgentNotice {
        AgentNotice(
            code: contradictionCode, message: "The payment \(payment.text): \(words)",
            remedy: "Look the payment up in Stripe's dashboard and the order in the back office, and settle it with the customer there.",
            payment: payment)
    }

    /// The payments of which the backend contradicts a technician's word.
    package var contradictions: [AgentNotice] {
        resolutions.contradictions.map { Self.contradictionNotice(of: $0.payment, $0.words) }
    }
}
