import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// A reader that is not where Stripe says.
@Suite struct ReaderSearchTests {
    private static let domain = "k427.\(ReaderName.suffix)"
    private static let here = "10.0.0.5"
    private static let there = "10.0.0.9"
    private var random = SeededRandom(seed: 1)
    private var reader: ReaderMachine
    private let token = ConnectionToken(Secret("pst_test_1"))

    init() {
        var policy = GatewayPolicy()
        policy.lanSweep = true
        reader = ReaderMachine(facts: Self.facts(), policy: policy)
    }

    private static func facts(_ change: (inout ReaderFacts) -> Void = { _ in }) -> ReaderFacts {
        var facts = ReaderFacts(id: ReaderID(unchecked: "tmr_1"))
        facts.inBackend = true
        facts.inStripe = true
        facts.address = here
        facts.baseURL = domain
        change(&facts)
        return facts
    }

    private static func sighting(_ address: String = there, name: String = "*.\(domain)") -> LANSighting {
        LANSighting(address: address, port: 4443, certificateName: name)
    }

    private func now(_ mono: MonoTime = 1_000) -> Now { Now(mono: mono, wall: WallTime(mono.milliseconds)) }

    private func sent(_ actions: [ReaderMachine.Action]) throws -> (sequence: UInt64, route: ReaderRoute) {
        for case .begun(.send(let sequence, let route, _, _, _, _)) in actions { return (sequence, route) }
        throw Lost()
    }

    private struct Lost: Error {}

    /// From a wish for a session to the way that is tried.
    private mutating func connects(at time: MonoTime = 1_000) throws -> (sequence: UInt64, route: ReaderRoute) {
        _ = reader.token(token, at: now(time))
        return try sent(reader.listed(reader.facts, at: now(time), random: &random))
    }

    /// To the search.
    private mutating func loses(_ failure: ReaderFailure = .unreachable(detail: "nobody")) throws {
        #expect(reader.setDesired(true, at: now()) == [.claimToken])
        let (sequence, route) = try connects()
        #expect(route.address == Self.here)
        #expect(reader.answered(sequence: sequence, .failure(failure), at: now(), random: &random) == [.search])
        #expect(reader.isSearching && reader.isConnecting && reader.nextWake == nil)
    }

    @Test mutating func `a reader that does not answer is searched for, and dialled where it is seen`() throws {
        try loses()
        #expect(reader.sighted(Self.sighting(), at: now(1_200)) == [.claimToken])
        let (sequence, route) = try connects(at: 1_300)
        #expect(route == ReaderRoute(address: Self.there, port: 4443, host: "10-0-0-9.\(Self.domain)"))
        let reply = ReaderReply.activated(session: SessionToken(Secret("s")), livemode: false, software: nil)
        _ = reader.answered(sequence: sequence, .success(reply), at: now(1_400), random: &random)
        #expect(reader.isLive && reader.places.map(\.text).contains(Self.there))
    }

    @Test mutating func `another device at its address is a reason to search as well`() throws {
        try loses(.untrusted(.wrongName(expected: "a", presented: ["b"])))
    }

    @Test mutating func `a certificate that is no wildcard is asked for by the name that it bears`() throws {
        try loses()
        _ = reader.sighted(Self.sighting(name: "10-0-0-5.\(Self.domain)"), at: now(1_200))
        #expect(try connects().route.host == "10-0-0-5.\(Self.domain)")
    }

    @Test mutating func `a search that finds nothing ends as the loss that it began with, and is not repeated at once`() throws {
        try loses()
        let actions = reader.searched(at: now(2_500), random: &random)
        guard case .owed(.changed(let words))? = actions.first else { throw Lost() }
        #expect(words.contains("nobody") && reader.trouble?.kind == .unreachable)
        let retry = try #require(reader.nextWake)
        #expect(reader.tick(at: now(retry)) == [.claimToken])
        let (sequence, _) = try connects(at: retry)
        let again = reader.answered(sequence: sequence, .failure(.unreachable(detail: "nobody")), at: now(retry), random: &random)
        #expect(!again.contains(.search) && !reader.isSearching)
    }

