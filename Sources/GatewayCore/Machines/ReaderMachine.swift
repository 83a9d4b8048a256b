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

    package enum Action: Sendable, Equatable {
        case claimToken
        case withdrawToken
        /// Read Stripe's list with this token, which is not spent by it.
        case list(ConnectionToken)
        case send(sequence: UInt64, ReaderRoute, ReaderCommand, session: SessionToken?, timeout: Int64, owner: Owner)
        case answer(Owner, ReaderCommand, Result<ReaderReply, ReaderFailure>)
        case granted(LeaseHolder)
        case sessionReady(LeaseHolder)
        case sessionFailed(LeaseHolder, ReaderTrouble)
        /// The reader was seen idle now.
        case seenIdle
        case changed(String)
        /// What became of the session that a request waited for.
        case visited(RequestID, Result<Void, ReaderTrouble>)

        package static func == (left: Action, right: Action) -> Bool {
            switch (left, right) {
            case (.claimToken, .claimToken), (.withdrawToken, .withdrawToken), (.seenIdle, .seenIdle): true
            case (.list(let a), .list(let b)): a == b
            case (.send(let a, let b, let c, let d, let e, let f), .send(let g, let h, let i, let j, let k, let l)):
                a == g && b == h && c == i && d == j && e == k && f == l
            case (.answer(let a, let b, let c), .answer(let d, let e, let f)): a == d && b == e && c == f
            case (.granted(let a), .granted(let b)): a == b
            case (.sessionReady(let a), .sessionReady(let b)): a == b
            case (.sessionFailed(let a, let b), .sessionFailed(let c, let d)): a == c && b == d
            case (.changed(let a), .changed(let b)): a == b
            case (.visited(let a, .success), .visited(let b, .success)): a == b
            case (.visited(let a, .failure(let b)), .visited(let c, .failure(let d))): a == c && b == d
            default: false
            }
        }
    }

    enum Session: Sendable, Equatable {
        /// No session. `trouble` says why the last try failed; no try before `retryAt`. To `claiming` when one is wanted.
        case none(trouble: ReaderTrouble?, retryAt: MonoTime)
        /// A connection token has been asked for. To `listing` with it, to `none` without.
        case claiming
        /// Stripe's list is read to learn the address of today. To `activating`, or to `none`.
        case listing(ConnectionToken)
        /// The activation is under way; the token is spent. To `clearing` or `live`, or to `none`.
        case activating
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
        /// The holder has left, what runs on the reader is not known. To `free` once the reader is seen idle.
        case freeing(LeaseHolder, takeOver: Bool)
    }

    private struct Pending: Sendable {
        var owner: Owner
        var command: ReaderCommand
        var timeout: Int64
    }

    package let id: ReaderID
    package var policy: GatewayPolicy
    package private(set) var facts: ReaderFacts
    var session = Session.none(trouble: nil, retryAt: .min)
    private(set) var lease = Lease.free
    private var waiting: [LeaseHolder] = []
    /// The holder waits for a session.
    private var holderWaits = false
    private var attempts = 0
    private var backoff = Backoff(base: 1_000, ceiling: 30_000)
    private var inFlight: (sequence: UInt64, owner: Owner, command: ReaderCommand)?
    private var pending: [Pending] = []
    private var sequence: UInt64 = 0
    private var lastContact: MonoTime = .min
    private var lastHeartbeat: MonoTime = .min
    /// Where the session was opened: what the lists say later is for the next one.
    private var route: ReaderRoute?
    /// The way that failed last, over USB or not: the next session tries the other one, if there is one.
    private var failedOverUSB: Bool?
    /// The reader is busy and would not be cleared: when it is asked again, and how often it was.
    private var clearAt: MonoTime?
    private var clears = 0
    /// Something may be on the reader that this agent put there.
    private var dirty = false
    /// An open cart wants this reader ready.
    var desired = false
    /// The activation that was sent last takes the reader over from whoever has it.
    private var tookOver = false
    /// Requests that wait for a session.
    var visitors: [Visitor] = []
    /// A technician disconnected it: no session is opened until somebody wants one again.
    var isParted = false
    /// Somebody waits for the proof that nothing runs on the reader.
    private var proofWanted = false
    package private(set) var lastSeenAt: WallTime?
    package private(set) var sessionSince: WallTime?
    package private(set) var livemode: Bool?

    package init(facts: ReaderFacts, policy: GatewayPolicy) {
        self.id = facts.id
        self.facts = facts
        self.policy = policy
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
        case .claiming, .listing, .activating, .clearing: true
        case .none, .live: false
        }
    }

    package var trouble: ReaderTrouble? {
        if case .none(let trouble, _) = session { return trouble }
        return nil
    }

    /// It failed a moment ago and will not be tried before the pause is over.
    package func isKnownUnusable(at now: MonoTime) -> ReaderTrouble? {
        guard case .none(let trouble?, let retryAt) = session, now < retryAt else { return nil }
        switch trouble.kind {
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .notDriveable: return trouble
        case .refused, .backend, .stripe, .noCart: return nil
        }
    }

    package mutating func editFacts(_ change: (inout ReaderFacts) -> Void) { change(&facts) }

    package var waitingCount: Int { waiting.count }

    // MARK: Lease

    /// Somebody wants the reader. False when too many wait already.
    package mutating func enqueue(_ holder: LeaseHolder, at now: Now, actions: inout [Action]) -> Bool {
        guard lease != .free || !waiting.isEmpty else {
            grant(holder, &actions)
            return true
        }
        guard waiting.count < policy.maximumWaiting else { return false }
        waiting.append(holder)
        // A reader that is being freed needs a session to be seen idle.
        connectIfWanted(at: now, &actions)
        return true
    }

    package mutating func leaveQueue(_ holder: LeaseHolder) { waiting.removeAll { $0 == holder } }

    /// The holder needs a session before it can go on.
    package mutating func awaitSession(_ holder: LeaseHolder, at now: Now) -> [Action] {
        guard lease == .held(holder) else { return [] }
        var actions: [Action] = []
        if case .live = session {
            actions.append(.sessionReady(holder))
            return actions
        }
        holderWaits = true
        attempts = 0
        if case .none = session { connect(at: now, &actions) }
        return actions
    }

    package mutating func release(_ holder: LeaseHolder, left: Left, at now: Now) -> [Action] {
        guard lease == .held(holder) else { return [] }
        holderWaits = false
        pending.removeAll { $0.owner == .holder(holder) }
        var actions: [Action] = []
        switch policy.rules.contains(.leaseUntilIdle) ? left : .idle {
        case .idle:
            dirty = false
            lease = .free
            grantNext(&actions)
        case .unknown:
            lease = .freeing(holder, takeOver: false)
            dirty = true
            proveIdle(at: now, &actions)
        }
        return actions
    }

    /// A technician frees a reader that a payment has left without its being seen idle. What may be left on its screen is cleared before anything
    /// else is asked of it, as ever; the payment is not touched. False: this payment does not hold the reader, or is still at work on it.
    package mutating func releaseByHand(of payment: PaymentID, actions: inout [Action]) -> Bool {
        guard case .freeing(.payment(payment), _) = lease else { return false }
        lease = .free
        actions.append(.changed("free again: released by hand"))
        grantNext(&actions)
        return true
    }

    /// After a restart: the journal says that the last lease was this agent's. Taking over is allowed only when no confirm was journaled.
    package mutating func recoverLease(of holder: LeaseHolder, takeOver: Bool, at now: Now) -> [Action] {
        guard lease == .free else { return [] }
        lease = .freeing(holder, takeOver: takeOver)
        dirty = true
        var actions: [Action] = []
        proveIdle(at: now, &actions)
        return actions
    }

    /// Evidence is wanted that nothing runs on the reader; nothing is done while it is held.
    package mutating func proveIdleIfFree(at now: Now) -> [Action] {
        guard lease == .free || isFreeing else { return [] }
        dirty = true
        proofWanted = true
        var actions: [Action] = []
        proveIdle(at: now, &actions)
        return actions
    }

    // MARK: Commands

    package mutating func command(_ command: ReaderCommand, owner: Owner, timeout: Int64) -> [Action] {
        var actions: [Action] = []
        guard isLive || owner == .session else {
            return [.answer(owner, command, .failure(.unreachable(detail: "there is no session with the reader")))]
        }
        pending.append(Pending(owner: owner, command: command, timeout: timeout))
        sendNext(&actions)
        return actions
    }

    /// An open cart wants, or no longer wants, this reader to be ready.
    package mutating func setDesired(_ desired: Bool, at now: Now) -> [Action] {
        self.desired = desired && !isParted
        var actions: [Action] = []
        connectIfWanted(at: now, &actions)
        return actions
    }

    package mutating func forget(_ request: RequestID) {
        pending.removeAll { $0.owner == .request(request) }
        visitors.removeAll { $0.request == request }
    }

    // MARK: Answers

    package mutating func token(_ token: ConnectionToken, at now: Now) -> [Action] {
        guard case .claiming = session else { return [] }
        session = .listing(token)
        return [.list(token)]
    }

    package mutating func tokenRefused(_ failure: CallFailure, at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .claiming = session else { return [] }
        var actions: [Action] = []
        fail(.from(backend: failure), quick: false, at: now, random: &random, &actions)
        return actions
    }

    package mutating func noCart(at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .claiming = session else { return [] }
        var actions: [Action] = []
        fail(
            ReaderTrouble(
                .noCart, "Connecting to a reader needs a connection token, and that needs an open cart.",
                remedy: "Open a cart, or set maintenance_cart in the settings."), quick: false, at: now, random: &random, &actions)
        return actions
    }

    /// The lists were read: what they say of this reader. Taken in any state; a connection under way goes on with it.
    package mutating func listed(_ facts: ReaderFacts, at now: Now, random: inout SeededRandom) -> [Action] {
        self.facts = facts
        guard case .listing(let token) = session else { return [] }
        var actions: [Action] = []
        switch facts.routes(port: policy.lanPort).map({ bestRoute($0) }) {
        case .success(let route?):
            session = .activating
            self.route = route
            tookOver = takesOver
            send(
                .activate(token: token, failIfInUse: !takesOver && policy.rules.contains(.noTakeover)), owner: .session, route: route,
                session: nil,
                timeout: policy.readerTimeout, &actions)
        case .success(nil):
            fail(
                ReaderTrouble(.notListed, "No way leads to the reader.", remedy: "Look for readers again."), quick: false, at: now,
                random: &random, &actions)
        case .failure(let trouble):
            fail(trouble, quick: false, at: now, random: &random, &actions)
        }
        return actions
    }

    /// The reader's USB link was plugged in, pulled out, or plugged in anew.
    ///
    /// A payment that holds the reader finds out by itself, as with a reader that was lost on the LAN: what it may conclude depends on the command
    /// that was under way.
    package mutating func plugged(
        _ place: USBPlace?, _ usb: USBFacts?, at now: Now, random: inout SeededRandom
    ) -> [Action] {
        facts.usbPlace = place
        facts.usb = usb
        failedOverUSB = nil
        var actions: [Action] = []
        if case .usb(let used) = route?.link, used != place, case .live = session, lease == .free, inFlight == nil {
            loseSession(
                ReaderTrouble(
                    .unreachable, "The reader's USB cable was pulled out (\(used.name)).",
                    remedy: "Plug the reader in again, or connect it to the shop's network."),
                at: now, random: &random, &actions)
        } else if place != nil, case .none(let trouble, _) = session {
            session = .none(trouble: trouble, retryAt: now.mono)
            connectIfWanted(at: now, &actions)
        }
        return actions
    }

    package mutating func listFailed(_ failure: CallFailure, at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .listing = session else { return [] }
        var actions: [Action] = []
        fail(.from(stripe: failure), quick: true, at: now, random: &random, &actions)
        return actions
    }

    package mutating func answered(
        sequence: UInt64, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, random: inout SeededRandom
    ) -> [Action] {
        guard let current = inFlight, current.sequence == sequence else { return [] }
        inFlight = nil
        var actions: [Action] = []
        switch result {
        case .success(let reply):
            lastContact = now.mono
            lastSeenAt = now.wall
            succeeded(current.owner, current.command, reply, at: now, random: &random, &actions)
        case .failure(let failure):
            failed(current.owner, current.command, failure, at: now, random: &random, &actions)
        }
        sendNext(&actions)
        return actions
    }

    package mutating func tick(at now: Now) -> [Action] {
        var actions: [Action] = []
        if case .none(_, let retryAt) = session, now.mono >= retryAt { connectIfWanted(at: now, &actions) }
        if case .clearing = session, let at = clearAt, now.mono >= at, inFlight == nil {
            clearAt = nil
            pending.append(Pending(owner: .session, command: .clearDisplay(nil), timeout: policy.readerTimeout))
            sendNext(&actions)
        }
        if case .live = session, lease == .free || !policy.rules.contains(.quietWhileHeld), inFlight == nil, now.mono >= heartbeatAt {
            lastHeartbeat = now.mono
            pending.append(Pending(owner: .session, command: .heartbeat, timeout: min(policy.readerTimeout, 10_000)))
            sendNext(&actions)
        }
        return actions
    }

    package var nextWake: MonoTime? {
        switch session {
        case .none(_, let retryAt): wantsSession ? retryAt : nil
        case .live: (lease == .free || !policy.rules.contains(.quietWhileHeld)) && inFlight == nil ? heartbeatAt : nil
        case .clearing: inFlight == nil ? clearAt : nil
        case .claiming, .listing, .activating: nil
        }
    }
}

