import GatewayCore
import GatewayModel
import Moments
import Testing

/// Money that is held, and what a technician says of money: rows 24 and 27 of `MoneyRowTests`.
@Suite struct HeldMoneyTests {
    @Test func `money that is held no more does not hold the cart`() throws {
        var store = MoneyStore()
        store.status = .failed(error: "out of stock")
        try store.pay("p1")
        store.intentStatus = .requiresCapture
        store.wait(130_000)
        #expect(store.payment("p1")?.failure?.code == .orderFailed)
        #expect(store.payment("p1")?.money == .authorized)
        #expect(try store.refused("p2")?.code == .cartHeld)
        store.intentStatus = .canceled
        store.otherIntents = ["pi_2": .requiresPaymentMethod]
        store.givenIntent = { _ in "pi_2" }
        store.status = .open
        store.holdsConfirm = true
        try store.pay("p3")
        #expect(store.payment("p3")?.state == .authorizing)
    }

    @Test func `whoever acknowledges a hold that Stripe has just ended is answered when the journal knows that`() throws {
        var store = MoneyStore()
        store.status = .failed(error: "out of stock")
        try store.pay("p1")
        store.intentStatus = .requiresCapture
        store.wait(130_000)
        #expect(store.payment("p1")?.money == .authorized)
        store.intentStatus = .canceled
        store.store.disk = .isFull
        _ = try store.refused("p2")
        let known = Recall(payment: store.payment("p1"), cart: store.store.row(StoreFixture.cart))
        #expect(known.cart?.held != nil)
        let asked = store.ask(.acknowledge(PaymentID(unchecked: "p1"), by: "anna", note: "let go", known))
        #expect(store.refusal(asked)?.code == .journalUnavailable, "after a crash it would be held again")
        store.store.disk = .works
        let again = store.ask(.acknowledge(PaymentID(unchecked: "p1"), by: "anna", note: "let go", known))
        #expect(store.store.shown(again)?.id.text == "p1")
        #expect(store.store.row(StoreFixture.cart)?.held == nil)
    }