    @Test mutating func `a payment waits for the search, and is told when it has found nothing`() throws {
        let payment = LeaseHolder.payment(PaymentID(unchecked: "p1"))
        var actions: [ReaderMachine.Action] = []
        #expect(reader.enqueue(payment, at: now(), actions: &actions))
        #expect(reader.awaitSession(payment, at: now()) == [.claimToken])
        var (sequence, _) = try connects()
        #expect(reader.answered(sequence: sequence, .failure(.unreachable(detail: "x")), at: now(), random: &random) == [.search])
        // As without a search: one more try, for a payment waits for it.
        #expect(reader.searched(at: now(2_500), random: &random) == [.claimToken])
        (sequence, _) = try connects(at: 2_500)
        let told = reader.answered(sequence: sequence, .failure(.unreachable(detail: "x")), at: now(2_600), random: &random)
        #expect(told.contains { if case .owed(.sessionFailed(payment, _)) = $0 { true } else { false } })
    }

    @Test mutating func `without a way to look, or without a name of its own, nothing is searched for`() throws {
        for facts in [Self.facts(), Self.facts { $0.baseURL = nil }] {
            var policy = GatewayPolicy()
            policy.lanSweep = facts.baseURL == nil
            reader = ReaderMachine(facts: facts, policy: policy)
            _ = reader.setDesired(true, at: now())
            let (sequence, _) = try connects()
            let actions = reader.answered(sequence: sequence, .failure(.unreachable(detail: "x")), at: now(), random: &random)
            #expect(!actions.contains(.search) && !reader.isSearching)
        }
    }

    @Test mutating func `what is lost after it was sent is no reason to search`() throws {
        _ = reader.setDesired(true, at: now())
        let (sequence, _) = try connects()
        let actions = reader.answered(sequence: sequence, .failure(.lost(detail: "x")), at: now(), random: &random)
        #expect(!actions.contains(.search))
    }

    @Test mutating func `a reader of which Stripe knows no address is searched for`() throws {
        reader.editFacts { $0.address = nil }
        _ = reader.setDesired(true, at: now())
        _ = reader.token(token, at: now())
        #expect(reader.listed(reader.facts, at: now(), random: &random) == [.search])
        #expect(reader.sighted(Self.sighting(), at: now()) == [.claimToken])
        #expect(try connects().route.address == Self.there)
    }

    @Test mutating func `an open session whose reader is seen elsewhere is asked whether it lives, once nothing is under way`() throws {
        _ = reader.setDesired(true, at: now())
        let (sequence, _) = try connects()
        let reply = ReaderReply.activated(session: SessionToken(Secret("s")), livemode: false, software: nil)
        _ = reader.answered(sequence: sequence, .success(reply), at: now(), random: &random)
        #expect(reader.sighted(Self.sighting(Self.here), at: now()).isEmpty, "it is where it was")
        let asked = reader.sighted(Self.sighting(), at: now())
        guard case .begun(.send(let beat, let route, .heartbeat, _, _, .session))? = asked.first else { throw Lost() }
        #expect(route.address == Self.here, "the session is where it was opened")
        #expect(reader.sighted(Self.sighting(), at: now()).isEmpty, "one thing at a time")
        let lost = reader.answered(sequence: beat, .failure(.lost(detail: "x")), at: now(2_000), random: &random)
        #expect(lost.contains(.claimToken))
        #expect(try connects(at: 2_000).route.address == Self.there)
    }

    @Test mutating func `a payment at work is not disturbed by where its reader is seen`() throws {
        let payment = LeaseHolder.payment(PaymentID(unchecked: "p1"))
        var actions: [ReaderMachine.Action] = []
        _ = reader.enqueue(payment, at: now(), actions: &actions)
        _ = reader.awaitSession(payment, at: now())
        let (sequence, _) = try connects()
        let reply = ReaderReply.activated(session: SessionToken(Secret("s")), livemode: false, software: nil)
        _ = reader.answered(sequence: sequence, .success(reply), at: now(), random: &random)
        #expect(reader.sighted(Self.sighting(), at: now()).isEmpty && reader.isLive)
    }

