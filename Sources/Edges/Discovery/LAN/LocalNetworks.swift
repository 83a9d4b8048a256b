package import GatewayModel

/// The private IPv4 networks that this box is part of, and its neighbours there. Netlink is the source.
package enum LocalNetworks {
    /// The networks that discovery scans by itself, the likeliest first, those that it does not scan, and the neighbours in the former.
    package static func read() throws(LookTrouble) -> NetworkFacts {
        let (likely, others) = try KernelNetworks.read().ranked()
        var facts = NetworkFacts(networks: [], neighbours: [])
        for network in likely.map(\.network) where !facts.networks.contains(network) { facts.networks.append(network) }
        facts.others = others.map(\.network)
        do throws(LookTrouble) {
            facts.neighbours = try NeighbourTable.read(on: Set(likely.map(\.interface)))
        } catch {
            facts.trouble = error
        }
        return facts
    }
}
