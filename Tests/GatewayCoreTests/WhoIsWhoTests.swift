import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// One serial number is one device, whatever the lists have for it, and a name of it is good for as long as one of its entries is listed.
@Suite struct WhoIsWhoTests {
    enum Naming: String, CaseIterable, Sendable {
        case id, serial, label

        var text: String {
            switch self {
            case .id: "tmr_1"
            case .serial: "WSC1"
            case .label: "Front Desk"
            }
        }
    }

    static let lane = LaneName(unchecked: "till-1")
    static let first = ReaderID(unchecked: "tmr_1")
    static let second = ReaderID(unchecked: "tmr_2")

    static func entry(
        _ id: ReaderID, serial: String? = "WSC1", address: String? = "10.0.0.10", model: String = "stripe_s700"
    ) -> StripeReader {
        StripeReader(
            id: id, serial: serial, model: model, label: "Front Desk", address: address,
            baseURL: address == nil ? nil : "k1.\(ReaderName.suffix)", status: "online", lastSeenAt: nil, software: "2.31.0.9",
            livemode: false)
    }

    func store(
        lane: Naming = .label, listing ids: [ReaderID] = [Self.first], label: String = "Front Desk", facts: [String: String] = [:],
        holding: @escaping (Call) -> Bool = { _ in false }
    ) -> StoreFixture {
        var policy = GatewayPolicy()
        policy.lanes[Self.lane] = lane.text
        var store = StoreFixture(policy: policy, facts: facts, holding: \.isList)
        store.listed = ids.map { BackendReader(id: $0, label: label) }
        store.stripeLists = ids.map { Self.entry($0) }
        store.holds = holding
        store.settle()
        return store
    }

    func request(_ cart: String = "c1", lane: LaneName? = Self.lane, reader: String? = nil) throws -> PaymentRequest {
        PaymentRequest(cart: CartID(unchecked: cart), amount: try DecimalAmount("56.78"), lane: lane, reader: reader)
    }

    @discardableResult
    func pay(_ store: inout StoreFixture, _ id: String = "p1", cart: String = "c1", reader: String? = nil) throws -> RequestID {
        store.ask(.pay(PaymentID(unchecked: id), try request(cart, lane: reader == nil ? Self.lane : nil, reader: reader), Recall()))
    }

    /// The whole of Stripe's and the backend's lists is this from now on.
    func registers(_ store: inout StoreFixture, _ ids: [ReaderID]) {
        store.listed = ids.map { BackendReader(id: $0, label: "Front Desk") }
        store.stripeLists = ids.map { Self.entry($0) }
    }

    // MARK: At a cold start

    @Test(arguments: Naming.allCases) func `a lane's reader is found at a cold start, however the lane names it`(_ naming: Naming) throws {
        var store = store(lane: naming)
        try pay(&store)
        #expect(store.payment("p1")?.reader == Self.first)
        #expect(store.payment("p1")?.state == .waitingForCard)
    }

    @Test(arguments: Naming.allCases) func `a payment's reader is found at a cold start, however the payment names it`(
        _ naming: Naming
    ) throws {
        var store = store()
        try pay(&store, reader: naming.text)
        #expect(store.payment("p1")?.state == .waitingForCard)
    }

