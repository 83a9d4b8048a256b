import GatewayModel
import Moments

/// Several entries of the lists can be one device: they have the same serial number. One of them has its session at a time.
extension ReaderMachine {
    /// A reader whose software does not serve this interface is asked again after so long, or when a technician says so.
    static let softwarePause: Int64 = 1_800_000

    var isBarred: Bool { barredUntil != nil }

    /// Somebody has it, or waits for it: what is under way here is not handed to another entry.
    var isOccupied: Bool {
        lease != .free || !waiting.isEmpty || !visitors.isEmpty || inFlight != nil || pending.contains { $0.owner != .session }
    }

    /// Whether its device runs anything of what was confirmed by this entry is asked by the one in charge: since when that matters.
    mutating func handOverProof() -> MonoTime? {
        guard lease == .free, proofWanted, let sentAt = confirmSentAt else { return nil }
        proofWanted = false
        confirmSentAt = nil
        return sentAt
    }

    mutating func takeOverProof(of sentAt: MonoTime, at now: Now) -> [Action] {
        confirmSentAt = max(confirmSentAt ?? sentAt, sentAt)
        return proveIdleIfFree(at: now)
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
                    remedy: "Try again; remove the entry that is not used any more (readerctl readers remove ID).")))
    }

    /// The entry is in no list any more: it has no session to keep, and nothing that holds it can be ended there. What may be authorised still keeps
    /// it until that cannot be.
    mutating func unlist(at now: Now) -> [Action] {
        facts.inBackend = false
        desired = false
        var actions: [Action] = []
        switch (lease, session) {
        case (.free, .live) where waiting.isEmpty && inFlight == nil && pending.isEmpty && !proofWanted: leaveSession(at: now, &actions)
        case (.freeing(_, let way), .none(let trouble?, _)) where way != .proves && !proofWanted && trouble.kind == .notListed:
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
        var actions: [Action] = []
        connectIfWanted(at: now, &actions)
        return actions
    }
}
