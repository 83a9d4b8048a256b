import Testing

@testable import GatewayCore
@testable import GatewayModel

/// What was learnt elsewhere helps, and decides nothing.
@Suite struct HintTests {
    private static let key = StoredFacts.currencyKey + StoreFixture.key.text

    private func collected(_ store: StoreFixture) -> [String] {
        store.made.compactMap {
            if case .reader(_, _, .collect(_, let amount, let currency, _), _) = $0.call { "\(amount) \(currency.text)" } else { nil }
        }
    }

    @Test func `a payment whose cart was never opened asks for the card at once, by the only currency that this box has met`() throws {
        var store = StoreFixture(
            facts: [Self.key: "usd"],
            holding: { if case .configuration = $0 { true } else if case .paymentIntent = $0 { true } else { false } })
        try store.pay("p1")
        store.wait(500)
        #expect(collected(store) == ["5678 usd"] && store.payment("p1")?.state == .waitingForCard)
        store.holds = { _ in false }
        store.settle()
        store.wait(500)
        #expect(collected(store) == ["5678 usd"], "it was right")
    }

    @Test func `what another key has shown is no hint any more once the cart's own key is known`() throws {
        var store = StoreFixture(
            facts: [StoredFacts.currencyKey + "pk_test_other": "jpy"],
            holding: {
                switch $0 {
                case .configuration, .paymentIntent: true
                case .reader(_, _, .activate, _): true
                default: false
                }
            })
        try store.pay("p1", "56.00")
        store.wait(500)
        store.holds = { if case .paymentIntent = $0 { true } else { false } }
        store.settle()
        store.wait(500)
        #expect(collected(store).isEmpty, "the session came after the key")
    }

    @Test func `a shop that went from test to live keeps its hint`() throws {
        var store = StoreFixture(
            facts: [Self.key: "usd", StoredFacts.currencyKey + "pk_live_other": "usd"],
            holding: { if case .configuration = $0 { true } else if case .paymentIntent = $0 { true } else { false } })
        try store.pay("p1")
        store.wait(500)
        #expect(collected(store) == ["5678 usd"])
    }

    @Test func `a box that has met two keys has no hint for a cart whose key it does not know`() throws {
        var store = StoreFixture(
            facts: [Self.key: "usd", StoredFacts.currencyKey + "pk_test_other": "eur"],
            holding: { if case .configuration = $0 { true } else if case .paymentIntent = $0 { true } else { false } })
        try store.pay("p1")
        store.wait(500)
        #expect(collected(store).isEmpty)
    }

    @Test func `a currency that was learnt of another cart refuses no amount`() throws {
        var store = StoreFixture(facts: [Self.key: "jpy"])
        let put = try store.pay("p1")
        store.wait(500)
        #expect(store.shown(put)?.state == .queued, "\(String(describing: store.refusal(put)))")
        #expect(collected(store) == ["5678 usd"])
    }

    @Test func `a reader that was asked by a wrong hint is asked again for what the intent says, in the same attempt`() throws {
        var store = StoreFixture(facts: [Self.key: "jpy"], holding: { if case .readIntent = $0 { true } else { false } })
        store.intentAmount = 5600
        try store.pay("p1", "56.00")
        store.wait(500)
        #expect(collected(store) == ["56 jpy"])
        store.holds = { _ in false }
        store.settle()
        store.wait(500)
        #expect(collected(store) == ["56 jpy", "5600 usd"])
        #expect(store.commands.contains("cancelCollectPaymentMethod"))
        #expect(store.payment("p1")?.state == .waitingForCard)
        #expect(store.payment("p1")?.currency == StoreFixture.usd)
    }

    @Test func `a card that was read for a wrong hint is not charged`() throws {
        var store = StoreFixture(facts: [Self.key: "jpy"], holding: { if case .readIntent = $0 { true } else { false } })
        store.intentAmount = 5600
        store.reader = { if case .query = $0 { .success(.card(StoreFixture.card)) } else { StoreFixture.usual($0) } }
        try store.pay("p1", "56.00")
        store.wait(500)
        store.reader = StoreFixture.usual
        store.holds = { _ in false }
        store.settle()
        store.wait(500)
        #expect(collected(store) == ["56 jpy", "5600 usd"])
        #expect(!store.commands.contains("confirmPayment"))
    }

    @Test func `a key that has shown two currencies gives no hint any more, in this life and the next`() throws {
        var store = StoreFixture(facts: [Self.key: "jpy"])
        try store.pay("p1")
        store.wait(500)
        #expect(store.machine.currencies.hint(StoreFixture.key) == nil)
        let fact = store.rows.last { $0.fact?.key == Self.key }?.fact
        let next = StoreFixture(facts: [Self.key: try #require(fact?.value)])
        #expect(next.machine.currencies.hint(StoreFixture.key) == nil)
        #expect(next.machine.currencies.isMixed(StoreFixture.key))
    }

    // MARK: What memory happens to know

    @Test func `the status and a token of a cart that the journal knows leave its row as it is`() {
        var store = StoreFixture()
        store.status = .submitted(order: OrderID(unchecked: "8812"))
        store.ask(.connectionToken(StoreFixture.cart))
        let status = store.ask(.cartStatus(StoreFixture.cart))
        #expect(store.responses[status] == .cartStatus(store.status))
        #expect(store.rows.allSatisfy { $0.cart == nil }, "who paid it stands in the journal, and was never asked")
    }
}