    @Test func `a serial number that was learnt once is remembered, and Stripe's list is not waited for`() throws {
        var before = store(lane: .serial)
        try pay(&before)
        let facts = Dictionary(
            before.rows.compactMap(\.fact).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        #expect(facts["reader.serial.tmr_1"] == "WSC1")
        var after = store(lane: .serial, facts: facts, holding: \.isStripeList)
        let asked = try pay(&after)
        #expect(after.shown(asked)?.reader == Self.first, "it is accepted before Stripe has said anything")
    }

    @Test func `the list is read with the payment's own token, which then opens the session`() throws {
        var store = store(lane: .serial)
        try pay(&store)
        #expect(store.made.count { $0.call.isStripeList } == 2, "once to know the reader, once to learn where it is now")
        #expect(store.made.first { $0.call.isToken }.map { $0.call } == .connectionToken(CartID(unchecked: "c1")))
        guard case .stripeReaders(let looked)? = store.made.first(where: { $0.call.isStripeList })?.call,
            case .reader(_, _, .activate(let spent, _), _)? = store.made.first(where: { $0.call.isActivate })?.call
        else { throw Missing() }
        #expect(looked.secret.reveal() == spent.secret.reveal())
    }

    @Test func `a serial number that Stripe does not have is not found, and is looked for once`() throws {
        var store = store()
        let asked = try pay(&store, reader: "WSC9")
        #expect(store.refusal(asked)?.code == .readerNotFound)
        #expect(store.made.count { $0.call.isStripeList } == 1)
    }

    @Test func `where Stripe's list cannot be read that is said, and not that there is no such reader`() throws {
        var store = store(lane: .serial, holding: \.isStripeList)
        let asked = try pay(&store)
        #expect(store.responses[asked] == nil, "it waits")
        store.answer(.stripeReaders(.failure(.unavailable(detail: "no answer", mayHaveActed: false))), to: \.isStripeList)
        let refusal = try #require(store.refusal(asked))
        #expect(refusal.code == .readerUnavailable && refusal.detail.contains("Stripe's list") && refusal.remedy != nil)
    }

    @Test func `a cart that the backend refuses is said to be refused, and no network is blamed for it`() throws {
        var store = store(lane: .serial, holding: \.isToken)
        let asked = try pay(&store)
        #expect(store.responses[asked] == nil, "it waits")
        store.answer(.connectionToken(.failure(.rejected(status: 422, detail: "Cart c1 has already been checked out."))), to: \.isToken)
        let refusal = try #require(store.refusal(asked))
        #expect(refusal.code == .backendRejected && refusal.detail.contains("already been checked out"))
        #expect(refusal.remedy?.contains("internet") == false)
    }

    @Test func `a cart that names a lane by serial number gets its reader as soon as that is known`() throws {
        var store = store(lane: .serial)
        store.ask(.openCart(CartID(unchecked: "c1"), lane: Self.lane, reader: nil, Recall()))
        #expect(store.machine.cartView(CartID(unchecked: "c1"))?.reader == Self.first)
        #expect(store.commands == ["activateTerminal"])
    }

    // MARK: Registered anew

    @Test(arguments: Naming.allCases) func `the lane follows a reader that was registered anew within one try`(_ naming: Naming) throws {
        var store = store(lane: naming)
        store.ask(.openCart(CartID(unchecked: "c0"), lane: Self.lane, reader: nil, Recall()))
        registers(&store, [Self.second])
        store.ask(.readers(refresh: true))
        try pay(&store)
        let payment = try #require(store.payment("p1"))
        #expect(payment.reader == Self.second && payment.state == .waitingForCard)
        #expect(store.machine.readerViews.map(\.facts.id) == [Self.second], "the old entry is gone")
        #expect(store.machine.cartView(CartID(unchecked: "c0"))?.readerState == .busy, "the cart that was open follows too")
    }

    @Test(arguments: Naming.allCases) func `a lease that was lost with the old entry holds nobody up`(_ naming: Naming) throws {
        var store = store(lane: naming)
        store.reader = { command in
            switch command {
            case .activate, .prove, .heartbeat: StoreFixture.usual(command)
            default: .failure(.lost(detail: "no answer"))
            }
        }
        try pay(&store, "p0", cart: "c0")
        #expect(store.payment("p0")?.failure?.code == .readerLost)
        registers(&store, [Self.second])
        store.reader = StoreFixture.usual
        store.ask(.readers(refresh: true))
        try pay(&store)
        store.wait(31_000)
        #expect(store.payment("p1")?.state == .waitingForCard)
        #expect(store.payment("p1")?.reader == Self.second || naming != .label)
    }

    @Test func `after a restart too the old id leads to the device`() throws {
        var store = store(lane: .id, listing: [Self.second], facts: ["reader.serial.tmr_1": "WSC1"])
        try pay(&store)
        #expect(store.payment("p1")?.reader == Self.second)
    }

    @Test(arguments: Naming.allCases) func `a reader that was deleted loses its name and its lease`(_ naming: Naming) throws {
        var store = store(lane: naming)
        store.ask(.openCart(CartID(unchecked: "c0"), lane: Self.lane, reader: nil, Recall()))
        store.listed = []
        store.stripeLists = []
        store.ask(.readers(refresh: true))
        let asked = try pay(&store)
        #expect(store.refusal(asked)?.code == .readerNotFound)
        store.wait(5_000)
        #expect(store.machine.readerViews.isEmpty)
    }

    // MARK: Two entries, one device

    @Test func `two tills that pay by two entries of one device are both served, one after the other`() throws {
        var store = store(listing: [Self.first, Self.second])
        let first = try pay(&store, "p1", cart: "c1", reader: "tmr_1")
        let second = try pay(&store, "p2", cart: "c2", reader: "tmr_2")
        #expect(store.shown(first) != nil && store.shown(second) != nil)
        #expect(store.payment("p1")?.state == .waitingForCard)
        #expect(store.payment("p2")?.state != .waitingForCard && store.payment("p2")?.state.isEnd == false)
        store.reader = { if case .query = $0 { .success(.card(StoreFixture.card)) } else { StoreFixture.usual($0) } }
        store.wait(1_000)
        store.status = .submitted(order: OrderID(unchecked: "1"))
        store.wait(10_000)
        #expect(store.payment("p1")?.state == .succeeded)
        #expect(store.payment("p2")?.state.isEnd == true && store.payment("p2")?.failure?.code != .readerLost)
    }

    @Test func `two entries of one device at a cold start take one session at a time`() throws {
        var store = store(listing: [Self.first, Self.second], holding: \.isStripeList)
        try pay(&store, "p1", cart: "c1", reader: "tmr_1")
        try pay(&store, "p2", cart: "c2", reader: "tmr_2")
        #expect(store.calls.count { $0.call.isStripeList } == 2, "neither knows of the other yet")
        store.holds = { _ in false }
        store.settle()
        #expect(store.commands.count { $0 == "activateTerminal" } == 1)
        store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        store.ask(.cancel(PaymentID(unchecked: "p2"), Recall()))
        store.wait(5_000)
        #expect(store.payment("p1")?.state.isEnd == true && store.payment("p2")?.state.isEnd == true)
        #expect(store.machine.readerViews.allSatisfy { $0.payment == nil })
    }

    @Test func `both entries show what their one device is doing`() throws {
        var store = store(listing: [Self.first, Self.second])
        try pay(&store, reader: "WSC1")
        let views = store.machine.readerViews
        #expect(views.map(\.state) == [.busy, .busy])
        #expect(views.map(\.payment) == [PaymentID(unchecked: "p1"), PaymentID(unchecked: "p1")])
    }

    @Test func `the entry that is named is the one that is removed, and not its twin`() throws {
        var store = store(listing: [Self.first, Self.second])
        store.ask(.openCart(CartID(unchecked: "c1"), lane: nil, reader: "tmr_1", Recall()))
        let removed = store.ask(.deregister("tmr_2"))
        store.listed = [BackendReader(id: Self.first, label: "Front Desk")]
        store.wait(3_000)
        #expect(store.made.contains { $0.call == .deregisterTerminal(Self.second) })
        #expect(!store.made.contains { $0.call == .deregisterTerminal(Self.first) })
        #expect(store.responses[removed] == .done)
    }

    // MARK: What an entry has left undone

    /// A reader that authorises: it lets its own point of sale in, and no other one.
    func authorises(_ command: ReaderCommand) -> Result<ReaderReply, ReaderFailure> {
        switch command {
        case .query: .success(.card(StoreFixture.card))
        case .confirm: .failure(.lost(detail: "no answer"))
        case .prove: .failure(.app(.illegalState, detail: "in use"))
        default: StoreFixture.usual(command)
        }
    }

    /// The first payment's confirm has no answer, and the reader is registered under another id.
    func leftInMidConfirm(restarts: Bool) throws -> StoreFixture {
        var store = store(holding: { restarts && $0.isConfirm })
        store.reader = authorises
        try pay(&store, "p1", cart: "c1", reader: "tmr_1")
        store.wait(2_000)
        #expect(store.payment("p1")?.state == (restarts ? .authorizing : .unresolved))
        if restarts {
            let facts = Dictionary(store.rows.compactMap(\.fact).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
            let record = try #require(store.payment("p1"))
            let cart = try #require(store.row(CartID(unchecked: "c1")))
            store = StoreFixture(open: [record], carts: [cart], facts: facts, holding: { $0.isList || $0.isStripeList })
            store.reader = authorises
        }
        registers(&store, [Self.second])
        store.holds = { _ in false }
        store.settle()
        return store
    }

    @Test(arguments: [false, true])
    func `a device that may authorise still is asked for no card under its new id, and is as soon as it has been seen idle`(
        restarts: Bool
    ) throws {
        var store = try leftInMidConfirm(restarts: restarts)
        let before = store.made.count
        store.ask(.readers(refresh: true))
        try pay(&store, "p2", cart: "c2", reader: "tmr_2")
        store.wait(20_000)
        let since = store.made[before...]
        #expect(!since.contains { $0.call.isCollect }, "nothing says that the reader is done")
        #expect(since.contains { $0.call.isProof }, "it is asked under its new id")
        store.reader = StoreFixture.usual
        store.wait(40_000)
        if store.payment("p2")?.state.isEnd == true { try pay(&store, "p3", cart: "c3", reader: "tmr_2") }
        store.wait(1_000)
        #expect(store.payment("p2")?.state == .waitingForCard || store.payment("p3")?.state == .waitingForCard)
        #expect(store.payment("p1")?.decidesBy != nil, "the first payment's window counts from there")
    }

    @Test func `a device under two ids that may authorise still is asked for no card under either, whoever has come and gone meanwhile`()
        throws
    {
        var store = try leftInMidConfirm(restarts: false)
        registers(&store, [Self.first, Self.second])
        store.ask(.readers(refresh: true))
        let before = store.made.count
        for (number, reader) in ["tmr_2", "tmr_1", "tmr_2"].enumerated() {
            try pay(&store, "q\(number)", cart: "c\(number + 2)", reader: reader)
            store.wait(15_000)
        }
        #expect(!store.made[before...].contains { $0.call.isCollect }, "nothing says that the reader is done")
        store.reader = StoreFixture.usual
        store.wait(60_000)
        try pay(&store, "p9", cart: "c9", reader: "tmr_1")
        store.wait(5_000)
        #expect(store.made[before...].contains { $0.call.isCollect }, "and then it is anybody's")
    }

    @Test func `what holds a device under its old id can be released by hand under either`() throws {
        var store = try leftInMidConfirm(restarts: false)
        store.ask(.readers(refresh: true))
        store.ask(.openCart(CartID(unchecked: "c2"), lane: nil, reader: "tmr_2", Recall()))
        store.wait(5_000)
        let view = try #require(store.machine.readerViews.first { $0.facts.id == Self.second })
        #expect(view.payment == PaymentID(unchecked: "p1"), "who has it is to be seen")
        let released = store.ask(.release("tmr_1", .payment(PaymentID(unchecked: "p1")), by: "technician", Recall()))
        #expect(store.responses[released] == .done)
        store.reader = { if case .prove = $0 { .failure(.app(.illegalState, detail: "in use")) } else { StoreFixture.usual($0) } }
        try pay(&store, "p2", cart: "c2", reader: "tmr_2")
        #expect(store.payment("p2")?.state == .waitingForCard, "the technician has said that nothing runs on it")
    }

    @Test func `a device's debt outlives its entry's being taken from the lists, until the new entry is known to be the same device`()
        throws
    {
        var store = try leftInMidConfirm(restarts: false)
        store.ask(.release("tmr_1", .payment(PaymentID(unchecked: "p1")), by: "technician", Recall()))
        store.listed = []
        store.stripeLists = []
        store.ask(.readers(refresh: true))
        store.wait(3_000)
        registers(&store, [Self.second])
        let before = store.made.count
        store.ask(.readers(refresh: true))
        try pay(&store, "p2", cart: "c2", reader: "tmr_2")
        store.wait(2_000)
        let since = store.made[before...]
        let asked = since.firstIndex { $0.call.isCollect } ?? since.endIndex
        #expect(since[..<asked].contains { $0.call.isClear || $0.call.isProof }, "nothing is asked before what was left there is taken off")
    }

    @Test func `readers without a label are not called by that`() throws {
        var store = store(label: "")
        let asked = store.ask(.connect("", cart: CartID(unchecked: "c1"), takeOver: true))
        #expect(store.refusal(asked)?.code == .readerNotFound)
        #expect(!store.commands.contains("activateTerminal"))
    }

    @Test func `an entry whose payment has a session keeps the device, listed or not, until that payment is over`() throws {
        var store = store()
        let isIntent = { (call: Call) in if case .paymentIntent = call { true } else { false } }
        store.ask(.openCart(CartID(unchecked: "c1"), lane: nil, reader: "tmr_1", Recall()))
        store.holds = isIntent
        try pay(&store, "p1", cart: "c1", reader: "tmr_1")
        registers(&store, [Self.second])
        store.ask(.readers(refresh: true))
        try pay(&store, "p2", cart: "c2", reader: "tmr_2")
        store.wait(2_000)
        #expect(store.made.count { $0.call.isActivate } == 1, "the device is the first payment's")
        #expect(store.payment("p1")?.state.isEnd == false)
        store.holds = { _ in false }
        store.ask(.cancel(PaymentID(unchecked: "p1"), Recall()))
        store.wait(5_000)
        #expect(store.payment("p2")?.state == .waitingForCard, "then it is the second's")
    }

    // MARK: Another location

    @Test func `what Stripe does not list here is not registered, is shown so, and takes no payment`() throws {
        var store = store()
        store.stripeLists = []
        let asked = try pay(&store)
        store.wait(1_000)
        let again = try pay(&store, "p2", cart: "c2")
        #expect(store.payment("p1")?.state == .failed || store.refusal(asked) != nil)
        let refusal = try #require(store.refusal(again))
        #expect(refusal.code == .readerUnavailable && refusal.readerState == .unregistered)
        let view = try #require(store.machine.readerViews.first)
        #expect(!view.facts.isRegistered && view.state == .unregistered && view.trouble?.kind == .notListed)
        store.stripeLists = [Self.entry(Self.first)]
        store.wait(3_000)
        try pay(&store, "p3", cart: "c3")
        #expect(store.payment("p3")?.state == .waitingForCard, "it is back")
    }

    struct Missing: Error {}
}
