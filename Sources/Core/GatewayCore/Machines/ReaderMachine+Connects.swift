import GatewayModel
import Moments

/// What a technician connects and disconnects: a session that is wanted for its own sake, and one that is given up.
extension ReaderMachine {
    /// A request that waits for a session.
    struct ConnectRequest: Sendable, Equatable {
        var request: RequestID
        /// On whose behalf the connection token is asked for; nil: any cart's.
        var cart: CartID?
        /// Also from another point of sale.
        var takeOver: Bool
        /// Then it is told that it waits in vain.
        var until = MonoTime.max
    }

    /// So long somebody may wait for a session; a reader that authorises may take longer to let anybody in.
    static let longestConnect: Int64 = 30_000

    /// Whose token serves a session that was asked for by name.
    var connectCart: CartID? { connects.lazy.compactMap(\.cart).first }

    /// Somebody wants a session now, whatever the pause after the last failure.
    mutating func connect(for request: ConnectRequest, at now: Now) -> [Action] {
        isParted = false
        if isLive { return [.connected(request.request, .success(()))] }
        var request = request
        request.until = now.mono + Self.longestConnect
        connects.append(request)
        guard case .none = session else { return [] }
        var actions: [Action] = []
        connect(at: now, &actions)
        return actions
    }

    mutating func refuseLateConnects(at now: Now, _ actions: inout [Action]) {
        let late = connects.filter { now.mono >= $0.until }
        guard !late.isEmpty else { return }
        connects.removeAll { now.mono >= $0.until }
        let trouble =
            lastTrouble
            ?? ReaderTrouble(
                .refused, "The reader lets nobody in: it is at work on something still.", remedy: "Wait until it is done, then repeat.")
        actions += late.map { .connected($0.request, .failure(trouble)) }
    }

    /// Gives the session up, and opens no other until somebody wants one again. Not while the reader is held.
    mutating func part(at now: Now) -> [Action] {
        guard holder == nil else { return [] }
        isParted = true
        desired = false
        var actions: [Action] = connects.map { .connected($0.request, .failure(Self.parted)) }
        connects = []
        switch session {
        case .claiming:
            session = .none(trouble: nil, retryAt: now.mono)
            actions.append(.withdrawToken)
        case .listing, .searching: session = .none(trouble: nil, retryAt: now.mono)
        case .live: leaveSession(at: now, &actions)
        // The reader is asked already: the session is given up when it is there.
        case .activating, .clearing, .none: break
        }
        return actions
    }

    static var parted: ReaderTrouble {
        ReaderTrouble(.refused, "The reader was disconnected meanwhile.", remedy: "Connect it again.")
    }

    /// Who waited for the session is told that it is there.
    mutating func answerConnects(_ actions: inout [Action]) {
        actions += connects.map { .connected($0.request, .success(())) }
        connects = []
    }

    /// The try failed. Those who came to take the reader over stay for a try that does, if this one was asked politely.
    ///
    /// - Returns: whether another try is to begin at once.
    mutating func refuseConnects(_ trouble: ReaderTrouble, wasPolite: Bool, _ actions: inout [Action]) -> Bool {
        let staying = trouble.kind == .inUseElsewhere && wasPolite ? connects.filter(\.takeOver) : []
        actions += connects.filter { !staying.contains($0) }.map { .connected($0.request, .failure(trouble)) }
        connects = staying
        return !staying.isEmpty
    }
}
