/// The holder of a reader's lease: one attempt of any kind to have a card read. A reader has one holder at a time.
package enum LeaseHolder: Sendable, Hashable {
    case payment(PaymentID)
    case cardSetup(CardSetupID)

    package var payment: PaymentID? {
        if case .payment(let id) = self { return id }
        return nil
    }

    package var cardSetup: CardSetupID? {
        if case .cardSetup(let id) = self { return id }
        return nil
    }

    /// The holder in words for people: "payment till-1-000123".
    package var words: String {
        switch self {
        case .payment(let id): "payment \(id.text)"
        case .cardSetup(let id): "card set-up \(id.text)"
        }
    }
}