extension ReaderMachine {
    private var wantsSession: Bool { desired || holderWaits || isFreeing || proofWanted || !visitors.isEmpty }

    private var heartbeatAt: MonoTime {
        (policy.rules.contains(.quietWhileHeld) ? max(lastContact, lastHeartbeat) : lastHeartbeat) + policy.heartbeatInterval
    }

    private var takesOver: Bool {
        switch lease {
        case .free: visitors.contains(where: \.takeOver)
        case .held: false
        case .freeing(_, let takeOver): takeOver
        }
    }

    private func bestRoute(_ routes: [ReaderRoute]) -> ReaderRoute? {
        routes.first { $0.isUSB != failedOverUSB } ?? routes.first
    }

    private mutating func grant(_ holder: LeaseHolder, _ actions: inout [Action]) {
        lease = .held(holder)
        isParted = false
        // What waited for its turn would now come between the holder and its reader.
        let late = pending.filter { $0.owner != .session }
        pending.removeAll { $0.owner != .session }
        for item in late {
            actions.append(
                .answer(item.owner, item.command, .failure(.app(.lockResourcesException, detail: "a \(holder.words) has begun on it"))))
        }
        actions.append(.granted(holder))
    }

    private mutating func grantNext(_ actions: inout [Action]) {
        guard lease == .free, !waiting.isEmpty else { return }
        grant(waiting.removeFirst(), &actions)
    }

