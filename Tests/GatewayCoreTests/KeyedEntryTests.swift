import GatewayCore
import GatewayModel
import Moments
import Testing

/// A card that is typed in, and a cart that is written in several ways: rows 15, 22 and 30 of `MoneyRowTests`.
@Suite struct KeyedEntryTests {
    private func keyed(_ store: inout MoneyStore) throws {
        store.givenIntent = { $0 == .card ? "pi_k" : "pi_1" }
        store.otherIntents = ["pi_k": .requiresPaymentMethod]
        store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        #expect(try store.refused("p0")?.code == .cartBusy)
    }

    @Test func `after a typed card was declined the customer taps, once the form is closed`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.status = .failed(error: "card declined")
        try store.pay("p1", afterKeyed: true)
        #expect(store.payment("p1")?.state == .finishing)
        store.status = .submitted(order: nil)
        store.wait(3_000)
        #expect(store.payment("p1")?.money == .taken)
        #expect(store.confirms == 1)
    }

    @Test func `while the customer is asked in the bank's app nothing is taken on the reader`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.otherIntents["pi_k"] = .requiresAction
        #expect(try store.refused("p1", afterKeyed: true)?.code == .cartBusy)
        #expect(store.confirms == 0)
    }

    @Test func `that held money was let go does not spare the look into keyed entry`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.status = .failed(error: "out of stock")
        try store.pay("p1", afterKeyed: true)
        store.intentStatus = .requiresCapture
        store.wait(130_000)
        #expect(store.payment("p1")?.money == .authorized)
        // The hold ends while the customer is asked in the bank's app for the card that was typed in.
        store.intentStatus = .canceled
        store.otherIntents["pi_k"] = .requiresAction
        #expect(try store.refused("p2", afterKeyed: true)?.code == .cartBusy)
        #expect(store.confirms == 1)
    }

    @Test func `that a typed card was charged is remembered over a restart, so that its order is not taken for the reader's`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        store.status = .open
        try store.pay("p1", afterKeyed: true)
        store.otherIntents["pi_k"] = .succeeded
        store.wait(20_000)
        #expect(store.payment("p1")?.state == .unresolved)
        #expect(store.rows.last { $0.cart != nil }?.cart?.keyed?.first?.isCharged == true)
        store.restart()
        store.status = .submitted(order: nil)
        store.wait(1_000)
        #expect(store.payment("p1")?.money != .taken, "its intent was read as not charged, and the typed one as charged")
    }

    @Test func `a cart whose typed card was charged can be paid once that money was let go`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.otherIntents["pi_k"] = .succeeded
        #expect(try store.refused("p1", afterKeyed: true)?.code == .cartPaid)
        #expect(try store.refused("p2", afterKeyed: true)?.code == .cartPaid)
        // Its order fails.
        store.otherIntents["pi_k"] = .canceled
        store.status = .failed(error: "out of stock")
        #expect(try store.refused("p3", afterKeyed: true) == nil)
        #expect(store.payment("p3")?.state == .finishing)
        #expect(store.confirms == 1)
    }

    @Test func `a form opens once the money that was held for its cart was let go`() throws {
        var store = MoneyStore()
        store.status = .failed(error: "out of stock")
        try store.pay("p1")
        store.intentStatus = .requiresCapture
        store.wait(130_000)
        #expect(store.payment("p1")?.money == .authorized)
        store.givenIntent = { $0 == .card ? "pi_k" : "pi_1" }
        let refused = try askForm(&store)
        #expect(store.refusal(refused)?.code == .cartHeld)
        store.intentStatus = .canceled
        let opened = try askForm(&store)
        guard case .intent(let given)? = store.responses[opened] else { throw Missing() }
        #expect(given.id.text == "pi_k")
    }

    @Test func `a second form opens once what was typed into the first one was charged and let go`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.otherIntents["pi_k"] = .succeeded
        #expect(try store.refused("p1", afterKeyed: true)?.code == .cartPaid)
        let refused = try askForm(&store)
        #expect(store.refusal(refused)?.code == .cartPaid)
        store.otherIntents["pi_k"] = .canceled
        store.status = .failed(error: "out of stock")
        store.givenIntent = { $0 == .card ? "pi_k2" : "pi_1" }
        let opened = try askForm(&store)
        guard case .intent(let given)? = store.responses[opened] else { throw Missing() }
        #expect(given.id.text == "pi_k2")
    }

    private func askForm(_ store: inout MoneyStore) throws -> RequestID {
        store.wait(0)
        return store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
    }

    @Test func `of two forms that are asked for at once one is opened`() throws {
        var store = MoneyStore()
        store.store.holds = { if case .paymentIntent = $0 { true } else { false } }
        let form = Request.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall())
        let first = store.ask(form)
        let second = store.ask(form)
        #expect(store.refusal(second)?.code == .cartBusy && store.refusal(second)?.remedy != nil)
        store.gives("pi_k")
        guard case .intent? = store.responses[first] else { throw Missing() }
        #expect(store.made.count { if case .paymentIntent = $0.call { true } else { false } } == 1)
    }

    @Test func `nobody gets the secret of a form before the journal knows which intent may be typed into`() throws {
        var store = MoneyStore()
        let isMade = { (call: Call) in if case .paymentIntent = call { true } else { false } }
        store.store.holds = isMade
        let form = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        store.store.holds = { isMade($0) || $0.isAppend }
        store.gives("pi_k")
        #expect(store.responses[form] == nil, "killed now, the agent would not know of it")
        #expect(try store.refused("p1", afterKeyed: true)?.code == .cartBusy, "nobody can have closed what is not open yet")
        store.store.answer(.append(.success(()))) { $0.isAppend }
        guard case .intent(let given)? = store.responses[form] else { throw Missing() }
        #expect(given.id.text == "pi_k")
        #expect(store.rows.last { $0.cart != nil }?.cart?.keyed?.map(\.id.text) == ["pi_k"])
    }

    @Test func `a form whose intent cannot be journaled is not opened`() throws {
        var store = MoneyStore()
        let isMade = { (call: Call) in if case .paymentIntent = call { true } else { false } }
        store.store.holds = isMade
        let form = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        store.store.holds = { isMade($0) || $0.isAppend }
        store.gives("pi_k")
        store.store.answer(.append(.failure(JournalTrouble(detail: "no space left")))) { $0.isAppend }
        #expect(store.refusal(form)?.code == .journalUnavailable)
    }

    @Test func `no second form is opened while the customer of the first is asked in the bank's app`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.otherIntents["pi_k"] = .requiresAction
        _ = try store.refused("p1", afterKeyed: true)
        let form = Request.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall())
        let second = store.ask(form)
        #expect(store.refusal(second)?.code == .cartBusy)
        #expect(store.made.count { if case .paymentIntent = $0.call { true } else { false } } == 1)
    }

    @Test(arguments: [IntentStatus.requiresAction, .processing, .succeeded])
    func `what became of the first form is read before a second one is opened`(status: IntentStatus) throws {
        var store = MoneyStore()
        try keyed(&store)
        store.otherIntents["pi_k"] = status
        let second = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        #expect(store.refusal(second)?.code == (status == .succeeded ? .cartPaid : .cartBusy))
        guard status != .succeeded else { return }
        store.otherIntents["pi_k"] = .requiresPaymentMethod
        let third = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        guard case .intent? = store.responses[third] else { throw Missing() }
    }

    @Test func `after a restart no second form is opened while the first cannot be read`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.restart()
        store.givenIntent = { $0 == .card ? "pi_other" : "pi_1" }
        let known = Recall(cart: store.store.row(StoreFixture.cart))
        let second = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, known))
        #expect(store.refusal(second)?.code == .cartBusy)
        #expect(store.refusal(second)?.remedy?.contains("make a new cart") == true)
        store.givenIntent = { $0 == .card ? "pi_k" : "pi_1" }
        let third = store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, known))
        guard case .intent(let given)? = store.responses[third] else { throw Missing() }
        #expect(given.id.text == "pi_k")
    }

    private struct Missing: Error {}

    @Test func `the keyed intent is read once more right before the card is charged`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.holds = { if case .reader(_, _, .query, _) = $0 { true } else { false } }
        try store.pay("p1", afterKeyed: true)
        store.otherIntents["pi_k"] = .succeeded
        store.holds = { _ in false }
        store.settle()
        store.wait(1_000)
        #expect(store.payment("p1")?.failure?.code == .cartPaid)
        #expect(store.confirms == 0)
    }

    @Test(arguments: [false, true])
    func `a card that is typed in while the reader charges another is told, also when the order is there first`(isLate: Bool) throws {
        var store = MoneyStore()
        try keyed(&store)
        store.statusBefore = .open
        store.status = .submitted(order: nil)
        let isRead = { (call: Call) in
            if case .readIntent(let id, _, _) = call { id.text == "pi_k" } else { false }
        }
        store.holdsConfirm = true
        try store.pay("p1", afterKeyed: true)
        // The till said that the form is closed, and the customer went on typing.
        store.otherIntents["pi_k"] = .succeeded
        store.holdsConfirm = false
        store.holds = { isLate && isRead($0) }
        store.answer(.reader(MoneyStore.approves(.heartbeat)), to: \.isConfirm)
        store.wait(3_000)
        #expect(store.payment("p1")?.state == .succeeded)
        store.holds = { _ in false }
        store.settle()
        #expect(store.payment("p1")?.warnings.map(\.code) == [.chargedTwice])
        #expect(store.store.rows.count { $0.kind == .warned } == 1)
        #expect(store.store.machine.standingWarnings.map(\.code) == ["charged_twice"])
        store.wait(60_000)
        #expect(store.payment("p1")?.warnings.count == 1 && store.payment("p1")?.money == .taken)
    }

    @Test func `a payment beside which nothing was typed in warns of nothing, and is looked at once`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.statusBefore = .open
        store.status = .submitted(order: nil)
        try store.pay("p1", afterKeyed: true)
        store.wait(1_000)
        let reads = store.reads
        #expect(store.payment("p1")?.state == .succeeded && store.payment("p1")?.warnings.isEmpty == true)
        store.wait(60_000)
        #expect(store.reads == reads)
    }

    @Test func `after a restart the keyed intent is asked for again, and only the same one counts`() throws {
        var store = MoneyStore()
        try keyed(&store)
        store.restart()
        store.givenIntent = { $0 == .card ? "pi_other" : "pi_1" }
        let refused = try store.refused("p1", afterKeyed: true)
        #expect(refused?.code == .cartBusy)
        store.givenIntent = { $0 == .card ? "pi_k" : "pi_1" }
        try store.pay("p2", afterKeyed: true)
        #expect(store.payment("p2")?.state == .finishing)
    }

    /// Hands out a form for each of these amounts, and restarts the agent, whose backend goes on to make other intents.
    private func forms(of amounts: [String], in store: inout MoneyStore) throws {
        store.intentStatus = .requiresPaymentMethod
        for (number, amount) in amounts.enumerated() {
            store.givenIntent = { $0 == .card ? "pi_k\(number)" : "pi_1" }
            let known = Recall(cart: store.store.row(StoreFixture.cart))
            store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount(amount), accountBalance: nil, known))
        }
        store.restart()
        store.givenIntent = { $0 == .card ? "pi_other" : "pi_1" }
    }

    private func questions(in store: MoneyStore) -> Int {
        store.store.calls.count { if case .paymentIntent = $0.call { true } else { false } }
    }

    @Test func `the backend is asked for the intents of earlier forms one at a time, and once for the same terms`() throws {
        var store = MoneyStore()
        try forms(of: ["56.78", "60.00", "56.78", "56.78", "60.00"], in: &store)
        store.holds = { if case .paymentIntent = $0 { true } else { false } }
        let asked = try store.pay("p1", afterKeyed: true)
        #expect(questions(in: store) == 1)
        store.gives("pi_other")
        #expect(questions(in: store) == 1 && store.refusal(asked) == nil)
        store.gives("pi_other")
        #expect(questions(in: store) == 0)
        #expect(store.refusal(asked)?.code == .cartBusy)
    }

    @Test func `a backend that does not answer for one form is asked for no other, and counts as there`() throws {
        var store = MoneyStore()
        try forms(of: ["1.00", "2.00", "3.00", "4.00", "5.00", "6.00"], in: &store)
        store.holds = { if case .paymentIntent = $0 { true } else { false } }
        let asked = try store.pay("p1", afterKeyed: true)
        store.answer(.paymentIntent(.failure(.unavailable(detail: "no answer", mayHaveActed: true)))) {
            if case .paymentIntent = $0 { true } else { false }
        }
        #expect(questions(in: store) == 0)
        #expect(store.refusal(asked)?.code == .cartBusy)
        #expect(!store.store.machine.refusesForBackend(at: store.now))
    }

    @Test func `each form's intent is read that the backend gives again`() throws {
        var store = MoneyStore()
        try forms(of: ["1.00", "2.00", "3.00"], in: &store)
        store.holds = { if case .paymentIntent(_, _, _, .card) = $0 { true } else { false } }
        try store.pay("p1", afterKeyed: true)
        for intent in ["pi_k0", "pi_k1", "pi_k2"] { store.gives(intent) }
        #expect(store.payment("p1") != nil)
    }

    @Test func `where keyed entry cannot be read only a technician may say that nothing was typed in`() throws {
        var store = MoneyStore()
        store.givenIntent = { $0 == .card ? "pi_9" : "pi_1" }
        store.ask(.keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall()))
        store.restart()
        // The secret is gone, and the backend gives another.
        store.givenIntent = { $0 == .card ? "pi_10" : "pi_1" }
        #expect(try store.refused("p1", afterKeyed: true)?.code == .cartBusy)
        let request = PaymentRequest(
            cart: StoreFixture.cart, amount: try DecimalAmount("56.78"), reader: StoreFixture.reader.text, afterKeyedEntry: true)
        let known = store.store.row(StoreFixture.cart)
        store.ask(.pay(PaymentID(unchecked: "p2"), request, Recall(cart: known), isTechnician: true))
        store.wait(1_000)
        #expect(store.payment("p2")?.state == .finishing)
        #expect(store.payment("p2")?.isVouchedUnkeyed == true)
    }

    @Test(arguments: [false, true])
    func `a technician's word opens no form while the reader's intent may be charged still`(_ restarts: Bool) throws {
        var store = MoneyStore()
        store.givenIntent = { $0 == .card ? "pi_k" : "pi_1" }
        store.confirm = { _ in .failure(.lost(detail: "no answer")) }
        try store.pay("p1")
        #expect(store.payment("p1")?.state == .unresolved)
        store.ask(.resolve(PaymentID(unchecked: "p1"), paid: false, order: nil, by: "ann", note: "not in the dashboard", Recall()))
        #expect(store.payment("p1")?.state == .failed)
        if restarts { store.restart() }
        func form() throws -> Refusal? {
            let known = store.rows.last { $0.cart?.cart == StoreFixture.cart.lock }?.cart
            let asked = store.ask(
                .keyedIntent(StoreFixture.cart, amount: try DecimalAmount("56.78"), accountBalance: nil, Recall(cart: known)))
            return store.refusal(asked)
        }
        let refusal = try #require(try form())
        #expect(refusal.code == .cartBusy && refusal.payment == PaymentID(unchecked: "p1"))
        store.wait(store.policy.authorizationWindow + 60_000)
        #expect(try form() == nil, "its reader was seen idle, and the window has passed since")
    }
}
