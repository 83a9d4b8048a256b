import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// What is said of a reader that is not known yet, and of one that a list leaves open.
@Suite struct UnknownReaderTests {
    private static let lane = LaneName(unchecked: "till-1")

    private static func store(lane name: String, holding: @escaping (Call) -> Bool) -> StoreFixture {
        var policy = GatewayPolicy()
        policy.lanes[Self.lane] = name
        var store = StoreFixture(policy: policy, holding: holding)
        store.stripeLists = [WhoIsWhoTests.entry(WhoIsWhoTests.first)]
        return store
    }

    @Test func `a cart that was opened before its reader is known says so meanwhile`() throws {
        let cart = CartID(unchecked: "c1")
        var store = Self.store(lane: "WSC1") { $0.isList || $0.isStripeList }
        store.ask(.openCart(cart, lane: Self.lane, reader: nil, Recall()))
        var view = try #require(store.machine.cartView(cart))
        #expect(view.reader == nil && view.noReader?.detail.contains("backend is being asked") == true)
        store.answer(.backendReaders(.success(store.listed)), to: \.isList)
        view = try #require(store.machine.cartView(cart))
        #expect(view.reader == nil && view.noReader?.detail.contains("Stripe is being asked") == true)
        store.answer(.stripeReaders(.success(StripeReaderList([WhoIsWhoTests.entry(WhoIsWhoTests.first)]))), to: \.isStripeList)
        view = try #require(store.machine.cartView(cart))
        #expect(view.reader == WhoIsWhoTests.first && view.noReader == nil)
        store.ask(.openCart(CartID(unchecked: "c2"), lane: LaneName(unchecked: "till-9"), reader: nil, Recall()))
        #expect(store.machine.cartView(CartID(unchecked: "c2"))?.reader == WhoIsWhoTests.first, "the only one")
    }

    @Test func `from a list that was cut nobody is concluded to be absent`() throws {
        var store = Self.store(lane: "Front Desk", holding: \.isStripeList)
        let request = PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount("56.78"), lane: Self.lane)
        let asked = store.ask(.pay(PaymentID(unchecked: "p1"), request, Recall()))
        var cut = StripeReaderList([WhoIsWhoTests.entry(ReaderID(unchecked: "tmr_77"), serial: "WSC77")])
        cut.isWhole = false
        store.answer(.stripeReaders(.success(cut)), to: \.isStripeList)
        let view = try #require(store.machine.readerViews.first)
        #expect(view.facts.isRegistered && view.state != .unregistered)
        #expect(store.refusal(asked)?.readerState != .unregistered)
        #expect(view.trouble?.message.contains("more readers than were read") == true && view.trouble?.remedy.contains("location") == true)
        #expect(store.told.contains { $0.contains("who is not among them is not called missing") })
    }

    @Test func `with a list that was cut a reader is dialled where it was when it was last listed`() throws {
        var policy = GatewayPolicy()
        policy.lanes[Self.lane] = "Front Desk"
        let facts = ["reader.place.tmr_1": "10.0.0.10 k1.\(ReaderName.suffix) WSC1 stripe_s700"]
        var store = StoreFixture(policy: policy, facts: facts, holding: \.isStripeList)
        let request = PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount("56.78"), lane: Self.lane)
        store.ask(.pay(PaymentID(unchecked: "p1"), request, Recall()))
        let cut = StripeReaderList([WhoIsWhoTests.entry(ReaderID(unchecked: "tmr_77"), serial: "WSC77")], isWhole: false)
        store.answer(.stripeReaders(.success(cut)), to: \.isStripeList)
        #expect(store.payment("p1")?.state == .waitingForCard)
    }
}
