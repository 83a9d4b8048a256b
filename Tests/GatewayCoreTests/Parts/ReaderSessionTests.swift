import Testing

@testable import GatewayCore
@testable import GatewayModel
import Moments

/// The session with a reader, by what it is told and what it tells.
@Suite struct ReaderSessionTests {
    private static let token = ConnectionToken(Secret("pst"))
    private static let secret = SessionToken(Secret("rst"))
    private static let here = ReaderRoute(address: "10.0.0.5", port: 4443, host: "r.example.test")
    private static let lost = ReaderFailure.lost(detail: "cut")

    private var session = ReaderSession()
    private var random = SeededRandom(seed: 1)
    private var around = ReaderSession.Context(
        now: Now(mono: 1_000, wall: 1_000), isWanted: true, isAwaited: false, isLeaseFree: true, proves: false, clearsFirst: false,
        takesOver: false, isParted: false, isDirty: false, isAsking: false, isResting: true, maySearch: false)

    /// The names of what is told, in order.
    private func names(_ told: [ReaderSession.Told]) -> [String] {
        told.map { word in
            switch word {
            case .claimToken: "claim"
            case .withdrawToken: "withdraw"
            case .list: "list"
            case .search: "search"
            case .activate(let command): command.name
            case .ask(let command): command.name
            case .opened: "opened"
            case .ended: "ended"
            case .failed(let trouble, _): "failed: \(trouble.kind)"
            case .late: "late"
            case .changed: "changed"
            }
        }
    }

    /// From nothing to the activation. Returns the command that asks for the session.
    private mutating func activates() -> ReaderCommand? {
        _ = session.openIfWanted(around)
        _ = session.got(Self.token)
        for case .activate(let command) in session.listed(.success([Self.here]), around, random: &random) { return command }
        return nil
    }

    private mutating func opens() {
        _ = activates()
        _ = session.activated(Self.secret, livemode: false, around)
    }

    // MARK: It opens

    @Test mutating func `a session opens with a token, today's address and the reader's consent`() {
        #expect(names(session.openIfWanted(around)) == ["claim"] && session.openIfWanted(around).isEmpty)
        #expect(names(session.got(Self.token)) == ["list"] && session.state.token == nil)
        #expect(names(session.listed(.success([Self.here]), around, random: &random)) == ["activateTerminal"])
        #expect(names(session.activated(Self.secret, livemode: true, around)) == ["changed", "opened"])
        #expect(session.state.isLive && session.state.token == Self.secret && session.since == 1_000 && session.livemode == true)
    }

    @Test mutating func `nobody's session is not opened, nor one that another entry has`() {
        around.isWanted = false
        #expect(session.openIfWanted(around).isEmpty)
        around.isWanted = true
        #expect(session.bar(around).isEmpty && session.openIfWanted(around).isEmpty && session.isAsked(around).isEmpty)
        #expect(names(session.unbar(around)) == ["claim"])
    }

    @Test mutating func `a screen that may show something is cleared before the session is open`() {
        around.isDirty = true
        _ = activates()
        #expect(names(session.activated(Self.secret, livemode: false, around)) == [ReaderCommand.clearDisplay(nil).name])
        #expect(!session.state.isLive && session.state.token != nil)
        #expect(names(session.cleared(around)) == ["changed", "opened"])
    }

    @Test mutating func `a proof comes before any activation, but for one that takes over or clears first`() {
        around.proves = true
        #expect(activates() == .prove(token: Self.token))
        #expect(names(session.admittedAnother(around)) == ["ended"] && !session.state.isConnecting)
        around.clearsFirst = true
        #expect(activates() == .activate(token: Self.token, failIfInUse: true))
        _ = session.tryAgain(around)
        around.takesOver = true
        #expect(activates() == .activate(token: Self.token, failIfInUse: false))
    }

    @Test mutating func `a proof that is asked for while the session is being opened takes it back`() {
        _ = activates()
        around.proves = true
        #expect(names(session.activated(Self.secret, livemode: false, around)) == ["ended", "changed", "claim"])
    }

    @Test mutating func `a session that a technician has disconnected meanwhile is given up as it opens`() {
        _ = activates()
        #expect(session.part(around).isEmpty, "the reader was asked already")
        around.isParted = true
        #expect(names(session.activated(Self.secret, livemode: false, around)) == ["changed", "ended", "changed"])
        #expect(!session.state.isAtReader)
    }

    // MARK: It fails

