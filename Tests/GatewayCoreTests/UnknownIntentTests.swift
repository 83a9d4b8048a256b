import GatewayCore
import GatewayModel
import Moments
import Testing

/// The backend names an intent that Stripe does not know: of another account, or of a list that was wiped.
@Suite struct UnknownIntentTests {
    private static func isRead(_ call: Call) -> Bool { if case .readIntent = call { true } else { false } }
    private static func isMade(_ call: Call) -> Bool { if case .paymentIntent = call { true } else { false } }
    private static let unknown = Answer.intent(.failure(.rejected(status: 404, detail: "No such payment_intent")))

    @Test func `another is asked for, and paid`() throws {
        var store = StoreFixture(holding: Self.isRead)
        try store.pay("p1")
        store.givenIntent = { _ in "pi_2" }
        store.answer(Self.unknown, to: Self.isRead)
        #expect(store.made.count { Self.isMade($0.call) } == 2)
        store.holds = { _ in false }
        store.settle()
        #expect(store.payment("p1")?.state == .waitingForCard && store.payment("p1")?.intent?.text == "pi_2")
    }

    @Test func `where the backend has no other the payment ends, and the cart is not locked`() throws {
        var store = StoreFixture(holding: Self.isRead)
        try store.pay("p1")
        for _ in 0..<3 where store.calls.contains(where: { Self.isRead($0.call) }) { store.answer(Self.unknown, to: Self.isRead) }
        store.wait(2_000)
        let ended = try #require(store.payment("p1"))
        #expect(ended.state == .failed && ended.money == .notTaken && ended.failure?.code == .intentFailed)
        #expect(store.made.count { Self.isMade($0.call) } <= 3, "nobody is asked without end")
        store.holds = { _ in false }
        store.givenIntent = { _ in "pi_2" }
        let again = try store.pay("p2")
        #expect(store.refusal(again) == nil && store.payment("p2")?.state == .waitingForCard)
    }

    @Test func `an intent that a lost call may have changed is asked for again, and not charged unread`() throws {
        var bound = CartFacts(cart: StoreFixture.cart)
        bound.intent = CartFacts.Intent(
            id: IntentID(unchecked: "pi_1"), amountMinor: 5678, currency: StoreFixture.usd, publishableKey: StoreFixture.key,
            amount: try DecimalAmount("56.78"), accountBalance: nil)
        bound.intent?.everConfirmed = true
        var store = StoreFixture(holding: Self.isMade)
        store.reader = { command in
            if case .query = command { .success(.card(StoreFixture.card)) } else { StoreFixture.usual(command) }
        }
        try store.pay("p1", recall: Recall(cart: bound))
        store.answer(.paymentIntent(.failure(.unavailable(detail: "no answer", mayHaveActed: true))), to: Self.isMade)
        #expect(store.payment("p1")?.state == .failed)
        store.intentAmount = 6677
        store.holds = { _ in false }
        try store.pay("p2")
        let ended = try #require(store.payment("p2"))
        #expect(ended.failure?.code == .amountMismatch && ended.money == .notTaken)
        #expect(!store.made.contains { $0.call.isConfirm })
        #expect(store.made.count { Self.isMade($0.call) } > 1)
    }
}
