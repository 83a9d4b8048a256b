import GatewayModel
import Moments

/// Entries of the lists that are one device, because they have the same serial number. One of them has its session at a time.
extension ReaderMachine {
    /// The longest pause for a reader whose software does not serve this interface, in milliseconds. A technician can ask for an earlier
    /// try.
    static let softwarePause: Int64 = 1_800_000

    /// Counts an answer of that kind, and returns the pause in milliseconds. One odd answer proves nothing, so the pause grows only with
    /// each repetition.
    mutating func pauseForSoftware() -> Int64 {
        unsupportedTries += 1
        return min(Self.softwarePause, 15_000 << Int64(2 * min(unsupportedTries - 1, 5)))
    }

    var isBarred: Bool { barredUntil != nil }

    /// Whether a holder has this entry or waits for it. Then what is under way here does not go to another entry.
    var isOccupied: Bool {
        if case .held = lease { return true }
        return isAtWork || !waiting.isEmpty || !connects.isEmpty || queue.isAwaited
    }

    /// Whether this entry is asking the device something, or holds it in a session. Then no other entry may come between.
    var isAtWork: Bool {
        if queue.isAsking { return true }
        switch session {
        case .activating, .clearing, .live: return lease != .free
        case .none, .claiming, .listing, .searching: return false
        }
    }

    /// What a device owes before a new holder may use it, whichever of its entries left it so.
    struct Debt: Sendable, Equatable {
        /// The last holder, and how the device becomes free of it.
        var left: (holder: LeaseHolder, way: Freeing)?
        /// Since when something that was confirmed may still run on the device.
        var confirmSentAt: MonoTime?
        var proofWanted: Bool
        var dirty: Bool

        static func == (one: Debt, other: Debt) -> Bool {
            one.left?.holder == other.left?.holder && one.left?.way == other.left?.way && one.confirmSentAt == other.confirmSentAt
                && one.proofWanted == other.proofWanted && one.dirty == other.dirty
        }
    }

    /// Hands what is owed to the entry in charge, which alone has sessions; nil when nothing is owed or this entry settles it itself.
    mutating func handOverDebt(_ actions: inout [Action]) -> Debt? {
        guard !isAtWork else { return nil }
        var debt = Debt(left: nil, confirmSentAt: confirmSentAt, proofWanted: proofWanted, dirty: dirty)
        switch lease {
        case .free: break
        case .held:
            // The requests of this holder are settled as it leaves.
            guard !isUsed else { return nil }
            debt.left = proofIsAbout.map { ($0, .proves) }
        case .freeing(let holder, let way): debt.left = (holder, way)
        }
        guard debt.left != nil || confirmSentAt != nil || proofWanted || dirty else { return nil }
        (confirmSentAt, proofWanted, owesProof, proofIsAbout, dirty, clearsFirst) = (nil, false, false, nil, false, false)
        if isFreeing {
            lease = .free
            grantNext(&actions)
        }
        return debt
    }

    /// Takes the state in which another entry has left the device. The present or next holder of this entry waits until it is settled.
    mutating func takeOver(_ debt: Debt, at now: Now) -> [Action] {
        var actions: [Action] = []
        if let sentAt = debt.confirmSentAt { confirmSentAt = max(confirmSentAt ?? sentAt, sentAt) }
        dirty = dirty || debt.dirty
        let isToBeProved = debt.proofWanted || debt.left?.way == .proves
        if isToBeProved {
            proofWanted = true
            if confirmSentAt == nil { confirmSentAt = now.mono }
        }
        switch lease {
        case .free:
            if let left = debt.left { lease = .freeing(left.holder, left.way) }
            if debt.left != nil || isToBeProved || dirty { proveIdle(at: now, &actions) }
        case .held:
            // In an open session it is too late for that. The proof follows when the holder has left.
            if isToBeProved, !isLive { owesProof = true }
            if let left = debt.left, left.way == .proves { proofIsAbout = left.holder }
        case .freeing(let holder, let way):
            if isToBeProved || way != .proves { lease = .freeing(holder, isToBeProved ? .proves : .clears) }
            proveIdle(at: now, &actions)
        }
        return actions
    }

