import GatewayModel
import Moments

/// Whether the reader is there, whatever its session: nothing is called ready that nobody has asked.
extension ReaderMachine {
    enum Contact: Sendable, Equatable {
        /// Nobody has asked it since the agent started. To `heard` or `silent` with the first look or session.
        case none
        /// Its certificate was seen, or it answered a command. To `silent` when a session with it fails, or looks for it do.
        case heard
        /// It was asked, and nobody answered. To `heard` as soon as it does.
        case silent(ReaderTrouble)
    }

    /// A first packet gets lost, on wireless networks above all: what is missed once is not called away.
    static let patience = 2

    /// Nil: nobody has asked it.
    var isThere: Bool? {
        switch contact {
        case .none: nil
        case .heard: true
        case .silent: false
        }
    }

    /// Why it cannot be used, as far as is known: what its session met, else what looks for it did.
    package var standingTrouble: ReaderTrouble? {
        if let trouble, trouble.kind.isOfReader { return trouble }
        if case .silent(let silence) = contact, !isLive { return silence }
        return trouble
    }

    /// Where a look finds out whether it is there. Nil: nothing is known of it, or its session says so already.
    var placeToAsk: PrivateAddress? {
        guard facts.inBackend, !isBarred, holder == nil, !isLive, !isConnecting, facts.usbPlace == nil else { return nil }
        return facts.currentAddress.flatMap { Self.address($0) }
    }

    /// It has answered somebody: a look, or a command.
    mutating func heard(at now: Now) {
        contact = .heard
        misses = 0
        lastSeenAt = now.wall
        guard case .none(let trouble?, _) = session, trouble.kind == .unreachable, !wantsSession else { return }
        // What a try in vain has left behind is over.
        session = .none(trouble: nil, retryAt: now.mono)
    }

    /// It was looked for where it should be, and nobody was there.
    ///
    /// - Returns: after how long it is worth another look.
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

    /// A session could not be opened, or broke: whether that says that the reader is not there.
    mutating func note(_ trouble: ReaderTrouble) {
        if trouble.kind == .unreachable { contact = .silent(trouble) }
    }
}

extension ReaderTrouble.Kind {
    /// Whether it says anything of the reader: a cart that gets no connection token, because it is paid or is none, does not.
    var isOfReader: Bool {
        switch self {
        case .noCart, .backend(.rejected), .backend(.overloaded): false
        case .unreachable, .untrusted, .inUseElsewhere, .notListed, .vendorSDKOnly, .softwareUnsupported, .refused, .stripe,
            .backend(.unauthorized), .backend(.forbidden), .backend(.invalidAnswer), .backend(.unavailable):
            true
        }
    }
}
