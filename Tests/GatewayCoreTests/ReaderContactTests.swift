import GatewayCore
import GatewayModel
import Moments
import Testing

/// Whether a reader is there is known only when somebody has asked it.
@Suite struct ReaderContactTests {
    private static let place = "10.0.0.10"
    private static let domain = "k427.\(ReaderName.suffix)"
    private static let facts = ["reader.place.tmr_1": "\(place) \(domain) S0 s700"]

    private func view(_ store: StoreFixture) throws -> ReaderView { try #require(store.machine.readerViews.first) }

    private func isLook(_ call: Call) -> Bool { if case .lookAtLAN = call { true } else { false } }

    /// Answers the probe that is under way, if one is.
    private func looks(_ store: inout StoreFixture, isOn: Bool) throws {
        let open = try #require(store.calls.first { isLook($0.call) }, "a probe is under way")
        guard case .lookAtLAN(let look) = open.call else { return }
        #expect(look.addresses.map(\.text) == [Self.place], "nobody else is asked")
        let sighting = LANSighting(address: Self.place, port: 4443, certificateName: "*.\(Self.domain)")
        store.answer(.lookedAtLAN(LANFindings(sightings: isOn ? [sighting] : [], looked: Set(look.addresses))), to: isLook)
    }

    @Test func `a reader whose address nobody knows is unknown, and its payment is accepted`() throws {
        var store = StoreFixture()
        store.wait(5_000)
        #expect(try view(store).state == .unknown && view(store).isThere == nil)
        #expect(!store.made.contains { isLook($0.call) })
        let id = try store.pay("p1")
        #expect(store.refusal(id) == nil && store.payment("p1") != nil)
        #expect(try view(store).isThere == true, "its session is its answer")
    }

    @Test func `a standing cart finds out on a first start where the readers are, and whether they are there`() throws {
        var policy = GatewayPolicy()
        policy.lanSweep = false
        policy.maintenanceCart = CartID(unchecked: "m-1")
        var store = StoreFixture(policy: policy, holding: \.isList)
        store.stripeLists = [
            StripeReader(
                id: StoreFixture.reader, serial: "S0", model: "s700", label: nil, address: Self.place, baseURL: Self.domain,
                status: "online",
                lastSeenAt: nil, software: nil, livemode: false)
        ]
        store.answer(.backendReaders(.success(store.listed)), to: \.isList)
        store.wait(1_000)
        #expect(store.made.count { $0.call.isToken } == 1 && store.made.count { $0.call.isStripeList } == 1)
        try looks(&store, isOn: true)
        #expect(try view(store).state == .idle)
        // What is known is not asked again with every list, and without a standing cart no token is asked for.
        store.wait(700_000)
        #expect(store.made.count { $0.call.isStripeList } == 1)
        var without = StoreFixture()
        without.wait(5_000)
        #expect(!without.made.contains { $0.call.isToken || $0.call.isStripeList })
    }

    @Test func `a reader that the journal remembers is asked as soon as it is listed, and is idle when it answers`() throws {
        var store = StoreFixture(facts: Self.facts)
        #expect(try view(store).state == .unknown && view(store).facts.serial == "S0")
        try looks(&store, isOn: true)
        #expect(try view(store).state == .idle && view(store).isThere == true)
        store.wait(120_000)
        #expect(store.made.filter { isLook($0.call) }.count == 1, "one that is there is not asked again and again")
    }

    @Test func `one packet may be lost, two are a reader that is off, and it is asked again until it is back`() throws {
        var store = StoreFixture(facts: Self.facts)
        try looks(&store, isOn: false)
        #expect(try view(store).state == .unknown)
        store.wait(2_000)
        try looks(&store, isOn: false)
        #expect(try view(store).state == .unreachable && view(store).isThere == false)
        #expect(try view(store).trouble?.message == "The reader does not answer at 10.0.0.10.")
        store.wait(4_000)
        try looks(&store, isOn: true)
        #expect(try view(store).state == .idle && view(store).trouble == nil)
    }

    @Test func `a reader that is off still gets its payment: it may have been switched on a moment ago`() throws {
        var store = StoreFixture(facts: Self.facts)
        try looks(&store, isOn: false)
        store.wait(2_000)
        try looks(&store, isOn: false)
        let id = try store.pay("p1")
        #expect(store.refusal(id) == nil)
        #expect(try view(store).state == .busy && view(store).isThere == true)
    }

    @Test func `where a reader is stands in the journal as soon as it is listed, once`() throws {
        var store = StoreFixture()
        try store.pay("p1")
        let kept = store.rows.compactMap(\.fact).filter { $0.key.hasPrefix("reader.place.") }
        #expect(kept.map(\.key) == ["reader.place.tmr_1"] && kept.map(\.value) == ["\(Self.place) example.test S0 s700"])
        var again = StoreFixture(facts: ["reader.place.tmr_1": "\(Self.place) example.test S0 s700"])
        try again.pay("p1")
        #expect(!again.rows.contains { $0.fact?.key.hasPrefix("reader.place.") == true })
    }

    @Test func `what a file that somebody has edited says of a place harms nothing`() throws {
        for odd in ["", "-", "- - - -", "8.8.8.8 x y z", "a b c d e", "10.0.0.300 - - -"] {
            var store = StoreFixture(facts: ["reader.place.tmr_1": odd])
            store.wait(5_000)
            #expect(try view(store).state == .unknown, "\(odd)")
            #expect(!store.made.contains { isLook($0.call) }, "\(odd)")
        }
    }

    @Test func `a session that breaks makes a reader silent, and a look finds it again`() throws {
        var store = StoreFixture(facts: Self.facts)
        try looks(&store, isOn: true)
        let cart = store.ask(.openCart(StoreFixture.cart, lane: nil, reader: nil, Recall()))
        #expect(store.refusal(cart) == nil)
        #expect(try view(store).state == .ready)
        store.reader = { _ in .failure(.unreachable(detail: "nobody")) }
        store.wait(61_000)
        #expect(try view(store).isThere == false)
        store.ask(.closeCart(StoreFixture.cart))
        #expect(try view(store).state != .ready && view(store).state != .idle)
    }
}