    @Test mutating func `a failed try is told and followed by a pause, and a holder that waits is worth one more at once`() {
        _ = activates()
        #expect(
            names(session.notActivated(Self.lost, of: ReaderFixture.facts, around, random: &random))
                == ["failed: unreachable"])
        #expect(session.openIfWanted(around).isEmpty && session.contact.isThere == false)
        around.isAwaited = true
        #expect(names(session.holderAwaits(around)) == ["claim"])
        for expected in ["claim", "failed: unreachable"] {
            _ = session.got(Self.token)
            _ = session.listed(.success([Self.here]), around, random: &random)
            #expect(names(session.notActivated(Self.lost, of: ReaderFixture.facts, around, random: &random)) == [expected])
        }
    }

    @Test mutating func `a reader in use is told as that where the try was polite`() {
        let inUse = ReaderFailure.app(.lockResourcesException, detail: "busy")
        _ = activates()
        #expect(
            names(session.notActivated(inUse, of: ReaderFixture.facts, around, random: &random))
                == ["failed: inUseElsewhere"])
        #expect(session.state.trouble(pausingAt: 1_001)?.message.contains("(busy)") == true && session.contact.silence == nil)
    }

    @Test mutating func `other software ends the long pause of a reader that spoke another language`() {
        _ = activates()
        _ = session.notActivated(.unsupported(detail: "404"), of: ReaderFixture.facts, around, random: &random)
        #expect(session.state.trouble?.kind == .softwareUnsupported && session.endPause(around).isEmpty)
        #expect(names(session.updated(around)) == ["claim"])
    }

    @Test mutating func `a reader that is not there is searched for once, where that is allowed`() {
        around.maySearch = true
        _ = activates()
        let gone = ReaderFailure.unreachable(detail: "refused")
        #expect(names(session.notActivated(gone, of: ReaderFixture.facts, around, random: &random)) == ["search"])
        #expect(names(session.sighted(LANSighting(address: "10.0.0.9", port: 4443, certificateName: "r"), around)) == ["claim"])
        _ = session.got(Self.token)
        _ = session.listed(.success([Self.here]), around, random: &random)
        #expect(
            names(session.notActivated(gone, of: ReaderFixture.facts, around, random: &random))
                == ["failed: unreachable"])
    }

    // MARK: It is kept and lost

    @Test mutating func `a session that nobody uses is kept alive by a heartbeat, and none comes beside another command`() {
        opens()
        session.answered(around)
        let interval: Int64 = 60_000
        #expect(session.tick(around, heartbeatInterval: interval).isEmpty)
        #expect(session.nextWake(isWanted: true, isLeaseFree: true, isAsking: false, heartbeatInterval: interval) == 61_000)
        around.now = Now(mono: 61_000, wall: 61_000)
        for (isLeaseFree, isAsking) in [(false, false), (true, true)] {
            (around.isLeaseFree, around.isAsking) = (isLeaseFree, isAsking)
            #expect(session.tick(around, heartbeatInterval: interval).isEmpty)
        }
        (around.isLeaseFree, around.isAsking) = (true, false)
        #expect(names(session.tick(around, heartbeatInterval: interval)) == ["terminalHeartbeat"])
        #expect(session.tick(around, heartbeatInterval: interval).isEmpty, "once")
    }

    @Test mutating func `a lost session is opened again at once where it is wanted, and over another link if there is one`() {
        opens()
        #expect(names(session.failed(Self.lost, around, random: &random)) == ["ended", "changed", "claim"])
        let other = ReaderRoute(address: "10.0.0.9", port: 4443, host: "r.example.test")
        _ = session.got(Self.token)
        _ = session.listed(.success([Self.here, other]), around, random: &random)
        #expect(session.way.route == other)
    }

    @Test mutating func `a busy reader is asked to clear its screen again and again, and its holder is told after three times`() {
        around.isDirty = true
        opens()
        let busy = ReaderFailure.app(.lockResourcesException, detail: "authorising")
        var told: [[String]] = []
        for _ in 1...3 {
            told.append(names(session.notCleared(busy, around, random: &random)))
            let again = session.nextWake(isWanted: true, isLeaseFree: false, isAsking: false, heartbeatInterval: 1)
            around.now = Now(mono: again, wall: 1)
            #expect(names(session.tick(around, heartbeatInterval: 1)) == [ReaderCommand.clearDisplay(nil).name])
        }
        #expect(told == [[], [], ["late"]] && session.state.token != nil)
        around.proves = true
        #expect(names(session.notCleared(busy, around, random: &random)).first == "ended", "only the proof says when that is over")
    }

    @Test mutating func `a reader shows itself idle in its session, or by letting another point of sale in`() {
        opens()
        #expect(names(session.showIdle(around)) == [ReaderCommand.clearDisplay(nil).name] && !session.state.isLive)
        around.proves = true
        around.isAsking = true
        #expect(session.showIdle(around).isEmpty, "it is asked something")
        around.isAsking = false
        #expect(names(session.showIdle(around)) == ["ended", "changed", "claim"])
    }

    @Test mutating func `what is being opened is given up for a technician, and its token with it`() {
        _ = session.openIfWanted(around)
        #expect(names(session.part(around)) == ["withdraw"] && !session.state.isConnecting)
        opens()
        around.isLeaseFree = false
        #expect(session.bar(around).isEmpty, "its holder has it still")
        #expect(names(session.part(around)) == ["ended", "changed"])
    }
}