    private mutating func connectIfWanted(at now: Now, _ actions: inout [Action]) {
        guard wantsSession, case .none(_, let retryAt) = session, now.mono >= retryAt else { return }
        connect(at: now, &actions)
    }

    mutating func connect(at now: Now, _ actions: inout [Action]) {
        session = .claiming
        actions.append(.claimToken)
    }

    /// With a session the screen is cleared; without one it is opened first, and cleared then.
    private mutating func proveIdle(at now: Now, _ actions: inout [Action]) {
        switch session {
        case .live(let token, let since):
            session = .clearing(token, since: since)
            pending.append(Pending(owner: .session, command: .clearDisplay(nil), timeout: policy.readerTimeout))
            sendNext(&actions)
        case .none: connectIfWanted(at: now, &actions)
        case .claiming, .listing, .activating, .clearing: break
        }
    }

    private mutating func sendNext(_ actions: inout [Action]) {
        guard inFlight == nil || !policy.rules.contains(.oneRequest), !pending.isEmpty else { return }
        let token: SessionToken
        switch session {
        case .live(let session, _), .clearing(let session, _): token = session
        case .none, .claiming, .listing, .activating: return
        }
        guard let route else { return }
        let next = pending.removeFirst()
        if next.command.asksForCard { dirty = true }
        send(next.command, owner: next.owner, route: route, session: token, timeout: next.timeout, &actions)
    }

