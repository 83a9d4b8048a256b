import GatewayModel
import Moments
import Testing

@testable import GatewayCore

/// The first payment of an agent that has just been started, and what is made ready for it while the backend lists the readers.
@Suite struct ColdStartTests {
    private func asked(_ store: StoreFixture) -> [String] {
        store.made.compactMap { if case .paymentIntent(_, let amount, _, .terminal) = $0.call { amount.text } else { nil } }
    }

    private func reads(_ store: StoreFixture) -> Int { store.made.count { if case .readIntent = $0.call { true } else { false } } }

    @Test func `the intent is made while the readers are listed, and the payment reads it and takes it`() throws {
        var store = StoreFixture(holding: { $0.isList || $0.isReadIntent })
        let put = try store.pay("p1")
        #expect(asked(store) == ["56.78"], "it does not wait for the list")
        #expect(store.made.contains { $0.call.isIntent && $0.trace == "p1.0" }, "it can be followed with its payment")
        #expect(store.responses[put] == nil && !store.rows.contains { $0.payment != nil }, "the payment does")
        store.holds = \.isReadIntent
        store.settle()
        #expect(store.shown(put)?.state == .queued)
        #expect(!store.commands.contains("collectPaymentMethod"), "in a location never seen the intent tells the currency")
        store.holds = { _ in false }
        store.settle()
        store.wait(1_000)
        #expect(store.payment("p1")?.intent == MoneyStore.intent)
        #expect(store.commands.contains("collectPaymentMethod"))
        #expect(asked(store) == ["56.78"] && reads(store) == 1)
    }

    @Test func `an intent that came before the list is read once, when its payment wants it`() throws {
        var store = StoreFixture(holding: \.isList)
        try store.pay("p1")
        #expect(reads(store) == 0)
        store.holds = { _ in false }
        store.settle()
        store.wait(1_000)
        #expect(store.commands.contains("collectPaymentMethod"))
        #expect(asked(store) == ["56.78"] && reads(store) == 1)
    }

    @Test func `a payment that is refused after all leaves a cart that can be paid, over another amount too`() throws {
        var store = StoreFixture(holding: \.isList)
        let put = try store.pay("p1", reader: ReaderID(unchecked: "tmr_none"))
        store.holds = { _ in false }
        store.settle()
        #expect(store.refusal(put)?.code == .readerNotFound)
        store.intentAmount = 7900
        let next = try store.pay("p2", "79.00")
        store.wait(1_000)
        #expect(store.refusal(next) == nil)
        #expect(asked(store) == ["56.78", "79.00"])
        #expect(store.payment("p2")?.amountMinor == 7900)
        #expect(store.commands.contains("collectPaymentMethod"))
    }

    @Test func `of two payments that wait for the list the second one's amount is not asked for ahead`() throws {
        var store = StoreFixture(holding: { $0.isList || $0.isIntent })
        try store.pay("p1")
        let second = try store.pay("p2", "79.00")
        #expect(asked(store) == ["56.78"])
        store.holds = { _ in false }
        store.settle()
        #expect(store.refusal(second)?.code == .cartBusy)
        store.wait(1_000)
        #expect(store.payment("p1")?.amountMinor == 5678)
        #expect(asked(store) == ["56.78"])
    }

    @Test func `nothing is made ahead for a cart that the journal knows, or whose form for the card number is open`() throws {
        var store = StoreFixture(holding: \.isList)
        try store.pay("p1", recall: Recall(cart: CartFacts(cart: StoreFixture.cart)))
        #expect(asked(store).isEmpty)
        let typed = CartID(unchecked: "c2")
        store.ask(.keyedIntent(typed, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        try store.pay("p2", cart: typed)
        #expect(asked(store).isEmpty)
    }

    @Test func `a backend that makes no intent ahead of the list is asked again by the payment`() throws {
        var store = StoreFixture(holding: { $0.isList || $0.isIntent })
        try store.pay("p1")
        store.answer(.paymentIntent(.failure(.rejected(status: 500, detail: "not now"))), to: \.isIntent)
        store.holds = { _ in false }
        store.settle()
        store.wait(1_000)
        #expect(asked(store) == ["56.78", "56.78"])
        #expect(store.commands.contains("collectPaymentMethod"))
    }

    @Test(arguments: [StoreFixture.Disk.isFull, .hangs])
    func `the disk is told first, and nothing is asked ahead of what it does not keep`(_ disk: StoreFixture.Disk) throws {
        var store = StoreFixture(holding: \.isList)
        store.disk = disk
        let put = try store.pay("p1")
        #expect(asked(store).isEmpty)
        store.wait(Outbox.deadline)
        store.holds = { _ in false }
        store.settle()
        #expect(store.refusal(put)?.code == .journalUnavailable)
        #expect(asked(store).isEmpty)
    }

    @Test func `a row that lands when the list is there has nothing asked ahead any more`() throws {
        var store = StoreFixture(holding: { $0.isList || $0.isAppend })
        let put = try store.pay("p1", reader: ReaderID(unchecked: "tmr_none"))
        store.holds = \.isAppend
        store.settle()
        #expect(store.refusal(put)?.code == .readerNotFound)
        store.holds = { _ in false }
        store.settle()
        #expect(asked(store).isEmpty)
    }
}
