internal import GatewayCore
internal import GatewayModel
internal import Journal

/// What a request is about, and how it is put with what the journal knows of that.
struct Question: Sendable {
    var payment: PaymentID?
    var cart: CartID?
    var cardSetup: CardSetupID?
    var request: @Sendable (Recall) -> Request

    /// What the journal knows now.
    func recall(from journal: JournalStore) throws(JournalFailure) -> Recall {
        Recall(
            payment: try payment.flatMap { id throws(JournalFailure) in try journal.recall(payment: id) },
            cart: try cart.flatMap { id throws(JournalFailure) in try journal.recall(cart: id) },
            cardSetup: try cardSetup.flatMap { id throws(JournalFailure) in try journal.recall(cardSetup: id) })
    }
}
