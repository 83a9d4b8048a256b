import GatewayModel
import Moments

extension ReaderSession {
    /// Where a session stands. The session alone changes it.
    enum State: Sendable {
        /// The reader has no session. `trouble` says why the last try failed, and no try comes before `retryAt`. It goes to `claiming` when
        /// a session is wanted.
        case none(trouble: ReaderTrouble?, retryAt: MonoTime)
        /// A connection token has been asked for. The reader goes to `listing` with it, and to `none` without.
        case claiming
        /// The agent reads Stripe's list for today's address. The reader goes to `activating`, or to `none`.
        case listing(ConnectionToken)
        /// The activation is under way, and the token is spent. The reader goes to `clearing` or `live`, or to `searching`, or to `none`.
        case activating
        /// The reader did not answer where it should be, and the agent scans the LAN. The reader goes to `claiming` as soon as it is seen,
        /// and to `none` when the scan is over.
        case searching(ReaderTrouble)
        /// The reader has a session, but its screen may show something and is cleared. It goes to `live` when it has acknowledged that,
        /// else to `none`. A busy reader that would not be cleared is asked again at that moment.
        case clearing(SessionToken, again: MonoTime?)
        /// The reader has a session. It goes to `none` at any sign that the session is gone.
        case live(SessionToken)

        var isLive: Bool {
            if case .live = self { return true }
            return false
        }

        var isClaiming: Bool {
            if case .claiming = self { return true }
            return false
        }

        var isActivating: Bool {
            if case .activating = self { return true }
            return false
        }

        var isSearching: Bool {
            if case .searching = self { return true }
            return false
        }

        var isConnecting: Bool {
            switch self {
            case .claiming, .listing, .activating, .searching, .clearing: true
            case .none, .live: false
            }
        }

        /// Whether the reader is asked for a session, or has one.
        var isAtReader: Bool {
            switch self {
            case .activating, .clearing, .live: true
            case .none, .claiming, .listing, .searching: false
            }
        }

        /// The token with which the list is being read; nil when that is not so.
        var listing: ConnectionToken? {
            if case .listing(let token) = self { return token }
            return nil
        }

        /// The session in which the reader can be asked something; nil without one.
        var token: SessionToken? {
            switch self {
            case .clearing(let token, _), .live(let token): token
            case .none, .claiming, .listing, .activating, .searching: nil
            }
        }

        /// The trouble that keeps the session from opening; nil when it is open or being opened.
        var trouble: ReaderTrouble? {
            if case .none(let trouble, _) = self { return trouble }
            return nil
        }

        /// The trouble whose pause still lasts.
        func trouble(pausingAt now: MonoTime) -> ReaderTrouble? {
            guard case .none(let trouble?, let retryAt) = self, now < retryAt else { return nil }
            return trouble
        }
    }
}
