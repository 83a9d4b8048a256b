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

    private static let holder = LeaseHolder.payment(PaymentID(unchecked: "p1"))
    private static let context = TransactionContext(transactionID: "1", startTime: 1)
    private static let collect = ReaderCommand.collect(context, amountMinor: 1, currency: StoreFixture.usd, tip: nil)
    private static let confirm = ReaderCommand.confirm(context, intent: IntentID(unchecked: "pi_1"), card: StoreFixture.card)

    @Test func `a confirm that its payment does not want any more does not leave the box`() throws {
        var fixture = ReaderFixture.live(holder: Self.holder)
        #expect(fixture.reader.isLive)
        let collected = fixture.reader.command(Self.collect, owner: .holder(Self.holder), timeout: 1, at: fixture.now)
        _ = fixture.answers(collected, .success(.done))
        let asked = fixture.reader.command(Self.confirm, owner: .holder(Self.holder), timeout: 1, at: fixture.now)
        guard case .begun(let send)? = asked.first, fixture.reader.wants(send), case .send(let sequence, _, _, _, _, _) = send else {
            Issue.record("it is about to be sent")
            return
        }
        let told = fixture.reader.heldBack(sequence: sequence, at: fixture.now)
        #expect(told == [.answer(.holder(Self.holder), Self.confirm, .failure(.unreachable(detail: "it was held back")))])
        #expect(!fixture.reader.wants(send), "and it is not sent later")
    }

    @Test func `what a holder asks for after its lease is not passed on`() {
        var fixture = ReaderFixture.live()
        #expect(fixture.reader.isLive)
        let actions = fixture.reader.command(.heartbeat, owner: .holder(Self.holder), timeout: 1, at: fixture.now)
        guard case .owed(.answer(.holder(Self.holder), .heartbeat, .failure(.unreachable)))? = actions.first, actions.count == 1 else {
            Issue.record("it is told that nothing was sent: \(actions)")
            return
        }
    }

    @Test func `a card that was read in one session is not confirmed in another`() {
        var fixture = ReaderFixture.live(holder: Self.holder)
        let asked = fixture.reader.command(Self.collect, owner: .holder(Self.holder), timeout: 1, at: fixture.now)
        let lost = fixture.answers(asked, .failure(.lost(detail: "cut")))
        #expect(lost.contains(.claimToken))
        fixture.opens()
        #expect(fixture.reader.isLive)
        let told = fixture.reader.command(Self.confirm, owner: .holder(Self.holder), timeout: 1, at: fixture.now)
        guard case .owed(.answer(.holder(Self.holder), .confirm, .failure(.unreachable)))? = told.first, told.count == 1 else {
            Issue.record("it is told that nothing was sent: \(told)")
            return
        }
    }
}
