internal import WebCall

extension Checkup {
    /// Each name server by itself: the system asks the next one only when this one has been silent for seconds, and says nothing of it.
    func nameServerLooks() -> [Look] {
        guard place.backend.hasNameToFind else { return [] }
        let name = place.backend.host
        let servers = NameServers.read(place.root + NameServers.path)
        guard !servers.isEmpty else {
            return [
                Look("name_servers", nil, "A name server is known.") {
                    .fail(
                        "\(NameServers.path) names no name server: \(name) cannot be found.",
                        "Connect the box to the shop's network with DHCP, or give a name server by hand (resolvectl dns, or the network's settings)."
                    )
                }
            ]
        }
        return servers.map { server in
            Look("name_servers", server, "The name server \(server) answers.") {
                let began = ContinuousClock.now
                let outcome = await NameServerAsk.of(name, server: server, within: Self.patience)
                let took = Int64((ContinuousClock.now - began) / .milliseconds(1))
                return Self.nameServer(server, name, outcome, milliseconds: took, isOnly: servers.count == 1)
            }
        }
    }

    static func nameServer(
        _ server: String, _ name: String, _ outcome: NameServerAsk.Outcome, milliseconds: Int64, isOnly: Bool
    ) -> Finding {
        let remedy =
            "Take it out of what the router gives its clients (DHCP), or switch it on again; \(NameServers.path) shows what this box was given."
        switch outcome {
        case .addresses(let addresses) where addresses.isEmpty:
            return .warn("\(server) answers, but has no address for \(name).", "Check backend.base_url, and ask who runs the name server.")
        case .addresses:
            guard milliseconds < 1_000 else {
                return .warn(
                    "\(server) answered only after \(milliseconds) ms.", "See whether something fills the shop's internet connection.")
            }
            return .pass("\(server) answered within \(milliseconds) ms.")
        case .noSuchName:
            return .warn("\(server) says that there is no \(name).", "Check backend.base_url, and ask who runs the name server.")
        case .trouble(let code): return .warn("\(server) answers that it has trouble of its own (code \(code)).", remedy)
        case .silent, .unreachable:
            let sentence = "The name server \(server) does not answer."
            return isOnly
                ? .fail(sentence + " It is the only one.", remedy)
                : .warn(sentence + " readerd asks the others beside it; other programs wait for it each time.", remedy)
        }
    }
}
