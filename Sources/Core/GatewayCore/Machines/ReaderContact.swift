import GatewayModel
import Moments

/// Whether the reader is there, whatever its session. The agent calls no reader ready that it has not asked.
struct ReaderContact: Sendable {
    private enum State: Sendable, Equatable {
        /// The agent has not asked the reader since its start. The first scan or session leads to `heard` or `silent`.
        case none
        /// The reader's certificate was seen, or it answered a command. It goes to `silent` when a session with it fails, or when scans
        /// miss it.
        case heard
        /// The reader was asked, and did not answer. It goes to `heard` as soon as it does.
        case silent(ReaderTrouble)
    }

    /// The number of misses after which a reader is away. Networks lose a first packet, wireless ones above all, so one miss is not enough.
    private static let patience = 2

    private var state = State.none
    private var misses = 0
    private(set) var lastSeenAt: WallTime?

    /// Whether the reader is there; nil when the agent has not asked it.
    var isThere: Bool? {
        switch state {
        case .none: nil
        case .heard: true
        case .silent: false
        }
    }

    /// What its silence says of it; nil when it is not silent.
    var silence: ReaderTrouble? {
        if case .silent(let trouble) = state { return trouble }
        return nil
    }

    /// Notes that the reader has answered a scan or a command.
    mutating func heard(at wall: WallTime) {
        state = .heard
        misses = 0
        lastSeenAt = wall
    }

    /// Notes that a scan of the reader's place did not find it.
    ///
    /// - Returns: the time in milliseconds after which another scan is worth it.
    mutating func missed(at address: String) -> Int64 {
        misses = min(misses + 1, 100)
        if misses >= Self.patience {
            state = .silent(
                ReaderTrouble(
                    .unreachable, "The reader does not answer at \(address).",
                    remedy: "Check that the reader is on, on the shop's network, and that this box can reach it."))
        }
        return min(60_000, 2_000 << Int64(min(misses - 1, 5)))
    }

    /// Notes that a session could not be opened, or broke, where that says that the reader is not there.
    mutating func note(_ trouble: ReaderTrouble) {
        if trouble.kind == .unreachable { state = .silent(trouble) }
    }

    /// Notes that the plug was pulled, which alone told of the reader. Nothing is known of it now.
    mutating func unplugged() {
        if state == .heard { state = .none }
    }
}