    private static let plug = USBPlace(bus: 1, device: 4, portPath: "4", interface: 0, endpointIn: 0x81, endpointOut: 1, packetSize: 512)

    @Test mutating func `a reader that is plugged in while its last address is tried is spoken to there at once`() throws {
        #expect(reader.setDesired(true, at: now()) == [.claimToken])
        let (sequence, route) = try connects()
        #expect(route.address == Self.here)
        #expect(reader.plugged(Self.plug, nil, at: now(1_010), random: &random).isEmpty, "one thing at a time")
        let next = reader.answered(sequence: sequence, .failure(.unreachable(detail: "refused")), at: now(1_020), random: &random)
        #expect(next.contains(.claimToken) && !next.contains(.search))
        #expect(reader.isKnownUnusable(at: 1_020) == nil, "a payment that comes now waits for the plug")
        #expect(try connects(at: 1_030).route.link == .usb(Self.plug))
    }

    @Test mutating func `a reader that is seen elsewhere while its last address is tried is spoken to there at once`() throws {
        #expect(reader.setDesired(true, at: now()) == [.claimToken])
        let (sequence, _) = try connects()
        #expect(reader.sighted(Self.sighting(), at: now(1_010)).isEmpty)
        let next = reader.answered(sequence: sequence, .failure(.unreachable(detail: "refused")), at: now(1_020), random: &random)
        #expect(next.contains(.claimToken) && !next.contains(.search))
        #expect(try connects(at: 1_030).route.address == Self.there)
    }

    @Test mutating func `a place that has failed too is tried again only after the pause`() throws {
        reader.policy.lanSweep = false
        #expect(reader.setDesired(true, at: now()) == [.claimToken])
        var (sequence, _) = try connects()
        _ = reader.plugged(Self.plug, nil, at: now(1_010), random: &random)
        _ = reader.answered(sequence: sequence, .failure(.unreachable(detail: "refused")), at: now(1_020), random: &random)
        sequence = try connects(at: 1_030).sequence
        let last = reader.answered(sequence: sequence, .failure(.unreachable(detail: "closed")), at: now(1_040), random: &random)
        #expect(!last.contains(.claimToken) && reader.isKnownUnusable(at: 1_050)?.kind == .unreachable)
    }

    @Test mutating func `a plug ends a search`() throws {
        try loses()
        #expect(reader.plugged(Self.plug, nil, at: now(1_200), random: &random) == [.claimToken])
        #expect(try connects(at: 1_300).route.link == .usb(Self.plug))
    }

    @Test mutating func `a technician's disconnect ends a search`() throws {
        try loses()
        _ = reader.part(at: now())
        #expect(!reader.isSearching && reader.sighted(Self.sighting(), at: now()).isEmpty)
        #expect(reader.searched(at: now(), random: &random).isEmpty)
    }

    @Test func `of two addresses the one where it was seen comes first, then Stripe's`() throws {
        let facts = Self.facts { $0.seen = Self.sighting() }
        #expect(try facts.routes(port: 4443).get().map(\.address) == [Self.there, Self.here])
        #expect(try Self.facts { $0.seen = Self.sighting(Self.here) }.routes(port: 4443).get().map(\.address) == [Self.here])
        let other = Self.facts { $0.seen = Self.sighting(name: "*.other.\(ReaderName.suffix)") }
        #expect(try other.routes(port: 4443).get().map(\.address) == [Self.here], "another reader's name leads nowhere")
        let unlisted = Self.facts {
            $0.inStripe = false
            $0.seen = Self.sighting()
        }
        #expect(throws: ReaderTrouble.self) { try unlisted.routes(port: 4443).get() }
    }
}
