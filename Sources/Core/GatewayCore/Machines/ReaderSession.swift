import GatewayModel
import Moments

/// The session with one reader: how it opens, is kept, and is lost.
///
/// It opens with a fresh connection token, after the agent has looked the reader up anew (its address may have changed). A heartbeat keeps
/// it, and the first sign that it is gone ends it. Who wants it and what it has to show first is told with each event.
struct ReaderSession: Sendable {
    private(set) var state = State.none(trouble: nil, retryAt: .min)
    private(set) var way = ReaderWay()
    private(set) var contact = ReaderContact()
    private var pauses = ReaderPauses()
    /// How often a busy reader was asked in vain to clear its screen.
    private var clears = 0
    /// When the reader was last heard, or asked for a sign of life.
    private var lastContact = MonoTime.min
    /// Whether another entry of the same device has the session, so that none opens here.
    private(set) var isBarred = false
    /// Whether the activation that was sent last takes the reader over from another point of sale.
    private var tookOver = false
    /// Why the last try to open a session failed; nil once one is open.
    private(set) var lastTrouble: ReaderTrouble?
    private(set) var since: WallTime?
    private(set) var livemode: Bool?

    // MARK: What can be seen

    /// When it is worth a tick. This is asked often, so only what the state needs is looked up.
    func nextWake(
        isWanted: @autoclosure () -> Bool, isLeaseFree: Bool, isAsking: Bool, heartbeatInterval: @autoclosure () -> Int64
    ) -> MonoTime {
        switch state {
        case .none(_, let retryAt): !isBarred && isWanted() ? retryAt : .max
        case .live: isLeaseFree && !isAsking ? lastContact + heartbeatInterval() : .max
        case .clearing(_, let again): isAsking ? .max : again ?? .max
        case .claiming, .listing, .activating, .searching: .max
        }
    }

    // MARK: Who wants it

    /// Opens a session if one is wanted, and no pause, and no other entry of the device, forbids it.
    mutating func openIfWanted(_ around: Context) -> [Told] {
        guard around.isWanted, !isBarred, case .none(_, let retryAt) = state, around.now.mono >= retryAt else { return [] }
        return open(around)
    }

    private mutating func open(_ around: Context) -> [Told] {
        guard !isBarred else {
            pauseIsOver(around, trouble: nil)
            return []
        }
        state = .claiming
        way.tryBegins()
        return [.claimToken]
    }

    /// Opens a session for the holder of the lease, whatever the pause after the last failure.
    mutating func holderAwaits(_ around: Context) -> [Told] {
        pauses.holderAwaits()
        return isAsked(around)
    }

    /// Opens a session for a request, whatever the pause after the last failure.
    mutating func isAsked(_ around: Context) -> [Told] {
        guard case .none = state else { return [] }
        return open(around)
    }

    /// Gives the session up for a technician.
    mutating func part(_ around: Context) -> [Told] { giveUp(mayLeave: true, around) }

    /// Bars this entry, because the device's session now belongs to another one. This entry still takes the answers to what was sent.
    mutating func bar(_ around: Context) -> [Told] {
        isBarred = true
        return giveUp(mayLeave: around.isLeaseFree && !around.isAsking, around)
    }

    /// Gives the device back to this entry.
    mutating func unbar(_ around: Context) -> [Told] {
        isBarred = false
        if case .none(let trouble, _) = state { pauseIsOver(around, trouble: trouble) }
        return openIfWanted(around)
    }

    /// Stops what is under way, but for what the reader was asked already. That session is given up when it is there.
    private mutating func giveUp(mayLeave: Bool, _ around: Context) -> [Told] {
        switch state {
        case .claiming:
            pauseIsOver(around, trouble: nil)
            return [.withdrawToken]
        case .listing, .searching:
            pauseIsOver(around, trouble: nil)
            return []
        case .live: return mayLeave ? leave(around) : []
        case .activating, .clearing, .none: return []
        }
    }

    /// Handles an entry that is in no list any more. It has no session to keep.
    mutating func unlist(_ around: Context) -> [Told] {
        state.isLive && around.isLeaseFree && around.isResting && !around.isWanted ? leave(around) : []
    }

    // MARK: Pauses

    private mutating func pauseIsOver(_ around: Context, trouble: ReaderTrouble?) {
        state = .none(trouble: trouble, retryAt: around.now.mono)
    }

