/// A private IPv4 network of at most 1024 addresses, as `192.168.8.0/24`.
package struct Subnet: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first address: the given one without the bits of the hosts.
    package let network: PrivateAddress
    /// The length of the prefix in bits, 22 to 32.
    package let prefix: Int

    /// The prefix of the largest network that the agent scans: 1024 addresses.
    package static let shortestPrefix = 22

    package enum Problem: Error, Sendable, Equatable {
        case malformed, notPrivate, tooLarge
    }

    package init(_ text: String) throws(Problem) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[1].count), parts[1].count == 1 || parts[1].first != UInt8(ascii: "0"),
            parts[1].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw .malformed }
        let prefix = parts[1].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard prefix <= 32 else { throw .malformed }
        let address: PrivateAddress
        do {
            address = try PrivateAddress(String(decoding: parts[0], as: UTF8.self))
        } catch {
            throw error == .notIPv4 ? .malformed : .notPrivate
        }
        guard let subnet = Subnet(around: address, prefix: prefix), subnet.prefix == prefix else { throw .tooLarge }
        self = subnet
    }

    /// The network of an address. Of a network that is too large to scan it is the part around the address; nil when there is no network.
    package init?(around address: PrivateAddress, prefix: Int) {
        guard (0...32).contains(prefix) else { return nil }
        let kept = max(prefix, Self.shortestPrefix)
        // Every private range is larger than the largest network here, so the first address is private as well.
        guard let network = PrivateAddress(bits: address.bits & ~UInt32(truncatingIfNeeded: (UInt64(1) << (32 - kept)) - 1)) else {
            return nil
        }
        self.network = network
        self.prefix = kept
    }

    private var size: UInt32 { 1 << UInt32(32 - prefix) }

    /// Every address that a host can have, without the network's own and the broadcast address, where there are such.
    package var hosts: [PrivateAddress] {
        let last = network.bits + (size - 1)
        let range = prefix >= 31 ? network.bits...last : network.bits + 1...last - 1
        return range.compactMap { PrivateAddress(bits: $0) }
    }

    package func contains(_ address: PrivateAddress) -> Bool { address.bits >= network.bits && address.bits - network.bits < size }

    package var description: String { "\(network)/\(prefix)" }

    package static func < (left: Subnet, right: Subnet) -> Bool { (left.network, left.prefix) < (right.network, right.prefix) }
}
