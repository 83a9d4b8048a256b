/// What a reader is leased to: one attempt to have a card read, of whatever kind. A reader has one at a time.
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

    /// As it is told to people: "payment till-1-000123".
    package var words: String {
        switch self {
        case .payment(let id): "payment \(id.text)"
        case .cardSetup(let id): "card set-up \(id.text)"
        }
    }
}
