import GatewayModel
import Moments

extension GatewayMachine {
    /// An intent of this key was read.
    mutating func learn(_ currency: Currency, of key: PublishableKey, at now: Now) { journal(currencies.learn(currency, of: key), at: now) }

    /// A fact that is new goes to the journal.
    mutating func journal(_ fact: JournalEntry.Fact?, at now: Now) {
        guard let fact else { return }
        outbox.add(JournalEntry(kind: .fact, at: now.wall, fact: fact))
    }

    /// The currency that this cart will probably be charged in, if there is a hint: its own key's, or the only one's while its own is not known yet.
    func currency(of cart: CartID) -> Currency? {
        guard let configuration = carts[cart]?.configuration else { return currencies.onlyHint }
        return currencies.hint(configuration.publishableKey)
    }
}
