import GatewayModel
import Moments

/// The lease of one reader. It has one holder at a time, in the order of arrival. After a holder, no other gets it until the reader is seen
/// idle.
///
/// The lease keeps what proves that: what was sent that may still run, what may still stand on the screen, and what another entry of the
/// same device has left undone. It says so whether a session is wanted, and what that session has to show first.
struct ReaderLease: Sendable {
    /// How a reader becomes free when its holder has left it in an unknown state.
    enum Freeing: Sendable, Equatable {
        /// A session and a cleared screen suffice, because nothing was confirmed.
        case clears
        /// The same, also against another point of sale, because the journal says that the last lease was this agent's.
        case takesOver
        /// The reader has to be proved idle, because something may still be authorised on it.
        case proves
    }

    /// What a device owes before a new holder may use it, whichever of its entries left it so.
    struct Debt: Sendable, Equatable {
        /// The last holder, and how the device becomes free of it.
        struct Left: Sendable, Equatable {
            var holder: LeaseHolder
            var way: Freeing
        }

        var left: Left?
        /// Since when something that was confirmed may still run on the device.
        var confirmSentAt: MonoTime?
        var proofWanted = false
        var dirty = false
    }

    /// What becomes of a holder that wants the reader.
    enum Place: Sendable, Equatable {
        case granted
        case waits
        /// Too many wait already.
        case full
    }

    private enum State: Sendable, Equatable {
        /// The lease has no holder. It goes to `held` when it is granted.
        case free
        /// The lease has a holder. It goes to `awaiting` when the holder asks for a session, and to `free` or `freeing` when the holder
        /// leaves.
        case held(LeaseHolder)
        /// The holder waits for a session; where another entry has that, until this moment. The lease goes to `held` when the holder is told
        /// what became of it, and to `free` or `freeing` when the holder leaves.
        case awaiting(LeaseHolder, until: MonoTime)
        /// The holder has left, and what runs on the reader is not known. The lease goes to `free` once the screen is cleared. Where a
        /// confirm of the holder's has no answer (`Freeing.proves`), it goes there once the reader is proved idle.
        case freeing(LeaseHolder, Freeing)
    }

    /// How long a reader may authorise that does not come back, in milliseconds. After that it counts as idle.
    static let longestAuthorisation: Int64 = 3_600_000

    private var state = State.free
    private(set) var waiting: [LeaseHolder] = []
    /// Whether the holder has asked the reader for something.
    private var isUsed = false
    /// Whether something of this agent's may be on the reader's screen.
    private(set) var dirty = false
    /// When the last confirm was sent that may still run; after a restart, when that began to matter. The next field is its value before the
    /// confirm that is under way, which tells of an earlier one.
    private var confirmSentAt: MonoTime?
    private var confirmBefore: MonoTime?
    /// Whether the proof that nothing runs on the reader is wanted.
    private(set) var proofWanted = false
    /// Whether the holder gets no session before the proof, because another entry of the device has left it in the middle of a confirm.
    private var owesProof = false
    /// The holder whose confirm the proof is about. Until the proof succeeds, no other gets the reader once its holder leaves.
    private var proofIsAbout: LeaseHolder?
    /// Whether the proof was refused. Then the point of sale that put something on the reader first takes off what may be left of it.
    private(set) var clearsFirst = false
    /// Since when the reader is in no list.
    private var unlistedSince: MonoTime?

    // MARK: What can be seen

    var holder: LeaseHolder? {
        switch state {
        case .free: nil
        case .held(let holder), .awaiting(let holder, _), .freeing(let holder, _): holder
        }
    }

    var isFree: Bool { state == .free }

    var isFreeing: Bool {
        if case .freeing = state { return true }
        return false
    }

    /// Whether a holder is at work, so that the lease is neither free nor being freed.
    var isHeld: Bool {
        switch state {
        case .held, .awaiting: true
        case .free, .freeing: false
        }
    }

    func isHeld(by holder: LeaseHolder) -> Bool { isHeld && self.holder == holder }

    /// Whether the holder waits for a session.
    var isAwaiting: Bool {
        if case .awaiting = state { return true }
        return false
    }

    /// Whether the holder waits for a session that no proof has to precede.
    var isAwaitingUnproved: Bool { isAwaiting && !owesProof }

    /// Whether a session is wanted: for the holder, or to see the reader idle.
    var wantsSession: Bool { isAwaiting || isFreeing || proofWanted }

    /// Whether another point of sale has to be admitted before the agent can say that no earlier confirm runs.
    var proves: Bool {
        switch state {
        case .free: proofWanted
        case .held, .awaiting: owesProof
        case .freeing(_, let way): way == .proves || (proofWanted && way == .clears)
        }
    }

    /// Whether the next activation takes the reader over from another point of sale.
    var takesOver: Bool {
        if case .freeing(_, let way) = state { return way == .takesOver }
        return false
    }

