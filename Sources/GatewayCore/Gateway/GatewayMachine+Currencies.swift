/// The currencies that publishable keys have shown: hints, by which the reader can be asked for a card before the intent is there.
extension GatewayMachine {
    static var currencyKey: String { "currency." }
    /// The value of one that has shown more than one: it tells nothing any more.
    private static var several: String { "several" }

    mutating func recallCurrencies(_ facts: [String: String]) {
        for (key, value) in facts where key.hasPrefix(Self.currencyKey) {
            let publishable = PublishableKey(unchecked: String(key.dropFirst(Self.currencyKey.count)))
            if value == Self.several {
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
                kind: .fact, at: now.wall, fact: .init(key: Self.currencyKey + key.text, value: isFirst ? currency.text : Self.several)))
    }

    /// The currency that this cart will probably be charged in, if there is a hint.
    func currency(of cart: CartID) -> Currency? {
        guard let key = carts[cart]?.configuration?.publishableKey else { return nil }
        return currencies[key]
    }
}