    /// Bars this entry, because the device's session now belongs to another one. This entry still takes the answers to what was sent.
    mutating func bar(at now: Now) -> [Action] {
        if barredUntil == nil { barredUntil = now.mono + policy.queueTimeout }
        desired = false
        var actions: [Action] = []
        switch session {
        case .claiming:
            session = .none(trouble: nil, retryAt: now.mono)
            actions.append(.withdrawToken)
        case .listing, .searching: session = .none(trouble: nil, retryAt: now.mono)
        case .live where lease == .free && !queue.isAsking: leaveSession(at: now, &actions)
        case .none, .activating, .clearing, .live: break
        }
        return actions
    }

    /// Gives the device back to this entry.
    mutating func unbar(at now: Now) -> [Action] {
        guard isBarred else { return [] }
        barredUntil = nil
        var actions: [Action] = []
        if case .none(let trouble, _) = session { session = .none(trouble: trouble, retryAt: now.mono) }
        connectIfWanted(at: now, &actions)
        return actions
    }

    /// Ends the pause after the last failure, because the lists have news of the device.
    mutating func retry(at now: Now) -> [Action] {
        guard case .none(let trouble, _) = session, trouble?.kind != .softwareUnsupported else { return [] }
        session = .none(trouble: trouble, retryAt: now.mono)
        var actions: [Action] = []
        connectIfWanted(at: now, &actions)
        return actions
    }

    var barredWake: MonoTime? { holderWaits ? barredUntil : nil }

    mutating func giveUpWhereBarred(at now: Now, _ actions: inout [Action]) {
        guard holderWaits, let barredUntil, now.mono >= barredUntil, case .held(let holder) = lease else { return }
        holderWaits = false
        actions.append(
            .sessionFailed(
                holder,
                ReaderTrouble(
                    .inUseElsewhere, "The reader was at work for another payment, under another of its entries, for too long.",
                    remedy: "Try again; remove the entry that is not used any more (sudo readerctl readers remove ID).")))
    }

    /// Handles an entry that is in no list any more. It has no session to keep, and nothing that holds it can end there. What may still be
    /// authorised keeps it until that is over.
    mutating func unlist(at now: Now) -> [Action] {
        facts.inBackend = false
        desired = false
        // The entry keeps what it has left behind for another entry of its device, but not for ever.
        let since = unlistedSince ?? now.mono
        unlistedSince = since
        if now.mono - since >= Self.longestAuthorisation, lease == .free { (dirty, proofWanted, confirmSentAt) = (false, false, nil) }
        var actions: [Action] = []
        switch (lease, session) {
        case (.free, .live) where waiting.isEmpty && queue.isResting && !proofWanted: leaveSession(at: now, &actions)
        case (.freeing(_, let way), .none(let trouble?, _)) where way != .proves && !proofWanted && trouble.endsWithTheList:
            lease = .free
            holderWaits = false
            actions.append(.changed("free again: it is in no list any more"))
            grantNext(&actions)
        case (.free, _), (.held, _), (.freeing, _): break
        }
        return actions
    }

    /// Takes in what the lists say now, outside of a connection.
    mutating func learn(_ facts: ReaderFacts, at now: Now) -> [Action] {
        let before = self.facts.software
        self.facts = facts
        // Other software than that which did not serve the interface is worth a try.
        guard before != facts.software, case .none(let trouble?, _) = session, trouble.kind == .softwareUnsupported else { return [] }
        session = .none(trouble: nil, retryAt: now.mono)
        unsupportedTries = 0
        var actions: [Action] = []
        connectIfWanted(at: now, &actions)
        return actions
    }
}

extension ReaderTrouble {
    /// Whether nothing more can be tried with an entry that is in no list: it was not found there, or no cart can be opened on it to search
    /// for it.
    fileprivate var endsWithTheList: Bool {
        switch kind {
        case .notListed, .noCart: true
        case .unreachable, .untrusted, .inUseElsewhere, .vendorSDKOnly, .softwareUnsupported, .refused, .backend, .stripe: false
        }
    }
}