    /// Whether nothing is under way or owed.
    var isResting: Bool { state == .free && !dirty && !proofWanted && confirmSentAt == nil && waiting.isEmpty }

    /// When a reader that does not come back counts as idle.
    var idleAt: MonoTime? {
        guard let confirmSentAt, proves else { return nil }
        return confirmSentAt + Self.longestAuthorisation
    }

    /// When the holder has waited for long enough for the session of another entry.
    var patienceEndsAt: MonoTime? {
        guard case .awaiting(_, let until) = state, until != .max else { return nil }
        return until
    }

    // MARK: Holders come and go

    /// Queues a holder for the reader.
    mutating func enqueue(_ holder: LeaseHolder, atMost limit: Int) -> Place {
        guard state != .free || !waiting.isEmpty else {
            grant(holder)
            return .granted
        }
        guard waiting.count < limit else { return .full }
        waiting.append(holder)
        return .waits
    }

    mutating func leaveQueue(_ holder: LeaseHolder) { waiting.removeAll { $0 == holder } }

    /// Grants the lease to who waits longest, if it is free. Returns the new holder.
    mutating func grantNext() -> LeaseHolder? {
        guard state == .free, !waiting.isEmpty else { return nil }
        let next = waiting.removeFirst()
        grant(next)
        return next
    }

    private mutating func grant(_ holder: LeaseHolder) {
        state = .held(holder)
        isUsed = false
    }

    /// Takes the leave of a holder.
    ///
    /// - Returns: whether the reader is free. If not, it has to be seen idle; nil when this is not the holder.
    mutating func release(_ holder: LeaseHolder, left: ReaderLeft) -> Bool? {
        guard isHeld(by: holder) else { return nil }
        switch left {
        case .idle:
            // What another holder has left on the screen still has to be cleared.
            if isUsed { dirty = false }
            if let owed = proofIsAbout {
                // This holder has done nothing more on it, but an earlier confirm may still run.
                proofIsAbout = nil
                state = .freeing(owed, .proves)
            } else {
                state = .free
            }
        case .unknown where !isUsed && confirmSentAt == nil: state = .free
        case .unknown:
            state = .freeing(holder, confirmSentAt == nil ? .clears : .proves)
            proofIsAbout = nil
            dirty = true
        }
        return state == .free
    }

    /// Frees a reader for a technician, when its holder has left and it was not seen idle. Whatever may be on its screen is cleared before
    /// its next use, as ever, and the holder stays as it is. Returns false when this holder does not hold the reader, or is still at work.
    mutating func releaseByHand(of holder: LeaseHolder) -> Bool {
        guard case .freeing(holder, _) = state else { return false }
        state = .free
        owesProof = false
        proofIsAbout = nil
        return true
    }

    /// Takes up the last lease after a restart, when the journal says that it was this agent's. A takeover is allowed only when no confirm
    /// was journaled. Returns false when the reader has a holder.
    mutating func recover(_ holder: LeaseHolder, _ way: Freeing, at now: MonoTime) -> Bool {
        guard state == .free else { return false }
        state = .freeing(holder, way)
        dirty = true
        if way == .proves { confirmSentAt = now }
        return true
    }

    /// Turns away those that wait for a reader that its holder has lost and that is not there. Returns who they are.
    mutating func turnAway() -> [LeaseHolder] {
        guard isFreeing else { return [] }
        let gone = waiting
        waiting = []
        return gone
    }

    // MARK: The holder's session

    /// Lets the holder wait for a session; until the moment, where another entry has it.
    mutating func awaitSession(until: MonoTime) {
        guard isHeld, let holder else { return }
        state = .awaiting(holder, until: until)
    }

    /// Limits the wait, because another entry has the session; or, with `.max`, lifts the limit.
    mutating func limitWait(until: MonoTime) {
        guard case .awaiting(let holder, _) = state else { return }
        state = .awaiting(holder, until: until)
    }

    /// Notes that a session is open. Returns the holder that waited for it.
    mutating func sessionOpened() -> LeaseHolder? {
        clearsFirst = false
        return stopWaiting()
    }

    /// Ends the holder's wait. Returns the holder, which is owed an answer; nil when none waited.
    mutating func stopWaiting() -> LeaseHolder? {
        guard case .awaiting(let holder, _) = state else { return nil }
        state = .held(holder)
        return holder
    }

    // MARK: What proves the reader idle

    /// Notes a command that leaves for the reader.
    mutating func departs(_ command: ReaderCommand, isOfHolder: Bool, at now: MonoTime) {
        if command.asksForCard { dirty = true }
        if isOfHolder { isUsed = true }
        if case .confirm = command { (confirmBefore, confirmSentAt) = (confirmSentAt, now) }
    }

    /// Notes what an answer says of a confirm. An answer in any of its three fields says that nothing of the confirm runs. A confirm that did
    /// not leave the box changes nothing.
    mutating func answered(_ command: ReaderCommand, _ result: Result<ReaderReply, ReaderFailure>) {
        guard case .confirm = command else { return }
        switch result {
        case .success(.confirmed(let answer)) where answer.field != .none: confirmSentAt = nil
        case .failure(.unreachable), .failure(.untrusted): confirmSentAt = confirmBefore
        case .success, .failure: break
        }
    }

