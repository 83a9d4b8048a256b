import Moments
import Testing

@testable import GatewayCore
@testable import GatewayModel

@Suite struct CurrenciesTests {
    private static let key = PublishableKey(unchecked: "pk_test_1")
    private static let eur = Currency(unchecked: "eur")
    private static let usd = Currency(unchecked: "usd")

    @Test func `a currency is journaled when it is first seen, and not again`() {
        var currencies = Currencies()
        let facts = [currencies.learn(Self.eur, of: Self.key), currencies.learn(Self.eur, of: Self.key)]
        #expect(facts == [.init(key: "currency.pk_test_1", value: "eur"), nil])
        #expect(currencies.hint(Self.key) == Self.eur)
    }

    @Test func `a key that has shown two currencies hints at none, ever again`() {
        var currencies = Currencies()
        _ = currencies.learn(Self.eur, of: Self.key)
        let facts = [currencies.learn(Self.usd, of: Self.key), currencies.learn(Self.usd, of: Self.key)]
        #expect(facts == [.init(key: "currency.pk_test_1", value: "several"), nil])
        #expect(currencies.hint(Self.key) == nil && currencies.isMixed(Self.key) && currencies.keys.isEmpty)
    }

    @Test func `what the journal knows is known after a start`() {
        var currencies = Currencies()
        currencies.recall([
            "currency.pk_test_1": "eur", "currency.pk_test_2": "several", "currency.pk_test_3": "no currency", "other": "usd",
        ])
        #expect(currencies.hint(Self.key) == Self.eur && currencies.keys == [Self.key])
        #expect(currencies.isMixed(PublishableKey(unchecked: "pk_test_2")))
    }

    @Test func `what costs nothing is shown in a currency of the store, or in dollars`() {
        var currencies = Currencies()
        #expect(currencies.forShow == Self.usd)
        _ = currencies.learn(Self.eur, of: Self.key)
        #expect(currencies.forShow == Self.eur)
    }
}
