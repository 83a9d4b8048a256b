import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// What the parts want done is done in order; what is owed always, what is only begun not after its reason is gone.
@Suite struct ActionQueueTests {
    @Test func `a card set-up that ends as it begins leaves nothing behind`() throws {
        var store = StoreFixture()
        store.ask(.openCart(StoreFixture.cart, lane: nil, reader: nil, Recall()))
        store.feed(.tick)
        // Its reader has no session, and by the time it is its turn there is no cart whose token would open one.
        store.reader = { _ in .failure(.unreachable(detail: "off")) }
        store.ask(.disconnect(StoreFixture.reader.text))
        store.holds = { $0.isAppend }
        let setup = CardSetupID(unchecked: "s1")
        let keep = store.ask(
            .keepCard(setup, CardSetupRequest(user: "77", partner: "1", postalCode: "01234", reader: StoreFixture.reader.text), Recall()))
        store.ask(.closeCart(StoreFixture.cart))
        store.holds = { $0.isSetupIntent }
        store.settle()
        guard case .cardSetup? = store.responses[keep] else {
            Issue.record("it is accepted")
            return
        }
        #expect(!store.machine.hasOpenCardSetups)
        #expect(store.rows.last?.cardSetup?.state == .failed)
        #expect(!store.machine.calls.followed.contains(.cardSetup(setup)))
        let asked = store.made.count { $0.call.isSetupIntent }
        store.feed(.tick)
        #expect(store.made.count { $0.call.isSetupIntent } == asked, "nothing is asked for it after its end")
    }

    @Test func `a confirm that its payment does not want any more does not leave the box`() throws {
        var reader = ReaderMachine(facts: ReaderFacts(id: StoreFixture.reader), policy: GatewayPolicy())
        let holder = LeaseHolder.payment(PaymentID(unchecked: "p1"))
        let now = Now(mono: 1, wall: 1)
        var actions: [ReaderMachine.Action] = []
        #expect(reader.enqueue(holder, at: now, actions: &actions))
        reader.session = .live(SessionToken(Secret("rst")), since: 1)
        reader.route = ReaderRoute(address: "10.0.0.1", port: 4443, host: "r.example.test")
        reader.cardSession = reader.sessionNumber
        let confirm = ReaderCommand.confirm(
            TransactionContext(transactionID: "1", startTime: 1), intent: IntentID(unchecked: "pi_1"), card: StoreFixture.card)
        guard case .begun(let send)? = reader.command(confirm, owner: .holder(holder), timeout: 1, at: now).first, reader.wants(send),
            case .send(let sequence, _, _, _, _, _) = send
        else {
            Issue.record("it is about to be sent")
            return
        }
        let told = reader.heldBack(sequence: sequence, at: now)
        #expect(told == [.answer(.holder(holder), confirm, .failure(.unreachable(detail: "it was held back")))])
        #expect(!reader.wants(send), "and it is not sent later")
    }

    @Test func `what a holder asks for after its lease is not passed on`() {
        var reader = ReaderMachine(facts: ReaderFacts(id: StoreFixture.reader), policy: GatewayPolicy())
        reader.session = .live(SessionToken(Secret("rst")), since: 1)
        reader.route = ReaderRoute(address: "10.0.0.1", port: 4443, host: "r.example.test")
        let late = LeaseHolder.payment(PaymentID(unchecked: "p1"))
        let actions = reader.command(.heartbeat, owner: .holder(late), timeout: 1, at: Now(mono: 1, wall: 1))
        guard case .owed(.answer(.holder(late), .heartbeat, .failure(.unreachable)))? = actions.first, actions.count == 1 else {
            Issue.record("it is told that nothing was sent: \(actions)")
            return
        }
    }

    @Test func `a card that was read in one session is not confirmed in another`() {
        var reader = ReaderMachine(facts: ReaderFacts(id: StoreFixture.reader), policy: GatewayPolicy())
        let holder = LeaseHolder.payment(PaymentID(unchecked: "p1"))
        let now = Now(mono: 1, wall: 1)
        var actions: [ReaderMachine.Action] = []
        _ = reader.enqueue(holder, at: now, actions: &actions)
        reader.session = .live(SessionToken(Secret("rst")), since: 1)
        reader.route = ReaderRoute(address: "10.0.0.1", port: 4443, host: "r.example.test")
        let context = TransactionContext(transactionID: "1", startTime: 1)
        _ = reader.command(
            .collect(context, amountMinor: 1, currency: StoreFixture.usd, tip: nil), owner: .holder(holder), timeout: 1, at: now)
        reader.sessionNumber += 1
        let told = reader.command(
            .confirm(context, intent: IntentID(unchecked: "pi_1"), card: StoreFixture.card), owner: .holder(holder), timeout: 1, at: now)
        guard case .owed(.answer(.holder(holder), .confirm, .failure(.unreachable)))? = told.first, told.count == 1 else {
            Issue.record("it is told that nothing was sent: \(told)")
            return
        }
    }
}
