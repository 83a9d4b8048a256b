import GatewayModel
import Moments

/// Several entries of the lists can be one device: they have the same serial number. One of them has its session at a time.
extension ReaderMachine {
    /// A reader whose software does not serve this interface is asked again after so long at the latest, or when a technician says so.
    static let softwarePause: Int64 = 1_800_000

    /// One odd answer is no proof of that: only a reader that says so again and again is left alone for longer and longer.
    mutating func pauseForSoftware() -> Int64 {
        unsupportedTries += 1
        return min(Self.softwarePause, 15_000 << Int64(2 * min(unsupportedTries - 1, 5)))
    }

    var isBarred: Bool { barredUntil != nil }

    /// Somebody has it, or waits for it: what is under way here is not handed to another entry.
    var isOccupied: Bool {
        if case .held = lease { return true }
        return isAtWork || !waiting.isEmpty || !connects.isEmpty || pending.contains { $0.owner != .session }
    }

    /// The device is asked something by this entry, or is somebody's in a session of it: no other entry may come between.
    var isAtWork: Bool {
        if inFlight != nil { return true }
        switch session {
        case .activating, .clearing, .live: return lease != .free
        case .none, .claiming, .listing, .searching: return false
        }
    }

    /// What a device owes before somebody new may use it, whichever of its entries it was left by.
    struct Debt: Sendable, Equatable {
        /// Whose it was, and how it becomes free.
        var left: (holder: LeaseHolder, way: Freeing)?
        /// Something that was confirmed may run on it still, since then.
        var confirmSentAt: MonoTime?
        var proofWanted: Bool
        var dirty: Bool

        static func == (one: Debt, other: Debt) -> Bool {
            one.left?.holder == other.left?.holder && one.left?.way == other.left?.way && one.confirmSentAt == other.confirmSentAt
                && one.proofWanted == other.proofWanted && one.dirty == other.dirty
        }
    }

    /// What is owed is asked for by the entry in charge, which alone has sessions; nil: nothing is, or it is being seen to here.
    mutating func handOverDebt(_ actions: inout [Action]) -> Debt? {
        guard !isAtWork else { return nil }
        var debt = Debt(left: nil, confirmSentAt: confirmSentAt, proofWanted: proofWanted, dirty: dirty)
        switch lease {
        case .free: break
        case .held:
            // What it has asked for is settled as it leaves.
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

    /// Another entry has left the device in this state. Whoever has, or gets, this one waits until it is settled.
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
            // In a session that is open already it is too late for that; it is proved when the holder has left.
            if isToBeProved, !isLive { owesProof = true }
            if let left = debt.left, left.way == .proves { proofIsAbout = left.holder }
        case .freeing(let holder, let way):
            if isToBeProved || way != .proves { lease = .freeing(holder, isToBeProved ? .proves : .clears) }
            proveIdle(at: now, &actions)
        }
        return actions
    }

    /// The device's session is another entry's now. What has been sent is answered here still.
    mutating func bar(at now: Now) -> [Action] {
        if barredUntil == nil { barredUntil = now.mono + policy.queueTimeout }
        desired = false
        var actions: [Action] = []
        switch session {
        case .claiming:
            session = .none(trouble: nil, retryAt: now.mono)
            actions.append(.withdrawToken)
        case .listing, .searching: session = .none(trouble: nil, retryAt: now.mono)
        case .live where lease == .free && inFlight == nil: leaveSession(at: now, &actions)
        case .none, .activating, .clearing, .live: break
        }
        return actions
    }

    /// The device is this entry's again.
    mutating func unbar(at now: Now) -> [Action] {
        guard isBarred else { return [] }
        barredUntil = nil
        var actions: [Action] = []
        if case .none(let trouble, _) = session { session = .none(trouble: trouble, retryAt: now.mono) }
        connectIfWanted(at: now, &actions)
        return actions
    }

    /// The lists have news of its device: the pause after the last failure is over.
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

    /// The entry is in no list any more: it has no session to keep, and nothing that holds it can be ended there. What may be authorised still keeps
    /// it until that cannot be.
    mutating func unlist(at now: Now) -> [Action] {
        facts.inBackend = false
        desired = false
        // What it has left behind is kept for another entry of its device, and not for ever.
        let since = unlistedSince ?? now.mono
        unlistedSince = since
        if now.mono - since >= Self.longestAuthorisation, lease == .free { (dirty, proofWanted, confirmSentAt) = (false, false, nil) }
        var actions: [Action] = []
        switch (lease, session) {
        case (.free, .live) where waiting.isEmpty && inFlight == nil && pending.isEmpty && !proofWanted: leaveSession(at: now, &actions)
        case (.freeing(_, let way), .none(let trouble?, _)) where way != .proves && !proofWanted && trouble.endsWithTheList:
            lease = .free
            holderWaits = false
            actions.append(.changed("free again: it is in no list any more"))
            grantNext(&actions)
        case (.free, _), (.held, _), (.freeing, _): break
        }
        return actions
    }

    /// What the lists say now, outside of a connection.
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
    /// Nothing more can be tried with an entry that is in no list: it was not found there, or no cart can be opened on it to look for it.
    fileprivate var endsWithTheList: Bool {
        switch kind {
        case .notListed, .noCart: true
        case .unreachable, .untrusted, .inUseElsewhere, .vendorSDKOnly, .softwareUnsupported, .refused, .backend, .stripe: false
        }
    }
}
