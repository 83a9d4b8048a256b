import GatewayModel
import Moments

/// A technician's connects and disconnects: a session that is wanted for its own sake, and one that is given up.
extension ReaderMachine {
    /// A request that waits for a session.
    struct ConnectRequest: Sendable, Equatable {
        var request: RequestID
        /// The cart whose connection token is asked for; nil when any cart will do.
        var cart: CartID?
        /// Whether the request also takes the reader from another point of sale.
        var takeOver: Bool
        /// When the request is told that it waits in vain.
        var until = MonoTime.max
    }

    /// How long a request may wait for a session, in milliseconds. A reader that authorises may take longer to admit any point of sale.
    static let longestConnect: Int64 = 30_000

    /// The cart whose token serves a session that was requested by name.
    var connectCart: CartID? { connects.lazy.compactMap(\.cart).first }

    /// Takes a request for a session now, whatever the pause after the last failure.
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

    /// Gives the session up, and opens no other until one is wanted again. It does nothing while the reader is held.
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
        // The reader has been asked already. The session is given up when it is there.
        case .activating, .clearing, .none: break
        }
        return actions
    }

    static var parted: ReaderTrouble {
        ReaderTrouble(.refused, "The reader was disconnected meanwhile.", remedy: "Connect it again.")
    }

    /// Tells the waiting requests that the session is there.
    mutating func answerConnects(_ actions: inout [Action]) {
        actions += connects.map { .connected($0.request, .success(())) }
        connects = []
    }

    /// Tells the waiting requests that the try failed. Those that may take the reader over stay for a try that does, if this one was
    /// polite.
    ///
    /// - Returns: whether another try is to begin at once.
    mutating func refuseConnects(_ trouble: ReaderTrouble, wasPolite: Bool, _ actions: inout [Action]) -> Bool {
        let staying = trouble.kind == .inUseElsewhere && wasPolite ? connects.filter(\.takeOver) : []
        actions += connects.filter { !staying.contains($0) }.map { .connected($0.request, .failure(trouble)) }
        connects = staying
        return !staying.isEmpty
    }
}