    /// Tries once more at once, whatever has failed.
    mutating func tryAgain(_ around: Context) -> [Told] { open(around) }

    /// Ends the pause after the last failure, because the lists have news of the device.
    mutating func endPause(_ around: Context) -> [Told] {
        guard case .none(let trouble, _) = state, trouble?.kind != .softwareUnsupported else { return [] }
        pauseIsOver(around, trouble: trouble)
        return openIfWanted(around)
    }

    /// Notes that the reader has other software. It is worth a try where the last one did not serve the interface.
    mutating func updated(_ around: Context) -> [Told] {
        guard case .none(let trouble?, _) = state, trouble.kind == .softwareUnsupported else { return [] }
        pauseIsOver(around, trouble: nil)
        pauses.understood()
        return openIfWanted(around)
    }

    // MARK: How it opens

    mutating func got(_ token: ConnectionToken) -> [Told] {
        guard case .claiming = state else { return [] }
        state = .listing(token)
        return [.list(token)]
    }

    mutating func gotNoToken(_ trouble: ReaderTrouble, _ around: Context, random: inout SeededRandom) -> [Told] {
        guard case .claiming = state else { return [] }
        return fail(trouble, quick: false, around, random: &random)
    }

    /// Takes the routes to the reader from the lists, and asks it for a session.
    mutating func listed(
        _ routes: Result<[ReaderRoute], ReaderTrouble>, _ around: Context, random: inout SeededRandom
    ) -> [Told] {
        guard case .listing(let token) = state else { return [] }
        switch routes {
        case .success(let routes):
            guard way.choose(among: routes) else {
                return fail(.noWay, quick: false, around, random: &random)
            }
            state = .activating
            tookOver = around.takesOver
            let isProof = around.proves && !tookOver && !around.clearsFirst
            return [.activate(isProof ? .prove(token: token) : .activate(token: token, failIfInUse: !tookOver))]
        case .failure(let trouble): return searchOrFail(trouble, quick: false, around, random: &random)
        }
    }

    mutating func notListed(_ trouble: ReaderTrouble, _ around: Context, random: inout SeededRandom) -> [Told] {
        guard case .listing = state else { return [] }
        return fail(trouble, quick: true, around, random: &random)
    }

    /// Takes the session that the reader grants.
    mutating func activated(_ token: SessionToken, livemode: Bool?, _ around: Context) -> [Told] {
        guard case .activating = state else { return [] }
        self.livemode = livemode
        pauses.understood()
        since = around.now.wall
        lastTrouble = nil
        if around.proves, !tookOver, !around.clearsFirst {
            // It was learnt meanwhile that another entry had left the reader in the middle of a confirm.
            return leave(around) + openIfWanted(around)
        }
        guard around.isDirty else { return opened(token, around) }
        state = .clearing(token, again: nil)
        return [.ask(.clearDisplay(nil))]
    }

    /// Notes that the reader has admitted another point of sale, whose session has served its purpose. The next one opens after that.
    mutating func admittedAnother(_ around: Context) -> [Told] {
        pauseIsOver(around, trouble: nil)
        lastTrouble = nil
        pauses.proved()
        return [.ended(unsent: "the reader was disconnected")]
    }

    mutating func notActivated(
        _ failure: ReaderFailure, of facts: ReaderFacts, _ around: Context, random: inout SeededRandom
    ) -> [Told] {
        if let words = failure.speaksAnotherLanguage { return fail(.unsupported(facts, words), quick: false, around, random: &random) }
        switch failure {
        case .app(_, let detail) where !tookOver && failure.saysInUse:
            return fail(.inUse(detail, isToBeProved: around.proves), quick: false, around, random: &random)
        case .unreachable:
            way.failed()
            return searchOrFail(.from(failure), quick: true, around, random: &random)
        case .untrusted:
            way.failed()
            return searchOrFail(.from(failure), quick: false, around, random: &random)
        case .lost:
            way.failed()
            return fail(.from(failure), quick: true, around, random: &random)
        case .rpc, .app, .invalidAnswer, .unsupported: return fail(.from(failure), quick: true, around, random: &random)
        }
    }

