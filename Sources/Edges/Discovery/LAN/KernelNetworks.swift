internal import GatewayModel

/// What the kernel says of this box's interfaces, and which of its networks may hold a shop's readers.
struct KernelNetworks {
    struct Interface: Equatable {
        var index: Int32
        var name: String
        /// The interface's IFF_ flags.
        var flags: UInt32
        /// The kind of a virtual interface: `bridge`, `veth`, `vlan`. It is nil for hardware, which has none.
        var kind: String?
        /// The bridge or bond that this interface is a part of.
        var master: Int32?
    }

    struct Address: Equatable {
        var interface: Int32
        var bits: UInt32
        var prefix: Int
    }

    /// A route to the rest of the world.
    struct DefaultRoute: Equatable {
        var interface: Int32
        /// The route with the lowest metric counts first.
        var metric: UInt32
    }

    var interfaces: [Interface] = []
    var addresses: [Address] = []
    var routes: [DefaultRoute] = []

    static func read() throws(LookTrouble) -> KernelNetworks {
        KernelNetworks(
            links: try Netlink.dump(.links), addresses: try Netlink.dump(.addresses), routes: try Netlink.dump(.routes))
    }

    init(links: [UInt8], addresses: [UInt8], routes: [UInt8]) {
        interfaces = NetlinkMessages.split(links).compactMap(Self.interface)
        self.addresses = NetlinkMessages.split(addresses).compactMap(Self.address)
        self.routes = NetlinkMessages.split(routes).flatMap(Self.defaultRoutes)
    }

    // MARK: Which networks

    private static let (up, loopback, pointToPoint): (UInt32, UInt32, UInt32) = (0x1, 0x8, 0x10)
    /// Kinds of interfaces that are made of hardware, or of a part of it. A shop's networks may be divided so.
    private static let parts: Set<String> = ["vlan", "bond", "team", "macvlan", "ipvlan", "macvtap"]

    /// The networks that a reader may be in, the likeliest first: the one with the default route, whatever it is, then hardware, then what
    /// is made of hardware. The others are those that containers, virtual machines and tunnels have made for themselves.
    func ranked() -> (likely: [(interface: Int32, network: LocalNetwork)], others: [(interface: Int32, network: LocalNetwork)]) {
        let byRoute = Dictionary(routes.map { ($0.interface, $0.metric) }, uniquingKeysWith: min)
        var found: [(rank: (Int, UInt32, String), interface: Int32, network: LocalNetwork)] = []
        var others: [(interface: Int32, network: LocalNetwork)] = []
        for interface in interfaces where interface.flags & (Self.up | Self.loopback | Self.pointToPoint) == Self.up {
            for address in addresses where address.interface == interface.index {
                guard let local = PrivateAddress(bits: address.bits), (0...32).contains(address.prefix) else { continue }
                let network = LocalNetwork(name: interface.name, address: local, prefix: address.prefix)
                if let metric = byRoute[interface.index] {
                    found.append(((0, metric, interface.name), interface.index, network))
                } else if interface.kind == nil {
                    found.append(((1, 0, interface.name), interface.index, network))
                } else if isOfHardware(interface) {
                    found.append(((2, 0, interface.name), interface.index, network))
                } else {
                    others.append((interface.index, network))
                }
            }
        }
        return (found.sorted { $0.rank < $1.rank }.map { ($0.interface, $0.network) }, others)
    }

    /// A bridge counts as what its ports are.
    private func isOfHardware(_ interface: Interface) -> Bool {
        guard let kind = interface.kind else { return true }
        guard kind == "bridge" else { return Self.parts.contains(kind) }
        return interfaces.contains { port in
            port.master == interface.index && (port.kind == nil || port.kind.map(Self.parts.contains) == true)
        }
    }

    // MARK: Messages

    private static func interface(_ message: NetlinkMessages.Message) -> Interface? {
        // RTM_NEWLINK; struct ifinfomsg; IFLA_IFNAME, IFLA_MASTER, IFLA_LINKINFO with IFLA_INFO_KIND.
        guard message.type == 16, let index = NetlinkMessages.number(message.body, 4, Int32.self),
            let flags = NetlinkMessages.number(message.body, 8, UInt32.self)
        else { return nil }
        let attributes = message.attributes(after: 16)
        guard let name = NetlinkMessages.text(attributes[3]) else { return nil }
        let kind = attributes[18].flatMap { NetlinkMessages.text(NetlinkMessages.attributes($0)[1]) }
        return Interface(
            index: index, name: name, flags: flags, kind: kind, master: NetlinkMessages.number(attributes[10], 0, Int32.self))
    }

    private static func address(_ message: NetlinkMessages.Message) -> Address? {
        // RTM_NEWADDR; struct ifaddrmsg; IFA_LOCAL is the box's own address, IFA_ADDRESS the other end's where there is one.
        guard message.type == 20, message.body.first == 2, let prefix = NetlinkMessages.number(message.body, 1, UInt8.self),
            let index = NetlinkMessages.number(message.body, 4, Int32.self)
        else { return nil }
        let attributes = message.attributes(after: 8)
        guard let bits = NetlinkMessages.address(attributes[2] ?? attributes[1]) else { return nil }
        return Address(interface: index, bits: bits, prefix: Int(prefix))
    }

    private static func defaultRoutes(_ message: NetlinkMessages.Message) -> [DefaultRoute] {
        // RTM_NEWROUTE; struct rtmsg: a unicast route to anywhere, in the main table; RTA_OIF, RTA_PRIORITY, RTA_MULTIPATH of struct
        // rtnexthop.
        guard message.type == 24, message.body.first == 2, NetlinkMessages.number(message.body, 1, UInt8.self) == 0,
            NetlinkMessages.number(message.body, 4, UInt8.self) == 254, NetlinkMessages.number(message.body, 7, UInt8.self) == 1
        else { return [] }
        let attributes = message.attributes(after: 12)
        let metric = NetlinkMessages.number(attributes[6], 0, UInt32.self) ?? 0
        if let index = NetlinkMessages.number(attributes[4], 0, Int32.self) { return [DefaultRoute(interface: index, metric: metric)] }
        var ways: [DefaultRoute] = []
        var rest = attributes[9] ?? []
        while let length = NetlinkMessages.number(rest, 0, UInt16.self).map({ Int($0) }), length >= 8, length <= rest.count,
            let index = NetlinkMessages.number(rest, 4, Int32.self)
        {
            ways.append(DefaultRoute(interface: index, metric: metric))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return ways
    }
}
