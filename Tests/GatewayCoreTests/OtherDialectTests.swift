import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// A reader that is there, proves who it is, and does not serve the interface: a matter of software, and not of the network.
@Suite struct OtherDialectTests {
    static let refusals: [ReaderFailure] = [
        .unsupported(detail: "the answer was HTTP 404"), .rpc(.other("UNIMPLEMENTED"), detail: "no such method"),
        .rpc(.badRequest, detail: "what?"), .app(.illegalVersion, detail: "too old"), .app(.other("UNKNOWN_METHOD"), detail: "x"),
    ]

    private func store(_ refusal: ReaderFailure) -> StoreFixture {
        var store = StoreFixture()
        store.stripeLists = [WhoIsWhoTests.entry(WhoIsWhoTests.first)]
        store.reader = { if case .activate = $0 { .failure(refusal) } else { StoreFixture.usual($0) } }
        return store
    }

    @Test(arguments: refusals) func `the first payment ends as the reader's error, the next is refused, and one token was spent`(
        _ refusal: ReaderFailure
    ) throws {
        var store = store(refusal)
        try store.pay("p1")
        let first = try #require(store.payment("p1"))
        #expect(first.state == .failed && first.failure?.code == .readerError && first.money == .notTaken)
        for number in 2...4 {
            let later = try store.pay("p\(number)", cart: CartID(unchecked: "c\(number)"))
            let said = try #require(store.refusal(later))
            #expect(said.code == .readerUnavailable && said.readerState == .notDriveable)
            store.wait(4_000)
        }
        #expect(store.commands.count { $0 == "activateTerminal" } == 1)
    }

    @Test(arguments: refusals) func `one odd answer does not cost a reader the evening`(_ refusal: ReaderFailure) throws {
        var store = store(refusal)
        try store.pay("p1")
        store.reader = StoreFixture.usual
        store.wait(16_000)
        try store.pay("p2", cart: CartID(unchecked: "c2"))
        #expect(store.payment("p2")?.state == .waitingForCard)
    }

    @Test func `a reader that says so again and again is asked more and more rarely, however often a payment is tried`() throws {
        var store = store(Self.refusals[0])
        let began = store.now.mono
        var asked: [Int64] = []
        for number in 0..<10_000 {
            let before = store.commands.count
            if number % 7 == 0 { try store.pay("p\(number)", cart: CartID(unchecked: "c\(number)")) }
            if store.commands.count == before { store.wait(1_000) }
            if store.commands.count > before { asked.append((store.now.mono - began) / 1_000) }
        }
        // A payment is tried every seven seconds.
        let pauses = zip(asked, asked.dropFirst()).map { ($1 - $0) / 15 * 15 }
        #expect(pauses == [15, 60, 240, 960, 1_800, 1_800, 1_800, 1_800])
    }