    private mutating func send(
        _ command: ReaderCommand, owner: Owner, route: ReaderRoute, session: SessionToken?, timeout: Int64, _ actions: inout [Action]
    ) {
        sequence += 1
        inFlight = (sequence, owner, command)
        actions.append(.send(sequence: sequence, route, command, session: session, timeout: timeout, owner: owner))
    }

    private mutating func succeeded(
        _ owner: Owner, _ command: ReaderCommand, _ reply: ReaderReply, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        switch (owner, command, reply) {
        case (.session, .activate, .activated(let token, let livemode, _)):
            self.livemode = livemode
            sessionSince = now.wall
            if dirty {
                session = .clearing(token, since: now.mono)
                pending.insert(Pending(owner: .session, command: .clearDisplay(nil), timeout: policy.readerTimeout), at: 0)
            } else {
                becomeLive(token, since: now.mono, &actions)
            }
        case (.session, .activate, _):
            fail(.from(.invalidAnswer(detail: "the activation brought no session")), quick: true, at: now, random: &random, &actions)
        case (.session, .clearDisplay, _):
            if case .clearing(let token, let since) = session {
                dirty = false
                proofWanted = false
                becomeLive(token, since: since, &actions)
                actions.append(.seenIdle)
                if isFreeing {
                    lease = .free
                    actions.append(.changed("free again: seen idle"))
                    grantNext(&actions)
                }
            }
        case (.session, _, _): break
        default:
            if case .collect = command { actions.append(.seenIdle) }
            actions.append(.answer(owner, command, .success(reply)))
        }
    }

