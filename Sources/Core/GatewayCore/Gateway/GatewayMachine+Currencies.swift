import GatewayModel
import Moments

extension GatewayMachine {
    /// Notes the currency of an intent of this key.
    mutating func learn(_ currency: Currency, of key: PublishableKey, at now: Now) { journal(currencies.learn(currency, of: key), at: now) }

    /// Writes a new fact to the journal.
    mutating func journal(_ fact: JournalEntry.Fact?, at now: Now) {
        guard let fact else { return }
        outbox.add(JournalEntry(kind: .fact, at: now.wall, fact: fact))
    }

    /// The currency in which this cart will probably be charged; nil without a hint. It is that of the cart's own key, or the only known
    /// one while its key is not known yet.
    func currency(of cart: CartID) -> Currency? {
        guard let configuration = carts[cart]?.configuration else { return currencies.onlyHint }
        return currencies.hint(configuration.publishableKey)
    }
}
