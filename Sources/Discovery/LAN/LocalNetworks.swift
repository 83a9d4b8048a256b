package import GatewayCore
import Glibc

/// The private IPv4 networks that this box is part of: what `getifaddrs` tells, without loopback and without what leads to one other end only (a
/// VPN's tunnel is no shop's network).
package enum LocalNetworks {
    package static func read() throws(LookTrouble) -> [LocalNetwork] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw LookTrouble(detail: "getifaddrs failed (errno \(errno))") }
        defer { freeifaddrs(first) }
        var networks: [LocalNetwork] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            if let network = network(entry), !networks.contains(network) { networks.append(network) }
        }
        return networks
    }

    private static func network(_ entry: ifaddrs) -> LocalNetwork? {
        let flags = Int32(truncatingIfNeeded: entry.ifa_flags)
        let unwanted = Int32(IFF_LOOPBACK) | Int32(IFF_POINTOPOINT)
        guard flags & Int32(IFF_UP) != 0, flags & unwanted == 0, let address = bits(entry.ifa_addr),
            let mask = bits(entry.ifa_netmask), let local = PrivateAddress(bits: address)
        else { return nil }
        let prefix = mask.nonzeroBitCount
        // A mask with holes is no network.
        guard prefix == (~mask).leadingZeroBitCount else { return nil }
        return LocalNetwork(name: String(cString: entry.ifa_name), address: local, prefix: prefix)
    }

    /// The four octets of an IPv4 socket address; nil for any other.
    private static func bits(_ pointer: UnsafeMutablePointer<sockaddr>?) -> UInt32? {
        guard let pointer, pointer.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt32(bigEndian: $0.pointee.sin_addr.s_addr) }
    }
}
