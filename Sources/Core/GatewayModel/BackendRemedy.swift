import Moments

/// Words for failures on the way to a server. The code that writes them and the code that advises by them share them here.
package enum TransportWords {
    package static let nameUnknown = "the name cannot be resolved (DNS)"
    /// Every sentence about a name whose address cannot be resolved contains this word.
    static let names = "(DNS)"
    package static let noRoute = "is this box on the network?"
    package static let refused = "connection refused by"
    package static let untrusted = "is not trusted"
    package static let otherName = "is for another name"
    package static let clock = "this box's clock"
    /// The words for a server that answers with trouble of its own (5xx).
    package static let ownTrouble = " answered 5"
    /// The credential's file is missing, empty or unreadable, so the agent asked no server.
    package static let noToken = "no token was sent: "
    /// The backend's address has a path, and the backend has nothing there.
    package static let hasPath = "backend.base_url has the path "
    /// The paths of the calls that name the location. A refusal of one of them concerns no cart.
    static let listOfReaders = "terminal_readers"
    /// The paths of the calls about a reader, and below those about a card to be kept.
    static let ofReaders = ["register_terminal", "update_terminal", "deregister_terminal"]
    static let ofCards = ["setup_intent", "store_payment_method"]
}

/// What is wrong with the backend or on the way to it. The status, payments, checks, the log and `systemctl status` share this one mapping.
extension CallFailure {
    /// The cause in one sentence, which comes before everything else.
    package var backendCause: String { backendGist + (detail.hasSuffix(".") ? "" : ".") }

    private var backendGist: String {
        switch self {
        case .unauthorized(let detail) where detail.hasPrefix(TransportWords.noToken):
            "There is no usable token for the backend: \(detail.dropFirst(TransportWords.noToken.count))"
        case .unauthorized(let detail): "The backend refuses the agent's token: \(detail)"
        case .forbidden(let detail): "The backend knows the agent's token and does not permit this: \(detail)"
        case .rejected(404, let detail) where detail.contains(TransportWords.hasPath):
            "The backend has nothing under the path in backend.base_url: \(detail)"
        case .rejected(404, let detail) where isAboutLocation: "The backend does not know this location: \(detail)"
        case .rejected(_, let detail) where isAboutLocation: "The backend refuses this location: \(detail)"
        case .rejected(_, let detail) where isAbout(TransportWords.ofReaders): "The backend refuses this change of a reader: \(detail)"
        case .rejected(_, let detail) where isAbout(TransportWords.ofCards): "The backend refuses to keep this card: \(detail)"
        case .rejected(_, let detail): "The backend refuses this cart or amount: \(detail)"
        case .invalidAnswer(let detail): "Something answers that is not the backend, or not as it should: \(detail)"
        case .unavailable(let detail, _): Way(detail).cause + ": \(detail)"
        case .overloaded(let detail): "The backend was not asked: \(detail)"
        }
    }

    /// What a person can do about it.
    package var backendRemedy: String {
        switch self {
        case .unauthorized:
            "Put a valid token where backend.token_file says (readerd takes it up by itself); in the package: sudo install -m 0600 "
                + "TOKEN-FILE /etc/readerd/credentials/backend-token"
        case .forbidden:
            "Ask whoever manages the backend to let this service account take payments and manage terminals at this location."
        case .rejected(404, let detail) where detail.contains(TransportWords.hasPath):
            "Leave the path out of backend.base_url in readerd.toml (only https:// and the host), then: sudo systemctl restart readerd"
        case .rejected where isAboutLocation:
            "Correct location in readerd.toml: the id that the backend has for this location; then: sudo systemctl restart readerd"
        case .rejected where isAbout(TransportWords.ofReaders): "Check the registration code, the label and the location."
        case .rejected where isAbout(TransportWords.ofCards): "Check the user, the partner and the postal code at the backend."
        case .rejected: "Check the cart, the amount and the location at the backend."
        case .invalidAnswer:
            "Check backend.base_url in readerd.toml: the backend's address without a path. The login page of a network answers like this "
                + "too: log in there once, with a browser."
        case .unavailable(let detail, _): Way(detail).remedy
        case .overloaded: "This box asks too much at once; the other side is not at fault. Try again in a moment."
        }
    }

    /// What a person can do about it at Stripe, which knows neither the agent's token nor its location.
    package var stripeRemedy: String {
        switch self {
        case .unavailable(let detail, _): Way(detail).remedy
        case .unauthorized, .forbidden, .rejected, .invalidAnswer, .overloaded:
            "Everything is tried again by itself; if it goes on, see: sudo readerctl check"
        }
    }

    /// Whether both failures are one trouble in other words. The agent tells such a trouble only once.
    package func isSameTrouble(as other: CallFailure) -> Bool {
        switch (self, other) {
        case (.unauthorized, .unauthorized), (.forbidden, .forbidden), (.rejected, .rejected), (.invalidAnswer, .invalidAnswer),
            (.unavailable, .unavailable), (.overloaded, .overloaded):
            true
        case (.unauthorized, _), (.forbidden, _), (.rejected, _), (.invalidAnswer, _), (.unavailable, _), (.overloaded, _): false
        }
    }

    private var isAboutLocation: Bool { isAbout([TransportWords.listOfReaders]) }

    /// Whether the detail begins with the name of one of these calls.
    private func isAbout(_ calls: [String]) -> Bool { calls.contains { detail.hasPrefix($0) } }
}

/// The point at which the way to a server ends.
private enum Way {
    case clock, name, route, certificate, refused, server, silent

    init(_ detail: String) {
        self =
            if detail.contains(TransportWords.clock) {
                .clock
            } else if detail.contains(TransportWords.names) {
                .name
            } else if detail.contains(TransportWords.noRoute) {
                .route
            } else if detail.contains(TransportWords.untrusted) || detail.contains(TransportWords.otherName) {
                .certificate
            } else if detail.contains(TransportWords.refused) {
                .refused
            } else if detail.contains(TransportWords.ownTrouble) {
                .server
            } else {
                .silent
            }
    }

    var cause: String {
        switch self {
        case .clock: "This box's clock is wrong, or the backend's certificate is out of date"
        case .name: "The backend's name leads nowhere"
        case .route: "This box has no way to the backend"
        case .certificate: "Something answers in the backend's place, and cannot prove that it is the backend"
        case .refused: "The backend refuses the connection"
        case .server: "The backend has trouble of its own"
        case .silent: "The backend does not answer"
        }
    }

    var remedy: String {
        switch self {
        case .clock: "Set this box's clock; all is tried again by itself: sudo timedatectl set-ntp true; then see: timedatectl"
        case .name: "Check the address in readerd.toml for a wrong name, then this box's name server: cat /etc/resolv.conf"
        case .route: "Check this box's network cable or Wi-Fi, and the router: ip address; ip route"
        case .certificate:
            "Something on the way answers in the server's place (a filter, a login page), or its authority is a private one, which belongs "
                + "into trust_roots."
        case .refused:
            "Check the address in readerd.toml. If it is right, the server is down or a firewall refuses: take cash or wait; readerd tries "
                + "again by itself."
        case .server:
            "The server has trouble of its own, and nothing here can mend it: take cash or wait; readerd tries again by itself."
        case .silent:
            "Check the shop's internet connection. If it works, the server is down: take cash or wait; readerd tries again by itself."
        }
    }
}
