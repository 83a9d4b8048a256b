/// An IPv4 address that a reader may have: private, link-local or loopback. The type refuses any other, so that neither Stripe's list nor a
/// settings file nor a technician can make this box dial into the internet with a session token.
package struct PrivateAddress: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The four octets, the first in the highest bits.
    package let bits: UInt32

    package enum Problem: Error, Sendable, Equatable {
        case notIPv4
        /// The address is reachable from elsewhere, or is not the address of one host.
        case notPrivate
    }

    /// Parses four decimal numbers without leading zeros.
    package init(_ text: String) throws(Problem) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { throw .notIPv4 }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                part.count == 1 || part.first != UInt8(ascii: "0")
            else { throw .notIPv4 }
            let value = part.reduce(0) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
            guard value <= 255 else { throw .notIPv4 }
            bits = bits << 8 | value
        }
        guard let address = PrivateAddress(bits: bits) else { throw .notPrivate }
        self = address
    }

    /// Makes an address from its bits; nil when it belongs to no local network.
    package init?(bits: UInt32) {
        let (first, second) = (bits >> 24, bits >> 16 & 0xff)
        let allowed =
            first == 10 || first == 127 || (first == 172 && (16...31).contains(second)) || (first == 192 && second == 168)
            || (first == 169 && second == 254)
        guard allowed else { return nil }
        self.bits = bits
    }

    package var text: String { "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)" }
    package var description: String { text }

    package static func < (left: PrivateAddress, right: PrivateAddress) -> Bool { left.bits < right.bits }
}
