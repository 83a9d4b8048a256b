import GatewayModel
import Moments

/// Whether the reader is there, whatever its session. The agent calls no reader ready that it has not asked.
extension ReaderMachine {
    enum Contact: Sendable, Equatable {
        /// The agent has not asked the reader since its start. The first scan or session leads to `heard` or `silent`.
        case none
        /// The reader's certificate was seen, or it answered a command. It goes to `silent` when a session with it fails, or when scans
        /// miss it.
        case heard
        /// The reader was asked, and did not answer. It goes to `heard` as soon as it does.
        case silent(ReaderTrouble)
    }

    /// The number of misses after which a reader is away. Networks lose a first packet, wireless ones above all, so one miss is not enough.
    static let patience = 2

    /// Whether the reader is there; nil when the agent has not asked it.
    var isThere: Bool? {
        switch contact {
        case .none: nil
        case .heard: true
        case .silent: false
        }
    }

    /// Why the reader cannot be used, as far as is known. The trouble of its session precedes that of the scans.
    package var standingTrouble: ReaderTrouble? {
        if let trouble, trouble.kind.isOfReader { return trouble }
        if case .silent(let silence) = contact, !isLive { return silence }
        return trouble
    }

    /// Where a scan finds out whether the reader is there; nil when no place is known, or its session already tells.
    var placeToAsk: PrivateAddress? {
        guard facts.inBackend, !isBarred, holder == nil, !isLive, !isConnecting, facts.usbPlace == nil else { return nil }
        return facts.currentAddress.flatMap { Self.address($0) }
    }

    /// Notes that the reader has answered a scan or a command.
    mutating func heard(at now: Now) {
        contact = .heard
        misses = 0
        lastSeenAt = now.wall
        guard case .none(let trouble?, _) = session, trouble.kind == .unreachable, !wantsSession else { return }
        // The trouble of an earlier try is over.
        session = .none(trouble: nil, retryAt: now.mono)
    }

    /// Notes that a scan of the reader's place did not find it.
    ///
    /// - Returns: the time in milliseconds after which another scan is worth it.
    mutating func missed(at address: String) -> Int64 {
        misses = min(misses + 1, 100)
        if misses >= Self.patience {
            contact = .silent(
                ReaderTrouble(
                    .unreachable, "The reader does not answer at \(address).",
                    remedy: "Check that the reader is on, on the shop's network, and that this box can reach it."))
        }
        return min(60_000, 2_000 << Int64(min(misses - 1, 5)))
    }

    /// Notes that a session could not be opened, or broke, where that says that the reader is not there.
    mutating func note(_ trouble: ReaderTrouble) {
        if trouble.kind == .unreachable { contact = .silent(trouble) }
    }
}

extension ReaderTrouble.Kind {
    /// Whether the trouble says anything of the reader. A cart that gets no connection token, because it is paid or is no cart, does not.
    var isOfReader: Bool {
        switch self {
        case .noCart, .backend(.rejected), .backend(.overloaded): false
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .vendorSDKOnly, .softwareUnsupported, .refused, .stripe,
            .backend(.unauthorized), .backend(.forbidden), .backend(.invalidAnswer), .backend(.unavailable):
            true
        }
    }
}
