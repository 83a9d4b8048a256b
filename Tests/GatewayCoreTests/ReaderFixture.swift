@testable import GatewayCore
@testable import GatewayModel
import Moments

/// One reader at an address, and the way to a session with it.
struct ReaderFixture {
    var reader: ReaderMachine
    var random = SeededRandom(seed: 1)
    let now = Now(mono: 1_000, wall: 1)

    static var facts: ReaderFacts {
        var facts = ReaderFacts(id: StoreFixture.reader)
        facts.inBackend = true
        facts.inStripe = true
        facts.address = "10.0.0.1"
        facts.baseURL = "r.\(ReaderName.suffix)"
        return facts
    }

    /// A reader that is not connected yet.
    init() { reader = ReaderMachine(facts: Self.facts, policy: GatewayPolicy()) }

    /// A reader in a session, of a holder where one is named.
    static func live(holder: LeaseHolder? = nil) -> ReaderFixture {
        var fixture = ReaderFixture()
        var actions: [ReaderMachine.Action] = []
        if let holder { _ = fixture.reader.enqueue(holder, at: fixture.now, actions: &actions) }
        _ = fixture.reader.setDesired(true, at: fixture.now)
        fixture.opens()
        return fixture
    }

    /// Opens the session for which a token has been asked for.
    mutating func opens() {
        _ = reader.token(ConnectionToken(Secret("pst")), at: now)
        let asked = reader.listed(reader.facts, at: now, random: &random)
        let told = answers(asked, .success(.activated(session: SessionToken(Secret("rst")), livemode: false, software: nil)))
        // A screen that may show something is cleared before the session is open.
        if Self.sequence(in: told) != nil { _ = answers(told, .success(.done)) }
    }

    /// Answers the command that these actions send.
    mutating func answers(_ actions: [ReaderMachine.Action], _ result: Result<ReaderReply, ReaderFailure>) -> [ReaderMachine.Action] {
        guard let sequence = Self.sequence(in: actions) else { return [] }
        return reader.answered(sequence: sequence, result, at: now, random: &random)
    }

    static func sequence(in actions: [ReaderMachine.Action]) -> UInt64? {
        for case .begun(.send(let sequence, _, _, _, _, _)) in actions { return sequence }
        return nil
    }
}
