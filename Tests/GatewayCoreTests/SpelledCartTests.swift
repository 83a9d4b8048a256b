import GatewayCore
import GatewayModel
import Moments
import Testing

/// One cart, however the tills write it, and rows of agents that did not know that.
@Suite struct SpelledCartTests {
    @Test(arguments: [("123", "0123"), ("AB-1", "ab-1"), ("0127", "127"), ("7", "007")])
    func `a cart that is written in two ways is one cart, and the backend gets what the till wrote`(first: String, second: String) throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1", cart: CartID(unchecked: first))
        #expect(try store.refused("p2", cart: CartID(unchecked: second))?.code == .cartBusy, "while it is unknown")
        store.intentStatus = .succeeded
        store.status = .submitted(order: nil)
        store.wait(20_000)
        #expect(store.payment("p1")?.money == .taken)
        #expect(try store.refused("p3", cart: CartID(unchecked: second))?.code == .cartPaid)
        store.restart()
        #expect(try store.refused("p4", cart: CartID(unchecked: second))?.code == .cartPaid, "and after a restart")
        let asked = Set(store.made.compactMap { if case .paymentIntent(let cart, _, _, _) = $0.call { cart.text } else { nil } })
        #expect(asked == [first])
    }

    @Test func `carts that differ in more than their spelling are two`() {
        #expect(CartID(unchecked: "123").lock != CartID(unchecked: "124").lock)
        #expect(CartID(unchecked: "A-01").lock != CartID(unchecked: "A-1").lock)
        #expect(CartID(unchecked: "0").lock == CartID(unchecked: "000").lock)
        #expect(CartID(unchecked: "0").lock != CartID(unchecked: "1").lock)
        #expect(CartID(unchecked: " 125").lock == CartID(unchecked: "125 ").lock)
    }

    @Test func `rows of an older agent are taken up as they are, and nothing is charged beside them`() throws {
        var old = CartFacts(cart: StoreFixture.cart)
        old.intent = CartFacts.Intent(
            id: MoneyStore.intent, amountMinor: 5678, currency: StoreFixture.usd, publishableKey: StoreFixture.key,
            amount: try DecimalAmount("56.78"), accountBalance: nil)
        old.intent?.everConfirmed = true
        var store = MoneyStore()
        store.confirm = MoneyStore.approves
        let other = try store.pay("p1", "12.00", minor: 1200, recall: Recall(cart: old))
        #expect(store.refusal(other)?.code == .cartBusy, "somebody confirmed it, and nobody knows what became of that")
        try store.pay("p2", minor: 5678, recall: Recall(cart: old))
        #expect(store.payment("p2")?.state == .finishing)
        #expect(store.payment("p2")?.intent == MoneyStore.intent)
    }
}