    private mutating func becomeLive(_ token: SessionToken, since: MonoTime, _ actions: inout [Action]) {
        session = .live(token, since: since)
        failedOverUSB = nil
        clearAt = nil
        clears = 0
        backoff.reset()
        attempts = 0
        actions.append(.changed("session opened"))
        if isParted, lease == .free { return leaveSession(at: Now(mono: since, wall: 0), &actions) }
        welcomeVisitors(&actions)
        if holderWaits, case .held(let holder) = lease {
            holderWaits = false
            actions.append(.sessionReady(holder))
        }
    }

    /// The session is not used any more. The reader is not told: no call for that is known (reader-protocol, section 3).
    mutating func leaveSession(at now: Now, _ actions: inout [Action]) {
        session = .none(trouble: nil, retryAt: now.mono)
        sessionSince = nil
        let dropped = pending
        pending = []
        for item in dropped where item.owner != .session {
            actions.append(.answer(item.owner, item.command, .failure(.unreachable(detail: "the reader was disconnected"))))
        }
        actions.append(.changed("session given up"))
    }

    private mutating func failed(
        _ owner: Owner, _ command: ReaderCommand, _ failure: ReaderFailure, at now: Now, random: inout SeededRandom,
        _ actions: inout [Action]
    ) {
        if case .activate(_, let failIfInUse) = command {
            activationFailed(failure, failIfInUse: failIfInUse, at: now, random: &random, &actions)
            return
        }
        let ends = failure.endsSession
        if owner != .session { actions.append(.answer(owner, command, .failure(failure))) }
        if ends {
            failedOverUSB = route?.isUSB
            loseSession(.from(failure), at: now, random: &random, &actions)
        } else if owner == .session, case .clearDisplay = command {
            notCleared(failure, at: now, random: &random, &actions)
        }
    }

