import GatewayModel
import Moments

/// The currencies that publishable keys have shown: hints, by which the reader can be asked for a card before the intent is there.
extension GatewayMachine {
    mutating func recallCurrencies(_ facts: [String: String]) {
        for (key, value) in facts where key.hasPrefix(StoredFacts.currencyKey) {
            let publishable = PublishableKey(unchecked: String(key.dropFirst(StoredFacts.currencyKey.count)))
            if value == StoredFacts.severalCurrencies {
                mixedKeys.insert(publishable)
            } else if let currency = Currency(value) {
                currencies[publishable] = currency
            }
        }
    }

    /// An intent of this key was read.
    mutating func learn(_ currency: Currency, of key: PublishableKey, at now: Now) {
        guard !mixedKeys.contains(key), currencies[key] != currency else { return }
        let isFirst = currencies[key] == nil
        if isFirst {
            currencies[key] = currency
        } else {
            currencies[key] = nil
            mixedKeys.insert(key)
        }
        outbox.add(
            JournalEntry(
                kind: .fact, at: now.wall,
                fact: .init(key: StoredFacts.currencyKey + key.text, value: isFirst ? currency.text : StoredFacts.severalCurrencies)))
    }

    /// The currency that this cart will probably be charged in, if there is a hint.
    func currency(of cart: CartID) -> Currency? {
        guard let key = carts[cart]?.configuration?.publishableKey else { return nil }
        return currencies[key]
    }
}
