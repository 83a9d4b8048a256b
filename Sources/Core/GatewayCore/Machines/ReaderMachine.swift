import GatewayModel
import Moments

/// One reader: its session, its lease, and the rule that it does one thing at a time.
///
/// The session is opened with a fresh connection token after looking the reader up anew (its address may have changed), kept by a
/// heartbeat, and given up at the first sign that it is gone. The lease belongs to one payment or card set-up; it stays after one whose end on
/// the reader is not known, until the reader has been seen idle.
package struct ReaderMachine: Sendable {
    /// Who waits for a command's answer.
    package enum Owner: Sendable, Hashable {
        case holder(LeaseHolder)
        case request(RequestID)
        /// The machine itself: activation, heartbeat, clearing.
        case session
    }

    /// How a holder leaves the reader.
    package enum Left: Sendable, Equatable {
        /// The reader has said that nothing of this holder runs on it.
        case idle
        /// It may still be asking for a card or be authorising: the lease stays until it is seen idle.
        case unknown
    }

    /// What is carried out even when this reader is gone meanwhile.
    package enum Owed: Sendable, Equatable {
        case withdrawToken
        case answer(Owner, ReaderCommand, Result<ReaderReply, ReaderFailure>)
        case sessionReady(LeaseHolder)
        case sessionFailed(LeaseHolder, ReaderTrouble)
        /// This one waits for the reader in vain: it cannot be reached.
        case turnedAway(LeaseHolder, ReaderTrouble)
        /// Nothing that was sent to the reader before can run on it any more.
        case seenIdle
        case changed(String)
        /// What became of the session that a request waited for.
        case connected(RequestID, Result<Void, ReaderTrouble>)

        package static func == (left: Owed, right: Owed) -> Bool {
            switch (left, right) {
            case (.withdrawToken, .withdrawToken), (.seenIdle, .seenIdle): true
            case (.answer(let a, let b, let c), .answer(let d, let e, let f)): a == d && b == e && c == f
            case (.sessionReady(let a), .sessionReady(let b)): a == b
            case (.sessionFailed(let a, let b), .sessionFailed(let c, let d)): a == c && b == d
            case (.turnedAway(let a, let b), .turnedAway(let c, let d)): a == c && b == d
            case (.changed(let a), .changed(let b)): a == b
            case (.connected(let a, .success), .connected(let b, .success)): a == b
            case (.connected(let a, .failure(let b)), .connected(let c, .failure(let d))): a == c && b == d
            case (.withdrawToken, _), (.answer, _), (.sessionReady, _), (.sessionFailed, _), (.turnedAway, _), (.seenIdle, _),
                (.changed, _),
                (.connected, _):
                false
            }
        }
    }

    /// What is begun only while this reader is still in the state that wanted it (`wants(_:)`).
    package enum Begun: Sendable, Equatable {
        case claimToken
        /// Read Stripe's list with this token, which is not spent by it.
        case list(ConnectionToken)
        case send(sequence: UInt64, ReaderRoute, ReaderCommand, session: SessionToken?, timeout: Int64, owner: Owner)
        case granted(LeaseHolder)
        /// It is not where it should be: look for it.
        case search
    }

    package typealias Action = PartAction<Owed, Begun>

    enum Session: Sendable, Equatable {
        /// No session. `trouble` says why the last try failed; no try before `retryAt`. To `claiming` when one is wanted.
        case none(trouble: ReaderTrouble?, retryAt: MonoTime)
        /// A connection token has been asked for. To `listing` with it, to `none` without.
        case claiming
        /// Stripe's list is read to learn the address of today. To `activating`, or to `none`.
        case listing(ConnectionToken)
        /// The activation is under way; the token is spent. To `clearing` or `live`, or to `searching`, or to `none`.
        case activating
        /// Nobody answered where it should be, and the LAN is being looked at. To `claiming` as soon as it is seen, to `none` when the look is over.
        case searching(ReaderTrouble)
        /// A session, but something may be left on the screen: it is cleared. To `live` when the reader has acknowledged, to `none` else.
        case clearing(SessionToken, since: MonoTime)
        /// A session. To `none` at any sign that it is gone.
        case live(SessionToken, since: MonoTime)
    }

    enum Lease: Sendable, Equatable {
        /// Nobody's. To `held` when it is granted.
        case free
        /// One holder's. To `free` or `freeing` when it leaves.
        case held(LeaseHolder)
        /// The holder has left, what runs on the reader is not known. To `free` once its screen is cleared or, where a confirm of the holder's has no
        /// answer (`Freeing.proves`), once it is proved idle.
        case freeing(LeaseHolder, Freeing)
    }

    /// How a reader becomes free that its holder has left in an unknown state.
    enum Freeing: Sendable, Equatable {
        /// A session, and the screen cleared: nothing was confirmed.
        case clears
        /// The same, also from another point of sale: the journal says that the last lease was this agent's.
        case takesOver
        /// Something may be authorised on it still: the proof that it is idle.
        case proves
    }

    struct InFlight: Sendable {
        var sequence: UInt64
        var owner: Owner
        var command: ReaderCommand
        /// The session that it belongs to: an answer that comes after its end says nothing of the next one.
        var session: UInt64
        /// Of a confirm: what was known of an earlier one.
        var confirmBefore: MonoTime?
    }

    struct Pending: Sendable {
        var owner: Owner
        var command: ReaderCommand
        var timeout: Int64
    }

    package let id: ReaderID
    /// Tells this machine from every other that is, or was, in the same place.
    package let epoch: UInt64
    package var policy: GatewayPolicy {
        _read { yield ownPolicy.value }
        _modify { yield &ownPolicy.value }
    }
    package internal(set) var facts: ReaderFacts {
        _read { yield sharedFacts.value }
        _modify { yield &sharedFacts.value }
    }
    private var ownPolicy: Shared<GatewayPolicy>
    private(set) var sharedFacts: Shared<ReaderFacts>
    var session = Session.none(trouble: nil, retryAt: .min)
    var lease = Lease.free
    var waiting: [LeaseHolder] = []
    /// The holder waits for a session.
    var holderWaits = false
    var attempts = 0
    /// Since when it is in no list.
    var unlistedSince: MonoTime?
    /// How often in a row it has said that it does not serve the interface.
    var unsupportedTries = 0
    var backoff = Backoff(base: 1_000, ceiling: 30_000)
    var inFlight: InFlight?
    /// An activation that has to wait: something of the last session has no answer yet.
    var nextActivation: (command: ReaderCommand, route: ReaderRoute)?
    /// Numbers the sessions.
    var sessionNumber: UInt64 = 0
    var pending: [Pending] = []
    var sequence: UInt64 = 0
    var lastContact: MonoTime = .min
    var lastHeartbeat: MonoTime = .min
    /// Where the session was opened: what the lists say later is for the next one.
    var route: ReaderRoute?
    /// The way that failed last: the next session tries another one, if there is one.
    var failedLink: ReaderRoute.Link?
    /// No search before this: one that has just found nothing is not repeated at once.
    var searchAfter = MonoTime.min
    /// The reader is busy and would not be cleared: when it is asked again, and how often it was.
    var clearAt: MonoTime?
    var clears = 0
    /// Something may be on the reader that this agent put there.
    var dirty = false
    /// An open cart wants this reader ready.
    var desired = false
    /// The activation that was sent last takes the reader over from whoever has it.
    var tookOver = false
    /// Requests that wait for a session.
    var connects: [ConnectRequest] = []
    /// A technician disconnected it: no session is opened until somebody wants one again.
    var isParted = false
    /// Another entry of the lists is the same device, and its session is that one's: none is opened here. Until when its holder waits for that.
    var barredUntil: MonoTime?
    /// The holder has asked the reader for something.
    var isUsed = false
    /// The session in which the holder has asked for the card: what was read in another is not confirmed.
    var cardSession: UInt64?
    /// Somebody waits for the proof that nothing runs on the reader.
    var proofWanted = false
    /// The holder gets no session before that: another entry of the device has left it in the middle of a confirm.
    var owesProof = false
    /// Whose confirm that proof is about: until it succeeds, the reader is nobody else's once its holder leaves.
    var proofIsAbout: LeaseHolder?
    /// The proof was refused: what may be left of this agent's own on the reader is taken off it first, by the point of sale that put it there.
    var clearsFirst = false
    /// When the last confirm was sent of which it is not known that it runs no more; after a restart, when that began to matter.
    var confirmSentAt: MonoTime?
    /// Why the last try to open a session failed, until one is open.
    var lastTrouble: ReaderTrouble?
    /// Whether anybody has heard of it since the start, and how often it was looked for in vain since.
    var contact = Contact.none
    var misses = 0
    package internal(set) var lastSeenAt: WallTime?
    package internal(set) var sessionSince: WallTime?
    package internal(set) var livemode: Bool?

    package init(facts: ReaderFacts, policy: GatewayPolicy, epoch: UInt64 = 0) {
        self.id = facts.id
        self.epoch = epoch
        self.sharedFacts = Shared(facts)
        self.ownPolicy = Shared(policy)
    }

    /// Whether what was to be begun is wanted still.
    func wants(_ begun: Begun) -> Bool {
        switch (begun, session) {
        case (.claimToken, .claiming), (.search, .searching): true
        case (.list(let token), .listing(let current)): token == current
        case (.send(let sequence, _, _, _, _, _), _): inFlight?.sequence == sequence
        case (.granted(let holder), _): lease == .held(holder)
        case (.claimToken, _), (.search, _), (.list, _): false
        }
    }

    // MARK: What can be seen

    package var holder: LeaseHolder? {
        switch lease {
        case .free: nil
        case .held(let holder), .freeing(let holder, _): holder
        }
    }

    package var isLive: Bool {
        if case .live = session { return true }
        return false
    }

    /// The way of the session that is open, or is being opened.
    package var isOverUSB: Bool? {
        guard isLive || isConnecting else { return nil }
        return route?.isUSB
    }

    package var isFreeing: Bool {
        if case .freeing = lease { return true }
        return false
    }

    package var isConnecting: Bool {
        switch session {
        case .claiming, .listing, .activating, .searching, .clearing: true
        case .none, .live: false
        }
    }

    package var trouble: ReaderTrouble? {
        if facts.isVendorSDKOnly { return .vendorSDKOnly(facts) }
        if case .none(let trouble, _) = session { return trouble }
        return nil
    }

    /// Whoever would have to wait for the reader now would wait in vain: it failed a moment ago and will not be tried before the pause is over; or its
    /// holder has lost it, and no try to find it again has succeeded since.
    package func isKnownUnusable(at now: MonoTime) -> ReaderTrouble? {
        if facts.isVendorSDKOnly { return .vendorSDKOnly(facts) }
        switch lease {
        case .held: return nil
        case .free:
            guard case .none(let trouble?, let retryAt) = session, now < retryAt else { return nil }
            // That it was not proved idle says nothing of whether it lets its own point of sale in.
            if proofWanted, trouble.kind == .inUseElsewhere { return nil }
            return isUnusable(trouble) ? trouble : nil
        case .freeing:
            guard let lastTrouble, isUnusable(lastTrouble), lastTrouble.kind != .inUseElsewhere else { return nil }
            return lastTrouble
        }
    }

    func isUnusable(_ trouble: ReaderTrouble) -> Bool {
        switch trouble.kind {
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .vendorSDKOnly, .softwareUnsupported: true
        case .refused, .backend, .stripe, .noCart: false
        }
    }

    package mutating func editFacts(_ change: (inout ReaderFacts) -> Void) { change(&facts) }

    package var waitingCount: Int { waiting.count }

    /// Nothing is under way on it, nobody waits for it, and it has left nothing for another entry of its device to see to.
    var isResting: Bool {
        guard lease == .free, !dirty, !proofWanted, confirmSentAt == nil, waiting.isEmpty, inFlight == nil, pending.isEmpty,
            connects.isEmpty
        else { return false }
        return !isLive && !isConnecting
    }

    package mutating func tick(at now: Now) -> [Action] {
        var actions: [Action] = []
        if let idleAt, now.mono >= idleAt { provedIdle("nothing runs on it any more: too long ago", at: now, &actions) }
        refuseLateConnects(at: now, &actions)
        giveUpWhereBarred(at: now, &actions)
        if case .none(_, let retryAt) = session, now.mono >= retryAt { connectIfWanted(at: now, &actions) }
        if case .clearing = session, let at = clearAt, now.mono >= at, inFlight == nil {
            clearAt = nil
            pending.append(Pending(owner: .session, command: .clearDisplay(nil), timeout: policy.readerTimeout))
            sendNext(at: now, &actions)
        }
        if case .live = session, lease == .free, inFlight == nil, now.mono >= heartbeatAt {
            lastHeartbeat = now.mono
            pending.append(Pending(owner: .session, command: .heartbeat, timeout: min(policy.readerTimeout, 10_000)))
            sendNext(at: now, &actions)
        }
        return actions
    }

    package var nextWake: MonoTime? {
        let wake = min(sessionWake ?? .max, idleAt ?? .max, connects.lazy.map(\.until).min() ?? .max, barredWake ?? .max)
        return wake == .max ? nil : wake
    }

    private var sessionWake: MonoTime? {
        switch session {
        case .none(_, let retryAt): wantsSession && !isBarred ? retryAt : nil
        case .live: lease == .free && inFlight == nil ? heartbeatAt : nil
        case .clearing: inFlight == nil ? clearAt : nil
        case .claiming, .listing, .activating, .searching: nil
        }
    }
}