    /// Not acknowledged: not seen idle. It may be authorising still, which takes as long as it takes: it is asked again, and only when that
    /// goes on too long is a fresh session the way to find out. Who waits for the session does not wait for that.
    private mutating func notCleared(
        _ failure: ReaderFailure, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        clears += 1
        if clears > 30 {
            clears = 0
            return loseSession(.from(failure), at: now, random: &random, &actions)
        }
        clearAt = now.mono + min(10_000, 500 << Int64(min(clears, 10)))
        if clears >= 3, holderWaits, case .held(let holder) = lease {
            holderWaits = false
            actions.append(.sessionFailed(holder, .from(failure)))
        }
    }

    private mutating func activationFailed(
        _ failure: ReaderFailure, failIfInUse: Bool, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        switch failure {
        case .app(let code, let detail) where failIfInUse && code.refusesTakeover:
            let words = detail.isEmpty ? "" : " (\(detail))"
            fail(
                ReaderTrouble(
                    .inUseElsewhere, "The reader is taking a payment for another point of sale\(words).",
                    remedy: "Wait until it is done, or have a technician take the reader over."), quick: false, at: now, random: &random,
                &actions)
        case .unreachable, .lost:
            failedOverUSB = route?.isUSB
            fail(.from(failure), quick: true, at: now, random: &random, &actions)
        case .rpc, .app, .invalidAnswer: fail(.from(failure), quick: true, at: now, random: &random, &actions)
        case .untrusted:
            failedOverUSB = route?.isUSB
            fail(.from(failure), quick: false, at: now, random: &random, &actions)
        }
    }

    /// A try to open a session failed. `quick`: the holder of the lease is worth one more try at once.
    private mutating func fail(
        _ trouble: ReaderTrouble, quick: Bool, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        attempts += 1
        sessionSince = nil
        if holderWaits, case .held(let holder) = lease {
            if quick && attempts < 2 {
                session = .none(trouble: trouble, retryAt: now.mono)
                connect(at: now, &actions)
                return
            }
            holderWaits = false
            actions.append(.sessionFailed(holder, trouble))
        }
        session = .none(trouble: trouble, retryAt: now.mono + 500 + backoff.next(random: &random))
        actions.append(.changed(trouble.message))
        if turnAwayVisitors(trouble, wasPolite: !tookOver, &actions) { connect(at: now, &actions) }
    }

    private mutating func loseSession(
        _ trouble: ReaderTrouble, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        let wasClearing = if case .clearing = session { true } else { false }
        session = .none(trouble: trouble, retryAt: now.mono)
        clearAt = nil
        sessionSince = nil
        let dropped = pending
        pending = []
        for item in dropped where item.owner != .session {
            actions.append(.answer(item.owner, item.command, .failure(.unreachable(detail: "the session with the reader was lost"))))
        }
        actions.append(.changed("session lost: \(trouble.message)"))
        // A reader that opens sessions and then breaks is not asked again and again without a pause, and who waits for it is told.
        if wasClearing { return fail(trouble, quick: true, at: now, random: &random, &actions) }
        connectIfWanted(at: now, &actions)
    }
}

extension ReaderCommand {
    /// Leaves something on the reader's screen that this agent has to take off it.
    fileprivate var asksForCard: Bool {
        switch self {
        case .collect, .collectReusable: true
        default: false
        }
    }
}

extension ReaderFailure {
    /// The session is to be given up (reader-protocol, sections 4 and 5: transport failures and unauthenticated codes end it).
    package var endsSession: Bool {
        switch self {
        case .unreachable, .untrusted, .lost: true
        case .rpc(let code, _):
            switch code {
            case .networkUnavailable, .serverUnresolvable, .serverUnreachable, .timeout: true
            default: false
            }
        case .app(let code, _): code.endsSession
        case .invalidAnswer: false
        }
    }
}

extension AppErrorCode {
    /// Which code refuses a takeover is not public: what is neither about the token nor about the message's form is taken as "in use".
    var refusesTakeover: Bool {
        switch self {
        case .lockResourcesException, .illegalState, .interrupted, .other: true
        default: false
        }
    }
}
