/// Words for what went wrong on the way to a server. Whoever writes them and whoever gives advice by them shares them here.
package enum TransportWords {
    package static let nameUnknown = "the name cannot be resolved (DNS)"
    package static let noRoute = "is this box on the network?"
    package static let refused = "connection refused by"
    package static let untrusted = "is not trusted"
    package static let clock = "this box's clock"
    /// What a server answers when it has trouble of its own.
    package static let ownTrouble = " answered 5"
}

extension CallFailure {
    /// What to do about a failed call to the backend: the one place that says it, for the status, payments, checks and the log.
    package var backendRemedy: String {
        switch self {
        case .unauthorized:
            "Put a valid token where backend.token_file says; in the package: sudo install -m 0600 TOKEN-FILE "
                + "/etc/readerd/credentials/backend-token. readerd takes it up by itself."
        case .forbidden:
            "Ask whoever manages the backend to let this service account take payments and manage terminals at this location."
        case .rejected(404, _):
            "Check location and backend.base_url in readerd.toml: the location's id, and the backend's address without a path."
        case .rejected: "Check the cart, the amount and the location at the backend."
        case .invalidAnswer:
            "Check backend.base_url in readerd.toml: the backend's address without a path. The login page of a network answers like this "
                + "too: log in there once, with a browser."
        case .unavailable(let detail, _): Self.remedy(onTheWay: detail)
        case .overloaded: "This box asks too much at once; the other side is not at fault. Try again in a moment."
        }
    }

    private static func remedy(onTheWay detail: String) -> String {
        if detail.contains(TransportWords.clock) {
            "Set this box's clock: sudo timedatectl set-ntp true; then see: timedatectl. Everything is tried again by itself."
        } else if detail.contains(TransportWords.nameUnknown) {
            "Check the address in readerd.toml for a wrong name, then this box's name server: cat /etc/resolv.conf"
        } else if detail.contains(TransportWords.noRoute) {
            "Check this box's network cable or Wi-Fi, and the router: ip address; ip route"
        } else if detail.contains(TransportWords.untrusted) {
            "Something on the way answers in the server's place (a filter, a login page), or its authority is a private one, which belongs "
                + "into trust_roots."
        } else if detail.contains(TransportWords.refused) {
            "Check the address in readerd.toml. If it is right, the server is down or a firewall refuses: take cash or wait; readerd tries "
                + "again by itself."
        } else if detail.contains(TransportWords.ownTrouble) {
            "The server has trouble of its own, and nothing here can mend it: take cash or wait; readerd tries again by itself."
        } else {
            "Check the shop's internet connection. If it works, the server is down: take cash or wait; readerd tries again by itself."
        }
    }
}
