import GatewayModel
import Moments

/// What can be seen of a reader, by its owners.
extension ReaderMachine {
    /// What the session has to know of the rest.
    func around(_ now: Now) -> ReaderSession.Context {
        ReaderSession.Context(
            now: now, isWanted: lease.wantsSession || wishes.isWanted, isAwaited: lease.isAwaiting, isLeaseFree: lease.isFree,
            proves: lease.proves, clearsFirst: lease.clearsFirst, takesOver: lease.takesOver || (lease.isFree && wishes.takesOver),
            isParted: wishes.isParted && lease.isFree, isDirty: lease.dirty, isAsking: queue.isAsking, isResting: queue.isResting,
            maySearch: policy.scansByItself && facts.baseURL?.isEmpty == false)
    }

    /// Whether the reader still wants an action that was to begin.
    func wants(_ begun: Begun) -> Bool {
        switch begun {
        case .claimToken: session.state.isClaiming
        case .search: session.state.isSearching
        case .list(let token): session.state.listing == token
        case .send(let sequence, _, _, _, _, _): queue.isAsking(as: sequence)
        case .granted(let holder): lease.isHeld(by: holder)
        }
    }

    package var nextWake: MonoTime? {
        let wake = min(
            session.nextWake(
                isWanted: lease.wantsSession || wishes.isWanted, isLeaseFree: lease.isFree, isAsking: queue.isAsking,
                heartbeatInterval: policy.heartbeatInterval),
            lease.idleAt ?? .max, lease.patienceEndsAt ?? .max, wishes.nextWake ?? .max)
        return wake == .max ? nil : wake
    }

    // MARK: The session

    package var isLive: Bool { session.state.isLive }
    package var isConnecting: Bool { session.state.isConnecting }
    package var sessionSince: WallTime? { session.since }
    package var livemode: Bool? { session.livemode }
    package var lastSeenAt: WallTime? { session.contact.lastSeenAt }
    var isSearching: Bool { session.state.isSearching }
    var isBarred: Bool { session.isBarred }

    /// Whether the reader is there; nil when the agent has not asked it.
    var isThere: Bool? { session.contact.isThere }

    /// Whether the session that is open, or is being opened, goes over USB; nil without one.
    package var isOverUSB: Bool? { isLive || isConnecting ? session.way.route?.isUSB : nil }

    /// The cart whose token serves a session that was requested by name.
    var connectCart: CartID? { wishes.cart }

    /// Whether a payment, a card set-up or a technician waits for a session.
    var isAwaited: Bool { lease.isAwaiting || wishes.hasRequests }

    /// Why a command of this party is not passed on; nil when it may be.
    func refusal(of owner: CommandOwner) -> ReaderFailure? {
        if !isLive { return .unreachable(detail: "there is no session with the reader") }
        guard case .holder(let holder) = owner, !lease.isHeld(by: holder) else { return nil }
        return .unreachable(detail: "the reader is not the \(holder.words)'s any more")
    }

    // MARK: The lease

    package var holder: LeaseHolder? { lease.holder }
    package var isFreeing: Bool { lease.isFreeing }
    package var waitingCount: Int { lease.waiting.count }

    /// Whether the reader still owes this holder an answer. Until then, the next holder could ask it nothing.
    func owesAnswer(to holder: LeaseHolder) -> Bool { queue.isAsking(for: .holder(holder)) }

    /// Whether nothing is under way on the reader, no holder waits for it, and it has left nothing to another entry of its device.
    var isResting: Bool { lease.isResting && queue.isResting && !wishes.hasRequests && !isLive && !isConnecting }

    /// Whether this entry is asking the device something, or holds it in a session. Then no other entry may come between.
    var isAtWork: Bool { queue.isAsking || (session.state.isAtReader && !lease.isFree) }

    /// Whether a holder has this entry or waits for it. Then what is under way here does not go to another entry.
    var isOccupied: Bool { lease.isHeld || isAtWork || !lease.waiting.isEmpty || wishes.hasRequests || queue.isAwaited }

    // MARK: Troubles

    package var trouble: ReaderTrouble? { facts.isVendorSDKOnly ? .vendorSDKOnly(facts) : session.state.trouble }

    /// Why the reader cannot be used, as far as is known. The trouble of its session precedes that of the scans.
    package var standingTrouble: ReaderTrouble? {
        if let trouble, trouble.kind.isOfReader { return trouble }
        return isLive ? trouble : session.contact.silence ?? trouble
    }

    /// Why a holder would wait for the reader in vain now; nil when it would not. Either the reader failed a moment ago and has to wait out
    /// its pause, or its holder has lost it, and no try to find it again has succeeded since.
    package func isKnownUnusable(at now: MonoTime) -> ReaderTrouble? {
        if facts.isVendorSDKOnly { return .vendorSDKOnly(facts) }
        if lease.isHeld { return nil }
        guard let trouble = isFreeing ? session.lastTrouble : session.state.trouble(pausingAt: now), trouble.preventsUse else { return nil }
        // A missing proof that the reader is idle says nothing of whether it admits its own point of sale.
        return trouble.kind == .inUseElsewhere && (isFreeing || lease.proofWanted) ? nil : trouble
    }

    /// The reader's state as the checkout API names it, as far as this entry tells it.
    ///
    /// - Parameter hasListed: whether the lists of readers are known.
    func state(isRegistered: Bool, hasListed: Bool) -> ReaderState {
        return
            if !isRegistered && holder == nil && hasListed
        {
            .unregistered
        } else if sharedFacts.read({ $0.isVendorSDKOnly }) {
            .notDriveable
        } else if isLive {
            holder == nil ? .ready : .busy
        } else if isConnecting {
            holder == nil || isFreeing ? .connecting : .busy
        } else if let trouble = standingTrouble, trouble.kind.isOfReader {
            facts.status == "offline" && trouble.kind == .unreachable ? .offline : trouble.kind.state
        } else if facts.status == "offline" {
            .offline
        } else {
            isThere == nil ? .unknown : .idle
        }
    }

    // MARK: Places

    /// Where a scan finds out whether the reader is there; nil when no place is known, or its session already tells.
    var placeToAsk: PrivateAddress? {
        guard facts.inBackend, !isBarred, holder == nil, !isLive, !isConnecting, facts.usbPlace == nil else { return nil }
        return facts.currentAddress.flatMap { Self.address($0) }
    }

    /// Every address on the LAN at which the agent may speak to the reader now.
    var places: Set<PrivateAddress> {
        Set([facts.address, facts.seen?.address, session.way.address].compactMap { $0.flatMap { Self.address($0) } })
    }

    /// The address in the text; nil when it is one that the agent does not dial.
    private static func address(_ text: String) -> PrivateAddress? {
        do throws(PrivateAddress.Problem) {
            return try PrivateAddress(text)
        } catch {
            return nil
        }
    }
}

extension ReaderMachine: Waking {}
