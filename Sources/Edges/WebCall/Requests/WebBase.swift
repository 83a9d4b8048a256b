import NIOCore

/// The address of a web interface: `https://host[:port][/prefix]`. There is no other scheme: plain HTTP cannot be written down with this
/// type.
package struct WebBase: Sendable, Hashable, CustomStringConvertible {
    /// The host as a name, or an address without brackets.
    package let host: String
    package let port: Int
    /// The prefix is empty, or starts with a slash and does not end in one.
    package let prefix: String

    package enum Problem: Error, Sendable, Equatable {
        /// The text does not begin with `https://`.
        case notHTTPS
        /// The text carries a user or a password. These belong into a file.
        case hasCredentials
        /// The text carries a query or a fragment.
        case hasQuery
        /// The text is not a host name or address, a port from 1 to 65535, and a path.
        case malformed
    }

    package init(_ text: String) throws(Problem) {
        let parts = try Self.split(text)
        var path = parts.path[...]
        while path.hasSuffix("/") { path = path.dropLast() }
        self.init(host: parts.host, port: parts.port, prefix: String(path))
    }

    private init(host: String, port: Int, prefix: String) {
        self.host = host
        self.port = port
        self.prefix = prefix
    }

    /// One whole address, such as a token endpoint: the base without a prefix, and the path as it was written.
    package static func endpoint(_ text: String) throws(Problem) -> (base: WebBase, path: String) {
        let parts = try split(text)
        return (WebBase(host: parts.host, port: parts.port, prefix: ""), parts.path.isEmpty ? "/" : parts.path)
    }

    /// The host and port, as errors and logs name them.
    package var place: String { "\(bracketedHost):\(port)" }

    package var description: String { "https://\(place)\(prefix)" }

    /// The host as it stands in a URL.
    var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

    /// Whether the host is an address. The certificate then has to name the address.
    var isAddress: Bool {
        do {
            _ = try SocketAddress(ipAddress: host, port: port)
            return true
        } catch {
            return false
        }
    }

    /// Whether the host's name has to be looked up. That of `localhost` is not (RFC 6761, section 6.3).
    package var hasNameToFind: Bool { !isAddress && host != "localhost" && !host.hasSuffix(".localhost") }

    private static func split(_ text: String) throws(Problem) -> (host: String, port: Int, path: String) {
        let scheme = "https://"
        guard text.prefix(scheme.count).lowercased() == scheme else { throw .notHTTPS }
        let rest = text.dropFirst(scheme.count)
        guard !rest.contains("?"), !rest.contains("#") else { throw .hasQuery }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        let path = rest[slash...]
        guard !authority.contains("@") else { throw .hasCredentials }
        guard path.utf8.allSatisfy({ isUnreserved($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else { throw .malformed }

        let host: Substring
        let portText: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw .malformed }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw .malformed }
            portText = after.isEmpty ? nil : after.dropFirst()
            guard host.contains(":"), host.utf8.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { throw .malformed }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon]
            portText = colon == authority.endIndex ? nil : authority[authority.index(after: colon)...]
            guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(isHostByte) else { throw .malformed }
        }
        var port = 443
        if let portText {
            guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(portText),
                (1...65535).contains(number)
            else { throw .malformed }
            port = number
        }
        return (host.lowercased(), port, String(path))
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        byte != UInt8(ascii: "~") && isUnreserved(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }
}
