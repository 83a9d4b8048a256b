import GatewayModel
import Moments

/// The lease of the reader. It has one holder at a time, in the order of arrival. After a holder, no other gets it until the reader is seen
/// idle.
extension ReaderMachine {
    /// Queues a holder for the reader. Returns false when too many wait already.
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

    /// Asks for the session that the holder needs before it can go on.
    package mutating func awaitSession(_ holder: LeaseHolder, at now: Now) -> [Action] {
        guard lease == .held(holder) else { return [] }
        var actions: [Action] = []
        if case .live = session {
            actions.append(.sessionReady(holder))
            return actions
        }
        // Its software does not change from one payment to the next, and every try spends a token.
        if case .none(let trouble?, let retryAt) = session, trouble.kind == .softwareUnsupported, now.mono < retryAt {
            return [.sessionFailed(holder, trouble)]
        }
        holderWaits = true
        attempts = 0
        if isBarred { barredUntil = now.mono + policy.queueTimeout }
        if case .none = session { connect(at: now, &actions) }
        return actions
    }

    package mutating func release(_ holder: LeaseHolder, left: Left, at now: Now) -> [Action] {
        guard lease == .held(holder) else { return [] }
        holderWaits = false
        queue.forget(.holder(holder))
        var actions: [Action] = []
        switch left {
        case .idle:
            // What another holder has left on the screen still has to be cleared.
            if isUsed { dirty = false }
            if let owed = proofIsAbout {
                // This holder has done nothing more on it, but an earlier confirm may still run.
                proofIsAbout = nil
                lease = .freeing(owed, .proves)
                proveIdle(at: now, &actions)
            } else {
                becomeFree("", at: now, &actions)
            }
        case .unknown where !isUsed && confirmSentAt == nil: becomeFree("", at: now, &actions)
        case .unknown:
            lease = .freeing(holder, confirmSentAt == nil ? .clears : .proves)
            proofIsAbout = nil
            dirty = true
            proveIdle(at: now, &actions)
        }
        return actions
    }

    mutating func becomeFree(_ words: String, at now: Now, _ actions: inout [Action]) {
        lease = .free
        if !words.isEmpty { actions.append(.changed(words)) }
        grantNext(&actions)
        if proofWanted, lease == .free { proveIdle(at: now, &actions) }
    }

    /// Frees a reader for a technician, when its holder has left and it was not seen idle. Whatever may be on its screen is cleared before
    /// its next use, as ever, and the holder stays as it is. Returns false when this holder does not hold the reader, or is still at work
    /// on it.
    package mutating func releaseByHand(of holder: LeaseHolder, actions: inout [Action]) -> Bool {
        guard case .freeing(holder, _) = lease, !owesAnswer(to: holder) else { return false }
        lease = .free
        owesProof = false
        proofIsAbout = nil
        actions.append(.changed("free again: released by hand"))
        grantNext(&actions)
        return true
    }

    /// Whether the reader still owes this holder an answer. Until then, the next holder could ask it nothing.
    func owesAnswer(to holder: LeaseHolder) -> Bool { queue.isAsking(for: .holder(holder)) }

    /// Takes up the last lease after a restart, when the journal says that it was this agent's. A takeover is allowed only when no confirm
    /// was journaled.
    mutating func recoverLease(of holder: LeaseHolder, _ way: Freeing, at now: Now) -> [Action] {
        guard lease == .free else { return [] }
        lease = .freeing(holder, way)
        dirty = true
        if way == .proves { confirmSentAt = now.mono }
        var actions: [Action] = []
        proveIdle(at: now, &actions)
        return actions
    }

    /// Asks for evidence that nothing runs on the reader. While the reader is held this waits, and goes on when it is free again.
    package mutating func proveIdleIfFree(at now: Now) -> [Action] {
        proofWanted = true
        if confirmSentAt == nil { confirmSentAt = now.mono }
        guard lease == .free || isFreeing else { return [] }
        var actions: [Action] = []
        proveIdle(at: now, &actions)
        return actions
    }

    mutating func grant(_ holder: LeaseHolder, _ actions: inout [Action]) {
        lease = .held(holder)
        isUsed = false
        isParted = false
        for item in queue.makeWay() {
            actions.append(
                .answer(item.owner, item.command, .failure(.app(.lockResourcesException, detail: "a \(holder.words) has begun on it"))))
        }
        actions.append(.granted(holder))
    }

    mutating func grantNext(_ actions: inout [Action]) {
        guard lease == .free, !waiting.isEmpty else { return }
        grant(waiting.removeFirst(), &actions)
    }

    /// Whether another point of sale has to be admitted before the agent can say that no earlier confirm runs.
    var proves: Bool {
        switch lease {
        case .free: proofWanted
        case .held: owesProof
        case .freeing(_, let way): way == .proves || (proofWanted && way == .clears)
        }
    }

    /// Has the reader show that it is idle. A session of the other point of sale gives a proof, where one is needed. Otherwise the screen
    /// is cleared in the session, which is opened first if there is none.
    mutating func proveIdle(at now: Now, _ actions: inout [Action]) {
        switch session {
        case .live where proves, .clearing where proves && !queue.isAsking:
            clearAt = nil
            clears = 0
            leaveSession(at: now, &actions)
            connectIfWanted(at: now, &actions)
        case .live(let token, let since):
            session = .clearing(token, since: since)
            ask(.clearDisplay(nil), timeout: policy.readerTimeout, at: now, &actions)
        case .none: connectIfWanted(at: now, &actions)
        case .claiming, .listing, .activating, .searching, .clearing: break
        }
    }

    /// Notes that nothing that was sent before can still run on the reader.
    mutating func provedIdle(_ words: String, at now: Now, _ actions: inout [Action]) {
        proofWanted = false
        owesProof = false
        proofIsAbout = nil
        clearsFirst = false
        confirmSentAt = nil
        actions.append(.seenIdle)
        if case .freeing(_, let way) = lease, way != .takesOver { becomeFree("free again: " + words, at: now, &actions) }
    }

    /// When a reader that does not come back counts as idle.
    var idleAt: MonoTime? {
        guard proves, let confirmSentAt else { return nil }
        return confirmSentAt + Self.longestAuthorisation
    }

    static let longestAuthorisation: Int64 = 3_600_000
}