    @Test(arguments: refusals) func `no sentence of it speaks of a network, and it names the software`(_ refusal: ReaderFailure) throws {
        var store = store(refusal)
        try store.pay("p1")
        let view = try #require(store.machine.readerViews.first)
        #expect(view.state == .notDriveable && view.trouble?.kind == .softwareUnsupported)
        let failure = try #require(store.payment("p1")?.failure)
        for text in [failure.message, failure.remedy ?? "", view.trouble?.message ?? "", view.trouble?.remedy ?? ""] {
            for word in ["network", "router", "Wi", "cable", "address", "reach"] { #expect(!text.contains(word), "\(text)") }
        }
        #expect(failure.message.contains("2.31.0.9") && failure.remedy?.contains("readerctl readers connect WSC1") == true)
    }

    @Test func `payments that wait behind the first are told the same without a token of their own`() throws {
        var store = store(Self.refusals[0])
        store.holds = \.isActivate
        try store.pay("p1")
        try store.pay("p2", cart: CartID(unchecked: "c2"))
        store.answer(.reader(.failure(Self.refusals[0])), to: \.isActivate)
        #expect(store.payment("p1")?.failure?.code == .readerError && store.payment("p2")?.failure?.code == .readerError)
        #expect(store.commands.count { $0 == "activateTerminal" } == 1)
    }

    @Test func `it is asked again at once when a technician says so, and when its software has changed`() throws {
        var store = store(Self.refusals[0])
        try store.pay("p1")
        store.wait(80_000)
        #expect(store.commands.count == 3, "after 15 s and 75 s, while a cart is open")
        let connect = store.ask(.connect("tmr_1", cart: StoreFixture.cart, takeOver: false))
        #expect(store.commands.count == 4 && store.refusal(connect)?.readerState == .notDriveable)
        store.stripeLists?[0].software = "2.32.0.1"
        store.reader = StoreFixture.usual
        store.ask(.openCart(CartID(unchecked: "c9"), lane: nil, reader: "tmr_1", Recall()))
        store.ask(.readers(refresh: true))
        #expect(store.machine.readerViews.first?.state == .ready)
    }

    // MARK: Readers that only their vendor's SDK drives

    @Test(arguments: ["stripe_m2", "bbpos_wisepad3", "bbpos_chipper2x", "mobile_phone_reader", "simulated_stripe_m2"])
    func `a mobile reader beside a smart one is not driven, not counted and not waited for`(_ model: String) throws {
        var store = StoreFixture(holding: \.isList)
        store.listed.append(BackendReader(id: WhoIsWhoTests.second, label: "Mobile"))
        store.holds = { _ in false }
        store.settle()
        store.stripeLists = [
            WhoIsWhoTests.entry(WhoIsWhoTests.first),
            WhoIsWhoTests.entry(WhoIsWhoTests.second, serial: "STRM1", address: nil, model: model),
        ]
        store.ask(.openCart(CartID(unchecked: "c0"), lane: nil, reader: "Mobile", Recall()))
        let refused = try store.pay("p1", reader: WhoIsWhoTests.second)
        let said = try #require(store.refusal(refused))
        #expect(said.code == .readerUnavailable && said.readerState == .notDriveable)
        let view = try #require(store.machine.readerViews.last)
        #expect(view.state == .notDriveable && view.trouble?.kind == .vendorSDKOnly)
        #expect(!store.commands.contains("activateTerminal"), "nothing is asked of it")
        let only = store.ask(
            .pay(PaymentID(unchecked: "p2"), PaymentRequest(cart: StoreFixture.cart, amount: try DecimalAmount("56.78")), Recall()))
        #expect(store.shown(only)?.reader == WhoIsWhoTests.first, "the one that can be driven is the only one")
    }

    @Test func `which of two readers is the only one that can be driven is asked of Stripe before a payment that names none is refused`()
        throws
    {
        var store = StoreFixture(holding: \.isList)
        store.listed.append(BackendReader(id: WhoIsWhoTests.second, label: "Mobile"))
        store.holds = { _ in false }
        store.settle()
        store.stripeLists = [
            WhoIsWhoTests.entry(WhoIsWhoTests.first),
            WhoIsWhoTests.entry(WhoIsWhoTests.second, serial: "STRM1", address: nil, model: "stripe_m2"),
        ]
        let request = PaymentRequest(cart: StoreFixture.cart, amount: try DecimalAmount("56.78"))
        let asked = store.ask(.pay(PaymentID(unchecked: "p1"), request, Recall()))
        #expect(store.shown(asked)?.reader == WhoIsWhoTests.first)
    }

    @Test func `of two readers that can be driven none is chosen, and it is known at once`() throws {
        var store = StoreFixture(holding: \.isList)
        store.listed.append(BackendReader(id: WhoIsWhoTests.second, label: "Other"))
        store.holds = { _ in false }
        store.settle()
        store.stripeLists = [WhoIsWhoTests.entry(WhoIsWhoTests.first), WhoIsWhoTests.entry(WhoIsWhoTests.second, serial: "WSC2")]
        let request = PaymentRequest(cart: StoreFixture.cart, amount: try DecimalAmount("56.78"))
        for id in ["p1", "p2"] {
            let asked = store.ask(.pay(PaymentID(unchecked: id), request, Recall()))
            #expect(store.refusal(asked)?.code == .noReader && store.refusal(asked)?.candidates.count == 2)
        }
        #expect(store.machine.readerViews.allSatisfy { $0.facts.model != nil }, "Stripe was asked once, and told it")
    }

    @Test func `where Stripe cannot be read, a payment that names none of several readers is told who may be meant`() throws {
        var store = StoreFixture(holding: \.isList)
        store.listed.append(BackendReader(id: WhoIsWhoTests.second, label: "Other"))
        store.holds = { $0.isStripeList }
        store.settle()
        let request = PaymentRequest(cart: StoreFixture.cart, amount: try DecimalAmount("56.78"))
        let asked = store.ask(.pay(PaymentID(unchecked: "p1"), request, Recall()))
        store.answer(.stripeReaders(.failure(.unavailable(detail: "it is away", mayHaveActed: false))), to: \.isStripeList)
        #expect(store.refusal(asked)?.code == .noReader && store.refusal(asked)?.candidates.count == 2)
    }

    @Test func `a type that does not exist yet is driven`() throws {
        var store = StoreFixture()
        store.stripeLists = [WhoIsWhoTests.entry(WhoIsWhoTests.first, model: "stripe_t9000")]
        try store.pay("p1")
        #expect(store.payment("p1")?.state == .waitingForCard)
    }

    @Test func `a reader on the network that is not registered is said to be so beside a mobile one`() {
        var (smart, mobile) = (ReaderFacts(id: WhoIsWhoTests.first), ReaderFacts(id: WhoIsWhoTests.second))
        smart.merge(WhoIsWhoTests.entry(smart.id))
        mobile.merge(WhoIsWhoTests.entry(mobile.id, serial: "STRM1", address: nil, model: "stripe_m2"))
        (smart.inBackend, mobile.inBackend) = (true, true)
        let sighting = LANSighting(address: "10.0.0.99", port: 4443, certificateName: "*.other.\(ReaderName.suffix)")
        #expect(DeviceJudge(readers: [smart, mobile], excluded: []).judge(sighting).reason?.code == .notRegistered)
    }

    // MARK: A credential that is refused

    @Test func `a refused credential is tried again after 1, 2, 4 and so on to 30 seconds`() {
        var store = StoreFixture(holding: \.isList)
        let began = store.now.mono
        var pauses: [Int64] = []
        for _ in 0..<7 {
            let asked = store.now.mono
            store.answer(.backendReaders(.failure(.unauthorized(detail: "no"))), to: \.isList)
            for _ in 0..<600 where !store.calls.contains(where: { $0.call.isList }) { store.wait(100) }
            pauses.append((store.now.mono - asked) / 1_000)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30], "from \(began)")
    }
}