    /// Notes that the reader has acknowledged the clearing of its screen.
    mutating func cleared(_ around: Context) -> [Told] {
        guard case .clearing(let token, _) = state else { return [] }
        return around.proves && !tookOver ? leave(around) + openIfWanted(around) : opened(token, around)
    }

    /// Handles a clear without acknowledgement, which does not show the reader idle. The reader may still be authorising, which takes as
    /// long as it takes. So it is asked again, and a fresh session finds out only when that goes on too long. The holder of the lease does
    /// not wait that long for its session.
    mutating func notCleared(_ failure: ReaderFailure, _ around: Context, random: inout SeededRandom) -> [Told] {
        guard case .clearing(let token, _) = state else { return [] }
        // Where a proof is wanted the reader is at work on something. Only the proof says when that is over.
        if !around.proves { clears += 1 }
        if around.proves || clears > 30 {
            if !around.proves { clears = 0 }
            return lose(.from(failure), around, random: &random)
        }
        state = .clearing(token, again: around.now.mono + min(10_000, 500 << Int64(min(clears, 10))))
        return clears >= 3 ? [.late(.from(failure))] : []
    }

    private mutating func opened(_ token: SessionToken, _ around: Context) -> [Told] {
        state = .live(token)
        lastTrouble = nil
        way.opened()
        clears = 0
        pauses.opened()
        return [.changed("session opened")] + (around.isParted ? leave(around) : [.opened])
    }

    /// Handles a failed try to open a session. With `quick` the holder of the lease is worth one more try at once.
    private mutating func fail(_ trouble: ReaderTrouble, quick: Bool, _ around: Context, random: inout SeededRandom) -> [Told] {
        since = nil
        if let told = goOnAtNewPlace(after: trouble, around) { return told }
        pauses.failed()
        contact.note(trouble)
        if around.isAwaited, quick, pauses.isFirstTry { return open(around) }
        state = .none(trouble: trouble, retryAt: around.now.mono + pauses.next(after: trouble, random: &random))
        lastTrouble = trouble
        return [.failed(trouble, wasPolite: !tookOver)]
    }

    // MARK: How it is kept and lost

    /// Has the reader show that it is idle. A session of the other point of sale gives a proof, where one is needed. Otherwise the screen
    /// is cleared in the session, which is opened first if there is none.
    mutating func showIdle(_ around: Context) -> [Told] {
        switch state {
        case .live where around.proves, .clearing where around.proves && !around.isAsking:
            clears = 0
            return leave(around) + openIfWanted(around)
        case .live(let token):
            state = .clearing(token, again: nil)
            return [.ask(.clearDisplay(nil))]
        case .none: return openIfWanted(around)
        case .claiming, .listing, .activating, .searching, .clearing: return []
        }
    }

    mutating func tick(_ around: Context, heartbeatInterval: Int64) -> [Told] {
        let now = around.now.mono
        switch state {
        case .none: return openIfWanted(around)
        case .clearing(let token, let again?) where now >= again && !around.isAsking:
            state = .clearing(token, again: nil)
            return [.ask(.clearDisplay(nil))]
        case .live where around.isLeaseFree && !around.isAsking && now >= lastContact + heartbeatInterval: return askForLife(around)
        case .claiming, .listing, .activating, .searching, .clearing, .live: return []
        }
    }

    private mutating func askForLife(_ around: Context) -> [Told] {
        lastContact = around.now.mono
        return [.ask(.heartbeat)]
    }

    /// Notes that the reader has answered in the session.
    mutating func answered(_ around: Context) {
        lastContact = around.now.mono
        heard(around)
    }

    /// Gives the session up. The agent does not tell the reader, because no call for that is known (reader-protocol, section 3).
    private mutating func leave(_ around: Context) -> [Told] {
        pauseIsOver(around, trouble: nil)
        since = nil
        return [.ended(unsent: "the reader was disconnected"), .changed("session given up")]
    }

    /// Ends a session whose link or token failed.
    mutating func failed(_ failure: ReaderFailure, _ around: Context, random: inout SeededRandom) -> [Told] {
        way.failed()
        return lose(.from(failure), around, random: &random)
    }

