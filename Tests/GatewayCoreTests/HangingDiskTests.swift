import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// A disk that hangs is a disk that fails.
@Suite struct HangingDiskTests {
    private static let written = Answer.append(.success(()))
    private static let full = Answer.append(.failure(JournalTrouble(detail: "no space left")))

    @Test func `a payment whose row takes too long is refused in time, and never runs`() throws {
        var store = StoreFixture()
        store.disk = .hangs
        let put = try store.pay("p1")
        store.wait(9_900)
        #expect(store.responses[put] == nil, "the disk may still answer")
        store.wait(200)
        #expect(store.refusal(put)?.code == .journalUnavailable)
        #expect(store.machine.journalTrouble != nil, "the status says so")
        let again = try store.pay("p1")
        #expect(store.refusal(again)?.code == .journalUnavailable, "its row may land yet")
        let other = try store.pay("p2")
        #expect(store.refusal(other)?.code == .journalUnavailable, "nothing new while the disk hangs")
        store.answer(Self.written) { $0.isAppend }
        store.disk = .works
        store.settle()
        #expect(store.payment("p1")?.state == .failed)
        #expect(store.payment("p1")?.failure?.code == .journalUnavailable)
        #expect(!store.commands.contains("collectPaymentMethod"))
        #expect(store.machine.journalTrouble == nil)
        let late = try store.pay("p1", recall: Recall(payment: store.payment("p1")))
        #expect(store.shown(late)?.state == .failed, "the same id is what became of it")
        let fresh = try store.pay("p3")
        #expect(store.shown(fresh)?.state == .queued, "and the cart can be paid")
    }

    @Test func `a refused payment whose row did not land may be repeated under its id`() throws {
        var store = StoreFixture()
        store.disk = .hangs
        let put = try store.pay("p1")
        store.wait(10_100)
        #expect(store.refusal(put)?.code == .journalUnavailable)
        store.answer(Self.full) { $0.isAppend }
        store.disk = .works
        store.wait(2_100)
        let again = try store.pay("p1")
        #expect(store.shown(again)?.state == .queued)
        #expect(store.rows.count { $0.kind == .accepted } == 1)
    }

    @Test func `of two payments of one cart one is accepted while the disk hangs`() throws {
        var store = StoreFixture()
        store.disk = .hangs
        let (one, two) = (try store.pay("p1"), try store.pay("p2"))
        #expect(store.responses[one] == nil)
        #expect(store.refusal(two)?.code == .cartBusy)
        #expect(store.refusal(two)?.payment == PaymentID(unchecked: "p1"))
        store.answer(Self.written) { $0.isAppend }
        #expect(store.shown(one)?.state == .queued)
    }

    @Test func `a late row does not end the payment that was begun under another id`() throws {
        var store = StoreFixture()
        store.disk = .hangs
        _ = try store.pay("p1")
        store.wait(10_100)
        let two = try store.pay("p2")
        #expect(store.refusal(two) != nil, "not before the fate of the first is known")
        store.answer(Self.written) { $0.isAppend }
        store.disk = .works
        store.settle()
        let three = try store.pay("p3")
        #expect(store.shown(three)?.state == .queued)
        #expect(store.machine.openPayment(PaymentID(unchecked: "p3")) != nil)
        #expect(store.payment("p1")?.state == .failed)
    }

    @Test func `a card set-up whose row takes too long is refused, and never runs`() throws {
        var store = StoreFixture()
        store.ask(.openCart(StoreFixture.cart, lane: nil, reader: nil, Recall()))
        store.disk = .hangs
        let request = CardSetupRequest(user: "77", partner: "1", postalCode: "01234", reader: StoreFixture.reader.text)
        let keep = store.ask(.keepCard(CardSetupID(unchecked: "s1"), request, Recall()))
        store.wait(10_100)
        #expect(store.refusal(keep)?.code == .journalUnavailable)
        store.answer(Self.written) { $0.isAppend }
        store.disk = .works
        store.settle()
        #expect(store.rows.last?.cardSetup?.state == .failed)
        #expect(!store.machine.hasOpenCardSetups)
        #expect(!store.commands.contains("collectReusableCard"))
    }

