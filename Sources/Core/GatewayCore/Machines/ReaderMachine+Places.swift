import GatewayModel
import Moments

/// Where the reader is, as far as is known, and what is done when it is not there.
extension ReaderMachine {
    /// Between two searches for a reader that was not found.
    static let searchPause: Int64 = 20_000

    /// Every address on the LAN at which it may be spoken to now.
    var places: Set<PrivateAddress> {
        var texts = [facts.address, facts.seen?.address].compactMap { $0 }
        if case .lan(let address) = route?.link { texts.append(address) }
        return Set(texts.compactMap { Self.address($0) })
    }

    /// A payment, a card set-up or a technician waits for a session.
    var isAwaited: Bool { holderWaits || !connects.isEmpty }

    var isSearching: Bool {
        if case .searching = session { return true }
        return false
    }

    /// Its certificate was seen at an address, or is not seen any more where it was.
    ///
    /// A session that is open is not given up for that: if nothing is under way the reader is asked whether it is still there, and a payment finds out
    /// by itself.
    package mutating func sighted(_ sighting: LANSighting?, at now: Now) -> [Action] {
        facts.seen = sighting
        guard let sighting else { return [] }
        var actions: [Action] = []
        defer { heard(at: now) }
        switch session {
        case .searching: connect(at: now, &actions)
        case .none(let trouble?, _) where trouble.kind == .unreachable:
            session = .none(trouble: trouble, retryAt: now.mono)
            connectIfWanted(at: now, &actions)
        case .live where lease == .free && inFlight == nil && pending.isEmpty && !isThere(sighting):
            lastHeartbeat = now.mono
            pending.append(Pending(owner: .session, command: .heartbeat, timeout: min(policy.readerTimeout, 10_000)))
            sendNext(at: now, &actions)
        case .none, .claiming, .listing, .activating, .clearing, .live: break
        }
        return actions
    }

    /// The look is over. Whoever has not been sighted by now was not found.
    package mutating func searched(at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .searching(let trouble) = session else { return [] }
        searchAfter = now.mono + Self.searchPause
        var actions: [Action] = []
        fail(trouble, quick: true, at: now, random: &random, &actions)
        return actions
    }

    /// Nobody answered, or somebody else did: before that is told, the reader is looked for, if it can be told from others and looking is allowed.
    mutating func searchOrFail(
        _ trouble: ReaderTrouble, quick: Bool, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        let isLost = trouble.kind == .unreachable || trouble.kind == .untrusted
        guard isLost, wantsSession, now.mono >= searchAfter, Discovery.scansByItself(policy), facts.baseURL?.isEmpty == false,
            route?.isUSB != true
        else { return fail(trouble, quick: quick, at: now, random: &random, &actions) }
        session = .searching(trouble)
        sessionSince = nil
        // One search for one loss: what is found and does not answer is told like any other.
        searchAfter = now.mono + Self.searchPause
        actions.append(.search)
    }

    private func isThere(_ sighting: LANSighting) -> Bool {
        guard case .lan(let address) = route?.link else { return true }
        return address == sighting.address
    }

    /// Nil: what Stripe says is no address that would be dialled.
    static func address(_ text: String) -> PrivateAddress? {
        do throws(PrivateAddress.Problem) {
            return try PrivateAddress(text)
        } catch {
            return nil
        }
    }
}
