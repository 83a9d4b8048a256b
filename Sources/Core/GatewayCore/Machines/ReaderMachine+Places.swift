import GatewayModel
import Moments

/// The reader's place, as far as it is known, and what the machine does when the reader is not there.
extension ReaderMachine {
    /// The time between two searches for a reader that was not found, in milliseconds.
    static let searchPause: Int64 = 20_000

    /// Every address on the LAN at which the agent may speak to the reader now.
    var places: Set<PrivateAddress> {
        var texts = [facts.address, facts.seen?.address].compactMap { $0 }
        if case .lan(let address) = route?.link { texts.append(address) }
        return Set(texts.compactMap { Self.address($0) })
    }

    /// Whether a payment, a card set-up or a technician waits for a session.
    var isAwaited: Bool { holderWaits || !connects.isEmpty }

    var isSearching: Bool {
        if case .searching = session { return true }
        return false
    }

    /// Takes a sighting of the reader's certificate at an address, or its absence where it was.
    ///
    /// The agent does not give up an open session for that. If nothing is under way, it asks the reader whether it is still there. A
    /// payment finds out by itself.
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
        case .live where lease == .free && queue.isResting && !isThere(sighting):
            lastHeartbeat = now.mono
            ask(.heartbeat, timeout: min(policy.readerTimeout, 10_000), at: now, &actions)
        case .activating, .clearing: hasNewPlace = hasNewPlace || !isThere(sighting)
        case .none, .claiming, .listing, .live: break
        }
        return actions
    }

    /// Goes on where the reader has turned up while another place was being tried, at once and for everyone that waits.
    ///
    /// - Returns: whether there is such a place.
    mutating func triesNewPlace(after trouble: ReaderTrouble, at now: Now, _ actions: inout [Action]) -> Bool {
        guard hasNewPlace, trouble.isLoss else { return false }
        hasNewPlace = false
        session = .none(trouble: trouble, retryAt: now.mono)
        actions.append(.changed(trouble.message))
        connectIfWanted(at: now, &actions)
        return true
    }

    /// Ends the search. A reader that was not sighted by now was not found.
    package mutating func searched(at now: Now, random: inout SeededRandom) -> [Action] {
        guard case .searching(let trouble) = session else { return [] }
        searchAfter = now.mono + Self.searchPause
        var actions: [Action] = []
        fail(trouble, quick: true, at: now, random: &random, &actions)
        return actions
    }

    /// Searches for a reader at whose place no device, or another one, answered. It fails at once if the reader cannot be told from others
    /// or the settings forbid scans.
    mutating func searchOrFail(
        _ trouble: ReaderTrouble, quick: Bool, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        if triesNewPlace(after: trouble, at: now, &actions) { return }
        guard trouble.isLoss, wantsSession, now.mono >= searchAfter, Discovery.scansByItself(policy), facts.baseURL?.isEmpty == false,
            route?.isUSB != true
        else { return fail(trouble, quick: quick, at: now, random: &random, &actions) }
        session = .searching(trouble)
        sessionSince = nil
        // Each loss has one search. A reader that is found and does not answer fails like any other.
        searchAfter = now.mono + Self.searchPause
        actions.append(.search)
    }

    private func isThere(_ sighting: LANSighting) -> Bool {
        guard case .lan(let address) = route?.link else { return true }
        return address == sighting.address
    }

    /// The address in the text; nil when it is one that the agent does not dial.
    static func address(_ text: String) -> PrivateAddress? {
        do throws(PrivateAddress.Problem) {
            return try PrivateAddress(text)
        } catch {
            return nil
        }
    }
}

extension ReaderTrouble {
    /// Whether the reader was not found at the place that was tried. Another place may have it.
    fileprivate var isLoss: Bool { kind == .unreachable || kind == .untrusted }
}