    private mutating func lose(_ trouble: ReaderTrouble, _ around: Context, random: inout SeededRandom) -> [Told] {
        let wasOpening = !state.isLive
        pauseIsOver(around, trouble: trouble)
        contact.note(trouble)
        since = nil
        let told: [Told] = [.ended(unsent: "the session with the reader was lost"), .changed("session lost: \(trouble.message)")]
        // A reader that opens sessions and then breaks is asked again only after a pause, and those that wait for it are told.
        return told + (wasOpening ? fail(trouble, quick: true, around, random: &random) : openIfWanted(around))
    }

    // MARK: Where the reader is

    /// Notes that the reader has answered a scan or a command. The trouble of an earlier try is over with that.
    mutating func heard(_ around: Context) {
        contact.heard(at: around.now.wall)
        guard case .none(let trouble?, _) = state, trouble.kind == .unreachable, !around.isWanted else { return }
        pauseIsOver(around, trouble: nil)
    }

    /// Notes that a scan of the reader's place did not find it. Returns the time in milliseconds after which another scan is worth it.
    mutating func missed(at address: String) -> Int64 { contact.missed(at: address) }

    /// Takes a sighting of the reader's certificate at an address.
    ///
    /// The agent does not give up an open session for that. If nothing is under way, it asks the reader whether it is still there. A
    /// payment finds out by itself.
    mutating func sighted(_ sighting: LANSighting, _ around: Context) -> [Told] {
        defer { heard(around) }
        switch state {
        case .searching: return open(around)
        case .none(let trouble?, _) where trouble.kind == .unreachable:
            pauseIsOver(around, trouble: trouble)
            return openIfWanted(around)
        case .live where around.isLeaseFree && around.isResting && !way.isWhere(sighting): return askForLife(around)
        case .activating, .clearing: way.turnedUp(sighting)
        case .none, .claiming, .listing, .live: break
        }
        return []
    }

    /// Takes in that the reader's USB link was plugged in, pulled out, or plugged in anew. `isSeen` tells that a scan sees it on the LAN.
    ///
    /// A payment that holds the reader finds out by itself, as with a reader that is lost on the LAN. What it may conclude depends on the
    /// command that was under way.
    mutating func plugged(_ place: USBPlace?, isSeen: Bool, _ around: Context, random: inout SeededRandom) -> [Told] {
        way.forgetFailure()
        if place != nil { heard(around) } else if !isSeen { contact.unplugged() }
        if let used = way.plug, used != place, state.isLive, around.isLeaseFree, !around.isAsking {
            return lose(.pulledOut(used), around, random: &random)
        }
        return place.map { tryPlug($0, around) } ?? []
    }

    /// Tries the place where the reader has just been plugged in. A session that is being opened elsewhere goes on, and this place is next.
    private mutating func tryPlug(_ place: USBPlace, _ around: Context) -> [Told] {
        switch state {
        case .none(let trouble, _):
            pauseIsOver(around, trouble: trouble)
            return openIfWanted(around)
        case .searching: return open(around)
        case .activating, .clearing: way.turnedUp(at: place)
        case .claiming, .listing, .live: break
        }
        return []
    }

    /// Searches for a reader at whose place no device, or another one, answered. It fails at once if the reader cannot be told from others
    /// or the settings forbid scans.
    private mutating func searchOrFail(
        _ trouble: ReaderTrouble, quick: Bool, _ around: Context, random: inout SeededRandom
    ) -> [Told] {
        if let told = goOnAtNewPlace(after: trouble, around) { return told }
        guard trouble.isLoss, around.isWanted, around.maySearch, way.maySearch(at: around.now.mono) else {
            return fail(trouble, quick: quick, around, random: &random)
        }
        state = .searching(trouble)
        since = nil
        way.searched(at: around.now.mono)
        return [.search]
    }

    /// Ends the search. A reader that was not sighted by now was not found.
    mutating func searched(_ around: Context, random: inout SeededRandom) -> [Told] {
        guard case .searching(let trouble) = state else { return [] }
        way.searched(at: around.now.mono)
        return fail(trouble, quick: true, around, random: &random)
    }

    /// Goes on where the reader has turned up while another place was being tried, at once and for everyone that waits; nil when there is no
    /// such place.
    private mutating func goOnAtNewPlace(after trouble: ReaderTrouble, _ around: Context) -> [Told]? {
        guard trouble.isLoss, way.takeNewPlace() else { return nil }
        pauseIsOver(around, trouble: trouble)
        return [.changed(trouble.message)] + openIfWanted(around)
    }
}