    /// Asks for evidence that nothing runs on the reader. While the reader is held this waits, and goes on when it is free again.
    ///
    /// - Returns: whether the reader is to show it now.
    mutating func wantProof(at now: MonoTime) -> Bool {
        proofWanted = true
        if confirmSentAt == nil { confirmSentAt = now }
        return !isHeld
    }

    /// Notes that nothing that was sent before can still run on the reader. Returns whether that has freed it.
    mutating func provedIdle() -> Bool {
        proofWanted = false
        owesProof = false
        proofIsAbout = nil
        clearsFirst = false
        confirmSentAt = nil
        guard case .freeing(_, let way) = state, way != .takesOver else { return false }
        state = .free
        return true
    }

    /// Notes that the activation was refused. A confirm that never arrived leaves the card on the reader, which admits another point of sale
    /// only after that is cleared.
    mutating func notAdmitted(isInUse: Bool) {
        clearsFirst = isInUse && proves && !clearsFirst
        if clearsFirst { dirty = true }
    }

    /// Notes that the screen is cleared.
    mutating func cleared() {
        dirty = false
        clearsFirst = false
    }

    /// Notes that the reader does not clear its screen. Where it is at work on something, only the proof says when that is over.
    mutating func notCleared() {
        if proves { clearsFirst = false }
    }

    /// Frees a reader whose screen is cleared, in an open session. Returns false when it has nothing to be freed of.
    mutating func freeAsCleared() -> Bool {
        guard isFreeing else { return false }
        state = .free
        return true
    }

    // MARK: Several entries of one device

    /// Hands what is owed to the entry in charge, which alone has sessions; nil when nothing is owed or this entry settles it itself.
    mutating func handOverDebt() -> Debt? {
        var debt = Debt(left: nil, confirmSentAt: confirmSentAt, proofWanted: proofWanted, dirty: dirty)
        switch state {
        case .free: break
        case .held, .awaiting:
            // The requests of this holder are settled as it leaves.
            guard !isUsed else { return nil }
            debt.left = proofIsAbout.map { .init(holder: $0, way: .proves) }
        case .freeing(let holder, let way): debt.left = .init(holder: holder, way: way)
        }
        guard debt != Debt() else { return nil }
        (confirmSentAt, proofWanted, owesProof, proofIsAbout, dirty, clearsFirst) = (nil, false, false, nil, false, false)
        if isFreeing { state = .free }
        return debt
    }

    /// Takes the state in which another entry has left the device. The present or next holder of this entry waits until it is settled.
    ///
    /// - Returns: whether the reader is to show itself idle now.
    mutating func takeOver(_ debt: Debt, isLive: Bool, at now: MonoTime) -> Bool {
        if let sentAt = debt.confirmSentAt { confirmSentAt = max(confirmSentAt ?? sentAt, sentAt) }
        dirty = dirty || debt.dirty
        let isToBeProved = debt.proofWanted || debt.left?.way == .proves
        if isToBeProved {
            proofWanted = true
            if confirmSentAt == nil { confirmSentAt = now }
        }
        switch state {
        case .free:
            if let left = debt.left { state = .freeing(left.holder, left.way) }
            return debt.left != nil || isToBeProved || dirty
        case .held, .awaiting:
            // In an open session it is too late for that. The proof follows when the holder has left.
            if isToBeProved, !isLive { owesProof = true }
            if let left = debt.left, left.way == .proves { proofIsAbout = left.holder }
            return false
        case .freeing(let holder, let way):
            if isToBeProved || way != .proves { state = .freeing(holder, isToBeProved ? .proves : .clears) }
            return true
        }
    }

    /// Notes that the reader is in no list. It keeps what it has left behind for another entry of its device, but not for ever.
    mutating func unlist(at now: MonoTime) {
        let since = unlistedSince ?? now
        unlistedSince = since
        if now - since >= Self.longestAuthorisation, state == .free { (dirty, proofWanted, confirmSentAt) = (false, false, nil) }
    }

    mutating func relist() { unlistedSince = nil }

    /// Frees an entry that is in no list and on which nothing more can be tried. Returns false when it is free, or when a proof alone frees it.
    mutating func freeAsUnlisted() -> Bool {
        guard case .freeing(_, let way) = state, way != .proves, !proofWanted else { return false }
        state = .free
        return true
    }
}

extension ReaderCommand {
    /// Whether the command leaves something on the reader's screen that this agent has to take off it.
    fileprivate var asksForCard: Bool {
        switch self {
        case .collect, .collectReusable: true
        case .activate, .prove, .heartbeat, .display, .clearDisplay, .query, .cancelCollect, .confirm, .queryReusable, .cancelReusable,
            .confirmReusable:
            false
        }
    }
}
