import GatewayModel
import Moments

/// One reader: its session, its lease, and the rule that it does one thing at a time.
///
/// A session opens with a fresh connection token, after the agent has looked the reader up anew (its address may have changed). A heartbeat
/// keeps it, and the first sign that it is gone ends it. The lease belongs to one payment or card set-up. When the holder's end on the
/// reader is not known, the lease stays until the reader has been seen idle.
package struct ReaderMachine: Sendable {
    /// The party that waits for a command's answer.
    package enum Owner: Sendable, Hashable {
        case holder(LeaseHolder)
        case request(RequestID)
        /// The machine itself, for activation, heartbeat and clearing.
        case session
    }

    /// The state in which a holder leaves the reader.
    package enum Left: Sendable, Equatable {
        /// The reader has said that nothing of this holder runs on it.
        case idle
        /// The reader may still be asking for a card or authorising. The lease stays until it is seen idle.
        case unknown
    }

    /// The actions that are carried out even when this reader is gone meanwhile.
    package enum Owed: Sendable, Equatable {
        case withdrawToken
        case answer(Owner, ReaderCommand, Result<ReaderReply, ReaderFailure>)
        case sessionReady(LeaseHolder)
        case sessionFailed(LeaseHolder, ReaderTrouble)
        /// Tells this holder that it waits for the reader in vain, because the reader cannot be reached.
        case turnedAway(LeaseHolder, ReaderTrouble)
        /// Reports that nothing that was sent to the reader before can still run on it.
        case seenIdle
        case changed(String)
        /// Reports what became of the session for which a request waited.
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

    /// The actions that begin only while this reader is in the state that wanted them (`wants(_:)`).
    package enum Begun: Sendable, Equatable {
        case claimToken
        /// Reads Stripe's list with this token, which that does not spend.
        case list(ConnectionToken)
        case send(sequence: UInt64, ReaderRoute, ReaderCommand, session: SessionToken?, timeout: Int64, owner: Owner)
        case granted(LeaseHolder)
        /// Searches for the reader, which is not where it should be.
        case search
    }

    package typealias Action = PartAction<Owed, Begun>

    enum Session: Sendable, Equatable {
        /// The reader has no session. `trouble` says why the last try failed, and no try comes before `retryAt`. It goes to `claiming` when
        /// a session is wanted.
        case none(trouble: ReaderTrouble?, retryAt: MonoTime)
        /// A connection token has been asked for. The reader goes to `listing` with it, and to `none` without.
        case claiming
        /// The agent reads Stripe's list for today's address. The reader goes to `activating`, or to `none`.
        case listing(ConnectionToken)
        /// The activation is under way, and the token is spent. The reader goes to `clearing` or `live`, or to `searching`, or to `none`.
        case activating
        /// The reader did not answer where it should be, and the agent scans the LAN. The reader goes to `claiming` as soon as it is seen,
        /// and to `none` when the scan is over.
        case searching(ReaderTrouble)
        /// The reader has a session, but its screen may show something and is cleared. It goes to `live` when it has acknowledged that,
        /// else to `none`.
        case clearing(SessionToken, since: MonoTime)
        /// The reader has a session. It goes to `none` at any sign that the session is gone.
        case live(SessionToken, since: MonoTime)
    }

    enum Lease: Sendable, Equatable {
        /// The lease has no holder. It goes to `held` when it is granted.
        case free
        /// The lease has a holder. It goes to `free` or `freeing` when the holder leaves.
        case held(LeaseHolder)
        /// The holder has left, and what runs on the reader is not known. The lease goes to `free` once the screen is cleared. Where a
        /// confirm of the holder's has no answer (`Freeing.proves`), it goes there once the reader is proved idle.
        case freeing(LeaseHolder, Freeing)
    }

    /// How a reader becomes free when its holder has left it in an unknown state.
    enum Freeing: Sendable, Equatable {
        /// A session and a cleared screen suffice, because nothing was confirmed.
        case clears
        /// The same, also against another point of sale, because the journal says that the last lease was this agent's.
        case takesOver
        /// The reader has to be proved idle, because something may still be authorised on it.
        case proves
    }

    package let id: ReaderID
    /// The number that tells this machine from every other, now or earlier, in the same place.
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
    /// Whether the holder waits for a session.
    var holderWaits = false
    var attempts = 0
    /// Since when the reader is in no list.
    var unlistedSince: MonoTime?
    /// How often in a row the reader has said that it does not serve the interface.
    var unsupportedTries = 0
    var backoff = Backoff(base: 1_000, ceiling: 30_000)
    var queue = ReaderCommandQueue()
    var lastContact: MonoTime = .min
    var lastHeartbeat: MonoTime = .min
    /// The route of the session. What the lists say later is for the next one.
    var route: ReaderRoute?
    /// The link that failed last. The next session tries another one, if there is one.
    var failedLink: ReaderRoute.Link?
    /// Whether the reader has turned up at another place than the one that is being tried. The try's failure says nothing of that place.
    var hasNewPlace = false
    /// The moment before which no search begins, so that a search that has just found nothing is not repeated at once.
    var searchAfter = MonoTime.min
    /// When a busy reader that would not be cleared is asked again. The next field counts the tries.
    var clearAt: MonoTime?
    var clears = 0
    /// Whether something of this agent's may be on the reader.
    var dirty = false
    /// Whether an open cart wants this reader ready.
    var desired = false
    /// Whether the activation that was sent last takes the reader over from another point of sale.
    var tookOver = false
    /// The requests that wait for a session.
    var connects: [ConnectRequest] = []
    /// Whether a technician disconnected the reader. No session opens until one is wanted again.
    var isParted = false
    /// Until when the holder waits for another entry of the same device. That entry has the session, so none opens here; nil when this
    /// entry is not barred.
    var barredUntil: MonoTime?
    /// Whether the holder has asked the reader for something.
    var isUsed = false
    /// Whether the proof that nothing runs on the reader is wanted.
    var proofWanted = false
    /// Whether the holder gets no session before the proof, because another entry of the device has left it in the middle of a confirm.
    var owesProof = false
    /// The holder whose confirm the proof is about. Until the proof succeeds, no other gets the reader once its holder leaves.
    var proofIsAbout: LeaseHolder?
    /// Whether the proof was refused. Then the point of sale that put something on the reader first takes off what may be left of it.
    var clearsFirst = false
    /// When the last confirm was sent that may still run; after a restart, when that began to matter.
    var confirmSentAt: MonoTime?
    /// The field above as it was before the confirm that is under way, which tells of an earlier one.
    var confirmBefore: MonoTime?
    /// Why the last try to open a session failed; nil once one is open.
    var lastTrouble: ReaderTrouble?
    /// Whether the reader has been heard from since the start. The next field counts the misses since.
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

    /// Whether the reader still wants an action that was to begin.
    func wants(_ begun: Begun) -> Bool {
        switch (begun, session) {
        case (.claimToken, .claiming), (.search, .searching): true
        case (.list(let token), .listing(let current)): token == current
        case (.send(let sequence, _, _, _, _, _), _): queue.isAsking(as: sequence)
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

    /// Whether the session that is open, or is being opened, goes over USB; nil without one.
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

    /// Why a holder would wait for the reader in vain now; nil when it would not. Either the reader failed a moment ago and has to wait out
    /// its pause, or its holder has lost it, and no try to find it again has succeeded since.
    package func isKnownUnusable(at now: MonoTime) -> ReaderTrouble? {
        if facts.isVendorSDKOnly { return .vendorSDKOnly(facts) }
        switch lease {
        case .held: return nil
        case .free:
            guard case .none(let trouble?, let retryAt) = session, now < retryAt else { return nil }
            // A missing proof that the reader is idle says nothing of whether it admits its own point of sale.
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

    /// Whether nothing is under way on the reader, no holder waits for it, and it has left nothing to another entry of its device.
    var isResting: Bool {
        guard lease == .free, !dirty, !proofWanted, confirmSentAt == nil, waiting.isEmpty, queue.isResting, connects.isEmpty
        else { return false }
        return !isLive && !isConnecting
    }

    package mutating func tick(at now: Now) -> [Action] {
        var actions: [Action] = []
        if let idleAt, now.mono >= idleAt { provedIdle("nothing runs on it any more: too long ago", at: now, &actions) }
        refuseLateConnects(at: now, &actions)
        giveUpWhereBarred(at: now, &actions)
        if case .none(_, let retryAt) = session, now.mono >= retryAt { connectIfWanted(at: now, &actions) }
        if case .clearing = session, let at = clearAt, now.mono >= at, !queue.isAsking {
            clearAt = nil
            ask(.clearDisplay(nil), timeout: policy.readerTimeout, at: now, &actions)
        }
        if case .live = session, lease == .free, !queue.isAsking, now.mono >= heartbeatAt {
            lastHeartbeat = now.mono
            ask(.heartbeat, timeout: min(policy.readerTimeout, 10_000), at: now, &actions)
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
        case .live: lease == .free && !queue.isAsking ? heartbeatAt : nil
        case .clearing: !queue.isAsking ? clearAt : nil
        case .claiming, .listing, .activating, .searching: nil
        }
    }
}
