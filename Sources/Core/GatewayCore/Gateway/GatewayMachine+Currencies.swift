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

    /// The currency that this cart will probably be charged in, if there is a hint.
    func currency(of cart: CartID) -> Currency? { carts[cart]?.configuration.flatMap { currencies.hint($0.publishableKey) } }
}