    @Test func `a cancel that comes while confirming waits for the disk is obeyed`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.reader = { command in
            if case .query = command { return .success(.card(StoreFixture.card)) }
            return StoreFixture.usual(command)
        }
        store.disk = .hangs
        store.wait(1_000)
        #expect(store.calls.contains { $0.call.isAppend }, "confirming waits for the disk")
        let cancel = store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        store.wait(100)
        #expect(store.commands.last == "cancelCollectPaymentMethod", "the card is taken off the reader at once")
        store.answer(Self.written) { $0.isAppend }
        store.disk = .works
        store.settle()
        #expect(!store.commands.contains("confirmPayment"))
        #expect(store.payment("p1")?.state == .canceled)
        #expect(store.payment("p1")?.money == .notTaken)
        #expect(store.payment("p1")?.confirmingAt == nil)
        #expect(store.shown(cancel)?.cancelRequested == true)
    }

    @Test func `a confirm whose row takes too long is never sent`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.reader = { command in
            if case .query = command { return .success(.card(StoreFixture.card)) }
            return StoreFixture.usual(command)
        }
        store.disk = .hangs
        store.wait(12_000)
        #expect(store.commands.contains("cancelCollectPaymentMethod"))
        #expect(store.published.last?.state == .failed, "it is shown, for the disk is known to hang")
        #expect(store.published.last?.failure?.code == .journalUnavailable)
        store.answer(Self.written) { $0.isAppend }
        store.disk = .works
        store.settle()
        #expect(!store.commands.contains("confirmPayment"))
        #expect(store.rows.last { $0.payment != nil }?.payment?.state == .failed, "its end is the last that the disk says of it")
    }

    @Test func `an end that the disk does not take is shown within the deadline`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.disk = .hangs
        let cancel = store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        store.wait(100)
        #expect(store.responses[cancel] != nil || store.payment("p1")?.cancelRequested == true)
        store.wait(10_100)
        #expect(store.published.last?.state == .canceled)
        store.answer(Self.written) { $0.isAppend }
        store.disk = .works
        store.settle()
        #expect(store.payment("p1")?.state == .canceled)
    }

    /// A payment that was declined while the disk is as said.
    private func declined(_ disk: StoreFixture.Disk) throws -> (store: StoreFixture, put: RequestID) {
        var store = StoreFixture()
        store.reader = { command in
            switch command {
            case .query: .success(.card(StoreFixture.card))
            default: StoreFixture.usual(command)
            }
        }
        store.holds = \.isConfirm
        try store.pay("p1")
        store.wait(1_000)
        #expect(store.payment("p1")?.state == .authorizing)
        store.disk = disk
        store.answer(
            .reader(
                .success(
                    .confirmed(
                        ConfirmAnswer(
                            field: .declined, intent: IntentID(unchecked: "pi_1"), status: .requiresPaymentMethod, code: "card_declined")))),
            to: \.isConfirm)
        let put = try store.pay("p1")
        return (store, put)
    }

    @Test(arguments: [StoreFixture.Disk.hangs, .isFull])
    func `an end after the confirm that is not on disk is shown as not journaled, until it is`(_ disk: StoreFixture.Disk) throws {
        var (store, put) = try declined(disk)
        store.wait(10_100)
        let shown = try #require(store.shown(put))
        #expect(shown.state == .declined && shown.warnings.map(\.code) == [.notJournaled])
        #expect(shown.warnings.first?.remedy.isEmpty == false)
        #expect(store.published.last?.warnings.map(\.code) == [.notJournaled], "who follows the events is told as well")
        #expect(store.row(PaymentID(unchecked: "p1"))?.state == .authorizing, "after a crash it is decided again")
        store.disk = .works
        if disk == .hangs { store.answer(Self.full) { $0.isAppend } }
        store.settle()
        store.wait(60_000)
        let row = try #require(store.row(PaymentID(unchecked: "p1")))
        #expect(row.state == .declined && row.warnings.isEmpty, "the row that was owed is there, and warns of nothing")
        let later = try store.pay("p1", recall: Recall(payment: row))
        #expect(store.shown(later)?.warnings.isEmpty == true)
    }

    @Test func `an end before any confirm that is not on disk needs no warning`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.disk = .hangs
        store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        store.wait(10_200)
        #expect(store.published.last?.state == .canceled && store.published.last?.warnings.isEmpty == true)
    }

    @Test func `the retry of an unresolved cart that the disk refuses leaves no trace`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        store.reader = { command in
            switch command {
            case .query: .success(.card(StoreFixture.card))
            case .confirm: .failure(.lost(detail: "cut"))
            default: StoreFixture.usual(command)
            }
        }
        store.wait(1_000)
        #expect(store.payment("p1")?.state == .unresolved)
        store.disk = .hangs
        let retry = try store.pay("p2")
        // Meanwhile the backend decides the first.
        store.status = .submitted(order: OrderID(unchecked: "8812"))
        store.wait(5_000)
        store.answer(Self.full) { $0.isAppend }
        store.disk = .works
        store.wait(3_000)
        #expect(store.refusal(retry)?.code == .journalUnavailable || store.refusal(retry)?.code == .cartPaid)
        #expect(store.payment("p1")?.state == .succeeded)
        let cart = store.rows.last { $0.cart != nil }?.cart
        #expect(cart?.openPayments == [], "no payment that does not exist keeps the cart")
    }
}