    @Test func `after a technician's not taken another intent comes only when window and idle have passed`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.wait(1_000)
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: false, order: nil, by: "ann", note: "not in the dashboard", Recall()))
        #expect(store.payment("p1")?.failure?.code == .resolvedByTechnician)
        #expect(try store.refused("p2", "12.00", minor: 1200)?.code == .cartBusy)
        store.restart()
        #expect(try store.refused("p3", "12.00", minor: 1200)?.code == .cartBusy, "the journal keeps it")
        store.wait(3_800_000)
        store.confirm = MoneyStore.approves
        let refused = try store.refused("p4", "12.00", minor: 1200)
        #expect(store.payment("p4")?.state == .finishing, "\(String(describing: refused))")
    }

    @Test func `after a restart the window of what a technician has said begins by itself, and ends by itself`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        store.holds = { $0.isProof }
        try store.pay("p1")
        store.wait(1_000)
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: false, order: nil, by: "ann", note: "not in the dashboard", Recall()))
        let before = store.made.count { $0.call.isProof }
        store.restart()
        store.wait(5_000)
        #expect(store.made.count { $0.call.isProof } > before, "nobody asks for the cart, and its reader is proved idle")
        store.wait(200_000)
        #expect(store.rows.last { $0.cart?.cart == StoreFixture.cart }?.cart?.intent?.knownNotCharged == true)
        // A backend that makes a new intent each time, and that nobody can read the old one from.
        store.restart()
        store.givenIntent = { _ in "pi_2" }
        store.confirm = { _ in
            .success(
                .confirmed(
                    ConfirmAnswer(
                        field: .confirmed, intent: IntentID(unchecked: "pi_2"), status: .succeeded, amountMinor: 5678,
                        currency: StoreFixture.usd)))
        }
        try store.pay("p2")
        #expect(store.payment("p2")?.intent == IntentID(unchecked: "pi_2"))
        #expect(store.payment("p2")?.state == .finishing)
    }

    /// A charge that is known, no order, and nobody who could read the intent: a restart, and a backend that makes another each time.
    private func heldUnread() throws -> MoneyStore {
        var store = MoneyStore()
        try store.pay("p1")
        store.wait(130_000)
        #expect(store.payment("p1")?.money == .authorized)
        store.givenIntent = { _ in "pi_2" }
        store.confirm = { _ in
            .success(
                .confirmed(
                    ConfirmAnswer(
                        field: .confirmed, intent: IntentID(unchecked: "pi_2"), status: .succeeded, amountMinor: 5678,
                        currency: StoreFixture.usd)))
        }
        return store
    }

    @Test(arguments: [false, true])
    func `money that was let go, as a technician says, holds the cart for the window and not for ever`(restarts: Bool) throws {
        var store = try heldUnread()
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: false, order: nil, by: "ann", note: "let go in the dashboard", Recall()))
        #expect(store.payment("p1")?.failure?.code == .resolvedByTechnician)
        if restarts { store.restart() }
        let early = try store.refused("p2")
        #expect(early?.code == .cartBusy)
        #expect(early?.payment == PaymentID(unchecked: "p1"))
        store.wait(200_000)
        if restarts { store.restart() }
        #expect(try store.refused("p3") == nil)
        #expect(store.payment("p3")?.intent == IntentID(unchecked: "pi_2"))
        #expect(store.payment("p3")?.state == .finishing)
    }

    @Test(arguments: [false, true])
    func `a charge that shows after a technician's not taken is one, and nothing is charged beside it`(restarts: Bool) throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: false, order: nil, by: "ann", note: "not in the dashboard", Recall()))
        store.intentStatus = .succeeded
        store.confirm = MoneyStore.approves
        let before = store.confirms
        try store.pay("p2")
        #expect(store.payment("p2")?.failure?.code == .cartPaid)
        if restarts { store.restart() }
        store.wait(3_900_000)
        try store.pay("p3")
        #expect(store.payment("p3") == nil || store.payment("p3")?.failure?.code == .cartPaid)
        #expect(store.confirms == before)
    }

    @Test(arguments: [false, true])
    func `a hold that a technician has acknowledged makes way for another intent`(restarts: Bool) throws {
        var store = try heldUnread()
        store.status = .failed(error: "out of stock")
        store.wait(300_000)
        let held = try #require(store.payment("p1"))
        #expect(held.failure?.code == .orderFailed)
        #expect(try store.refused("p2")?.code == .cartHeld)
        store.ask(.acknowledge(held.id, by: "ann", note: "released", Recall(payment: held)))
        if restarts { store.restart() }
        store.status = .open
        #expect(try store.refused("p3") == nil)
        #expect(store.payment("p3")?.intent == IntentID(unchecked: "pi_2"))
        #expect(store.payment("p3")?.state == .finishing)
    }

    /// A cart whose hold a technician acknowledges while the disk hangs.
    private func acknowledging() throws -> (store: MoneyStore, asked: RequestID) {
        var store = try heldUnread()
        store.status = .failed(error: "out of stock")
        store.wait(300_000)
        let held = try #require(store.payment("p1"))
        #expect(held.failure?.code == .orderFailed)
        store.store.disk = .hangs
        let asked = store.ask(.acknowledge(held.id, by: "ann", note: "released", Recall(payment: held)))
        return (store, asked)
    }

    @Test func `nothing is accepted on a technician's word that the journal does not keep yet`() throws {
        var (store, asked) = try acknowledging()
        #expect(try store.refused("p2")?.code == .cartHeld)
        let form = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        #expect(store.refusal(form)?.code == .cartHeld)
        store.store.disk = .works
        store.answer(.append(.success(()))) { $0.isAppend }
        #expect(store.refusal(asked) == nil)
        store.status = .open
        #expect(try store.refused("p3") == nil)
        #expect(store.payment("p3")?.state == .finishing)
    }

    @Test func `a hold whose end could not be written stands, in the journal too`() throws {
        var (store, asked) = try acknowledging()
        _ = try store.refused("p2")
        store.store.disk = .works
        store.answer(.append(.failure(JournalTrouble(detail: "no space left")))) { $0.isAppend }
        store.wait(3_000)
        #expect(store.refusal(asked)?.code == .journalUnavailable)
        #expect(store.store.row(StoreFixture.cart)?.held == PaymentID(unchecked: "p1"))
        #expect(store.payment("p2") == nil)
        store.restart()
        #expect(try store.refused("p3")?.code == .cartHeld)
    }

    @Test func `of two attempts one was taken, whatever two technicians say`() throws {
        var store = MoneyStore()
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        try store.pay("p2")
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: true, order: nil, by: "ann", note: "seen", Recall()))
        #expect(store.payment("p1")?.money == .taken)
        #expect(store.payment("p2")?.failure?.code == .superseded)
        let second = store.ask(.resolve(PaymentID(unchecked: "p2"), paid: true, order: nil, by: "bob", note: "seen", Recall()))
        #expect(store.refusal(second)?.code == .alreadyEnded || store.refusal(second)?.code == .paymentNotFound)
        #expect(store.payment("p2")?.money == .notTaken)
    }
}
