import GatewayCore
import GatewayModel
import Moments
import Testing

/// A backend that takes up the questions about a cart in another order than they were asked.
@Suite struct LateIntentTests {
    private static func asksIntent(_ call: Call) -> Bool { if case .paymentIntent = call { true } else { false } }

    private func asked(in store: MoneyStore) -> [String] {
        store.made.compactMap { if case .paymentIntent(_, let amount, _, _) = $0.call { amount.text } else { nil } }
    }

    /// A payment of 12.00 comes while the backend still has an ended one's question over 11.00.
    private func changed(_ answer: Answer?) throws -> MoneyStore {
        var store = MoneyStore()
        store.confirm = { _ in
            .success(
                .confirmed(
                    ConfirmAnswer(
                        field: .confirmed, intent: MoneyStore.intent, status: .succeeded, amountMinor: 1200, currency: StoreFixture.usd)))
        }
        store.holds = Self.asksIntent
        try store.pay("p1", "11.00", minor: 1100)
        store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        #expect(store.payment("p1")?.state == .canceled)
        try store.pay("p2", "12.00", minor: 1200)
        #expect(asked(in: store) == ["11.00"], "taken up later than the next one, it would change the amount back")
        if let answer { store.answer(answer, to: Self.asksIntent) } else { store.gives("pi_1") }
        #expect(asked(in: store) == ["11.00", "12.00"])
        store.gives("pi_1")
        store.wait(1_000)
        return store
    }

    @Test func `an earlier attempt's question over another amount is answered before the next one is asked`() throws {
        let store = try changed(nil)
        #expect(store.payment("p2")?.state == .finishing)
        #expect(store.confirms == 1)
    }

    @Test func `that it is answered badly does not end the payment that waited`() throws {
        let store = try changed(.paymentIntent(.failure(.rejected(status: 422, detail: "no such amount"))))
        #expect(store.payment("p2")?.state == .finishing)
    }

    @Test func `a payment that ends while it waits for that answer asks for nothing`() throws {
        var store = MoneyStore()
        store.holds = Self.asksIntent
        try store.pay("p1", "11.00", minor: 1100)
        store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        try store.pay("p2", "12.00", minor: 1200)
        store.ask(.cancel(PaymentID(unchecked: "p2"), Recall()))
        #expect(store.payment("p2")?.state == .canceled)
        store.gives("pi_1")
        store.wait(1_000)
        #expect(asked(in: store) == ["11.00"])
    }
}
