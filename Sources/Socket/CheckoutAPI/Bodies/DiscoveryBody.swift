import JSON

/// `POST /v1/discovery`: asks for a look for devices now.
public struct DiscoveryBody: Sendable, Hashable, Codable {
    /// Where the agent looks: `usb`, `lan`; both without it.
    public enum Transport: String, Sendable, Hashable, Codable, CaseIterable {
        case usb, lan
    }

    public var transports: [Transport]?
    /// Private IPv4 networks of at most 1024 addresses each, such as `192.168.8.0/24`; the agent's own without it. Only with `lan`.
    public var subnets: [String]?

    public init(transports: [Transport]? = nil, subnets: [String]? = nil) {
        self.transports = transports
        self.subnets = subnets
    }
}

extension DiscoveryBody: StrictBody {
    package static var says: String { "Where to look." }

    package static func read(_ fields: FieldReader) -> DiscoveryBody? {
        let way = Field<Transport>.word("A way to be attached.")
        let network = Field<String>.text(.subnet, "Private IPv4, at most 1024 addresses.", problem: SubnetText.problem)
        return DiscoveryBody(
            transports: fields.optional("transports", .list(1...2, of: way, "Both without it.")),
            subnets: fields.optional(
                "subnets",
                .list(1...Bounds.subnets, of: network, "Instead of the agent's own networks. Only with the transport `lan`.")))
    }
}

/// The networks in which readers may be looked for: private IPv4, /22 to /32.
package enum SubnetText {
    /// What is wrong with it, after a field's name; nil when it is such a network.
    @Sendable package static func problem(_ text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let prefix = number(parts[1], atMost: 32), let octets = octets(parts[0]) else {
            return "is not an IPv4 network like 192.168.8.0/24"
        }
        let isPrivate =
            switch (octets[0], octets[1]) {
            case (10, _), (127, _), (172, 16...31), (192, 168), (169, 254): true
            default: false
            }
        guard isPrivate else { return "is not a private network: readers are never looked for elsewhere" }
        guard prefix >= 22 else { return "is larger than a /22: give the part of it in which the readers are" }
        return nil
    }

    private static func octets(_ text: Substring.UTF8View.SubSequence) -> [Int]? {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false)
        let octets = parts.compactMap { number($0, atMost: 255) }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    /// The number that digits without leading zeros write; nil for anything else.
    private static func number(_ digits: Substring.UTF8View.SubSequence, atMost limit: Int) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return value <= limit ? value : nil
    }
}

extension TextRule {
    package static let subnet = TextRule(
        says: "a private IPv4 network of at most 1024 addresses, such as 192.168.8.0/24",
        pattern: {
            let octet = "(0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
            let start = "((10|127)\\.\(octet)|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168|169\\.254)"
            return "^\(start)\\.\(octet)\\.\(octet)/(2[2-9]|3[0-2])$"
        }()
    ) { SubnetText.problem($0) == nil }
}
