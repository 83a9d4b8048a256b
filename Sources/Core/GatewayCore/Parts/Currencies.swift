import GatewayModel
import Moments

/// The currencies that publishable keys have shown. They are hints with which the reader can ask for a card before the intent is there.
struct Currencies: Sendable {
    private var hints: [PublishableKey: Currency] = [:]
    /// The keys that have shown more than one currency.
    private var mixed: Set<PublishableKey> = []

    mutating func recall(_ facts: [String: String]) {
        for (key, value) in facts where key.hasPrefix(StoredFacts.currencyKey) {
            let publishable = PublishableKey(unchecked: String(key.dropFirst(StoredFacts.currencyKey.count)))
            if value == StoredFacts.severalCurrencies {
                mixed.insert(publishable)
            } else if let currency = Currency(value) {
                hints[publishable] = currency
            }
        }
    }

    /// Notes that an intent of this key was read.
    ///
    /// - Returns: what is to be journaled; nil when nothing is new.
    mutating func learn(_ currency: Currency, of key: PublishableKey) -> JournalEntry.Fact? {
        guard !mixed.contains(key), hints[key] != currency else { return nil }
        let isFirst = hints[key] == nil
        if isFirst {
            hints[key] = currency
        } else {
            hints[key] = nil
            mixed.insert(key)
        }
        return .init(key: StoredFacts.currencyKey + key.text, value: isFirst ? currency.text : StoredFacts.severalCurrencies)
    }

    /// The currency of this key's intents, probably; nil when it is not known.
    func hint(_ key: PublishableKey) -> Currency? { hints[key] }

    /// The currency of a box whose keys have all shown the same one. A shop that has gone from test to live has two keys.
    var onlyHint: Currency? {
        guard mixed.isEmpty, let first = hints.first?.value, hints.values.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    func isMixed(_ key: PublishableKey) -> Bool { mixed.contains(key) }

    /// The keys that give a hint, in no order.
    var keys: [PublishableKey] { Array(hints.keys) }

    /// A currency for what is shown and costs nothing: one that was seen at this store. Where none was, `usd` stands in, because the
    /// reader's message needs a currency. The amount is zero in every currency.
    var forShow: Currency { hints.min { $0.key < $1.key }?.value ?? Currency(unchecked: "usd") }
}
