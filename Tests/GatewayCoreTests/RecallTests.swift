import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// A request that waits goes on with what the journal knows then, not with what it knew when the request came.
@Suite struct RecallTests {
    /// As the journal has it after a kill while a card was waited for.
    private func torn() throws -> (PaymentRecord, CartFacts) {
        var record = PaymentRecord(
            id: PaymentID(unchecked: "p1"), request: PaymentRequest(cart: StoreFixture.cart, amount: try DecimalAmount("56.78")),
            reader: StoreFixture.reader, readerLabel: nil, at: 1_769_851_790_000)
        record.leased = true
        record.state = .waitingForCard
        var cart = CartFacts(cart: StoreFixture.cart)
        cart.openPayments = [record.id]
        return (record, cart)
    }

    @Test func `a new payment in the first moment after a kill is taken, however slow the backend's list is`() throws {
        let (record, cart) = try torn()
        var store = StoreFixture(open: [record], carts: [cart], holding: { $0.isList })
        // It comes before the end of the torn one is on disk, and waits for the list.
        let put = try store.pay("p2", recall: Recall(payment: nil, cart: cart))
        #expect(store.responses[put] == nil)
        #expect(store.payment("p1")?.failure?.code == .agentRestarted)
        store.holds = { _ in false }
        store.settle()
        #expect(store.shown(put)?.state == .queued, "\(String(describing: store.refusal(put)))")
    }

    @Test func `a cart that memory has let go of is what the journal says when the request goes on`() throws {
        let (_, cart) = try torn()
        var store = StoreFixture(holding: { $0.isList })
        let put = try store.pay("p2", recall: Recall(payment: nil, cart: cart))
        #expect(store.responses[put] == nil)
        store.holds = { _ in false }
        store.settle()
        #expect(store.shown(put)?.state == .queued, "the payment that was open then has ended since")
    }

    @Test func `a payment that is canceled while it waits for the list is canceled, and is not told to be unknown`() throws {
        var store = StoreFixture(holding: \.isList)
        let put = try store.pay("p1")
        let cancel = store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        #expect(store.responses[put] == nil && store.responses[cancel] == nil, "nothing is decided before the list is there")
        store.holds = { _ in false }
        store.settle()
        #expect(store.shown(put) != nil)
        #expect(store.shown(cancel)?.cancelRequested == true)
        store.wait(5_000)
        #expect(store.payment("p1")?.state == .canceled)
        #expect(store.payment("p1")?.money == .notTaken)
        #expect(!store.commands.contains("confirmPayment"))
    }

    @Test func `where the list does not come the payment is refused and its cancel finds none`() throws {
        var store = StoreFixture(holding: \.isList)
        let put = try store.pay("p1")
        let cancel = store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        store.answer(.backendReaders(.failure(.unavailable(detail: "no answer", mayHaveActed: false)))) { $0.isList }
        #expect(store.refusal(put)?.code == .backendUnavailable)
        #expect(store.refusal(cancel)?.code == .paymentNotFound)
    }

    @Test func `a cart of which the backend says Submitted is refused at the till, with its order, in this life and the next`() throws {
        var store = StoreFixture()
        store.ask(.openCart(StoreFixture.cart, lane: nil, reader: StoreFixture.reader.text, Recall()))
        store.status = .submitted(order: OrderID(unchecked: "8812"))
        store.ask(.cartStatus(StoreFixture.cart))
        let put = try store.pay("p1")
        #expect(store.refusal(put)?.code == .cartPaid && store.refusal(put)?.order == OrderID(unchecked: "8812"))
        let known = try #require(store.row(StoreFixture.cart))
        var next = StoreFixture(carts: [known])
        let again = try next.pay("p2", recall: Recall(cart: known))
        #expect(next.refusal(again)?.code == .cartPaid)
        #expect(!next.commands.contains("collectPaymentMethod"))
    }
}
