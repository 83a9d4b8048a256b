import GatewayCore
import GatewayModel
import Moments
import Testing

/// A backend that gives one intent for the form and the reader.
@Suite struct SharedIntentTests {
    private func form(_ store: inout MoneyStore) throws {
        let known = Recall(cart: store.store.row(StoreFixture.cart))
        let form = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, known))
        let response = try #require(store.responses[form])
        guard case .intent(let given) = response, given.id == MoneyStore.intent else {
            Issue.record("\(response)")
            return
        }
    }

    /// Of a cart that only the technician has vouched for.
    private func vouched(_ id: String, in store: inout MoneyStore) throws {
        let request = PaymentRequest(
            cart: StoreFixture.cart, amount: try DecimalAmount("56.78"), reader: StoreFixture.reader.text, afterKeyedEntry: true)
        store.ask(.pay(PaymentID(unchecked: id), request, Recall(cart: store.store.row(StoreFixture.cart)), isTechnician: true))
        store.wait(1_000)
    }

    private static func approves(_ intent: String, _ amount: Int64 = 5678) -> (ReaderCommand) -> Result<ReaderReply, ReaderFailure> {
        { _ in
            .success(
                .confirmed(
                    ConfirmAnswer(
                        field: .confirmed, intent: IntentID(unchecked: intent), status: .succeeded, amountMinor: amount,
                        currency: StoreFixture.usd)))
        }
    }

    @Test(arguments: [false, true])
    func `of an intent that was typed into, and not charged, another amount may be taken on the reader`(isConfirmed: Bool) throws {
        var store = MoneyStore()
        store.confirm = MoneyStore.declines
        if !isConfirmed {
            store.reader = { command in
                if case .collect = command { .failure(.unreachable(detail: "no connection")) } else { MoneyStore.reads(command) }
            }
        }
        try store.pay("p1")
        #expect(store.payment("p1")?.state == (isConfirmed ? .declined : .failed))
        store.reader = MoneyStore.reads
        try form(&store)
        store.confirm = Self.approves("pi_1", 6000)
        #expect(try store.refused("p2", "60.00", minor: 6000, afterKeyed: true) == nil)
        #expect(store.payment("p2")?.state == .finishing, "\(String(describing: store.payment("p2")?.failure))")
    }

    @Test(arguments: [IntentStatus.requiresPaymentMethod, .requiresAction, .succeeded])
    func `where the backend makes another intent for that amount, the one that was typed into is read before the charge`(
        status: IntentStatus
    ) throws {
        var store = MoneyStore()
        store.confirm = MoneyStore.declines
        try store.pay("p1")
        try form(&store)
        store.givenIntent = { _ in "pi_2" }
        store.confirm = Self.approves("pi_2", 6000)
        store.holds = { if case .reader(_, _, .query, _) = $0 { true } else { false } }
        #expect(try store.refused("p2", "60.00", minor: 6000, afterKeyed: true) == nil)
        store.otherIntents["pi_1"] = status
        store.holds = { _ in false }
        store.settle()
        store.wait(1_000)
        let isFree = status == .requiresPaymentMethod
        #expect(store.confirms == (isFree ? 2 : 1))
        #expect(store.payment("p2")?.state == (isFree ? .finishing : .failed))
        #expect(store.payment("p2")?.intent?.text == "pi_2")
    }

    @Test func `an intent that was typed into, and is canceled, is replaced after a restart by a technician's word`() throws {
        var store = MoneyStore()
        store.confirm = MoneyStore.declines
        try store.pay("p1")
        try form(&store)
        store.restart()
        // Nobody can read that it is canceled, for its secret is gone and the backend gives another.
        store.otherIntents["pi_1"] = .canceled
        store.givenIntent = { _ in "pi_2" }
        store.confirm = Self.approves("pi_2")
        #expect(try store.refused("p2", afterKeyed: true)?.code == .cartBusy)
        try vouched("p3", in: &store)
        #expect(store.payment("p3")?.intent?.text == "pi_2")
        #expect(store.payment("p3")?.state == .finishing)
    }

    @Test func `so is one on which a payment was lost, once a technician has resolved that and the window has passed`() throws {
        var store = MoneyStore()
        try form(&store)
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1", afterKeyed: true)
        store.restart()
        store.otherIntents["pi_1"] = .canceled
        store.givenIntent = { _ in "pi_2" }
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: false, order: nil, by: "anna", note: "looked it up", Recall()))
        #expect(store.payment("p1")?.failure?.code == .resolvedByTechnician)
        store.confirm = Self.approves("pi_2")
        store.wait(400_000)
        try vouched("p2", in: &store)
        #expect(store.payment("p2")?.intent?.text == "pi_2")
        #expect(store.payment("p2")?.state == .finishing)
        #expect(store.confirms == 2)
    }
}
