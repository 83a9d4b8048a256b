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
        let known = try journal.recall(payment: payment, cart: cart, cardSetup: cardSetup)
        return Recall(payment: known.payment, cart: known.cart, cardSetup: known.cardSetup)
    }
}
