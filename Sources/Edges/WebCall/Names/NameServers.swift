import Glibc
import NIOCore

/// The name servers that this box is told to ask: the `nameserver` lines of resolv.conf(5).
package enum NameServers {
    package static let path = "/etc/resolv.conf"
    /// The most name servers that are asked, as many as glibc asks (MAXNS).
    static let limit = 3
    private static let sizeLimit = 64 * 1024

    /// Reads the file anew each time: a DHCP client writes it at any moment.
    ///
    /// - Returns: the addresses of the name servers. There are none when the file is not there or names none.
    package static func read(_ path: String = path) -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < sizeLimit {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return parse(String(decoding: bytes, as: UTF8.self))
    }

    static func parse(_ text: String) -> [String] {
        var servers: [String] = []
        for line in text.split(whereSeparator: \.isNewline) where servers.count < limit {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, words[0] == "nameserver" else { continue }
            let address = String(words[1])
            guard isAddress(address), !servers.contains(address) else { continue }
            servers.append(address)
        }
        return servers
    }

    private static func isAddress(_ text: String) -> Bool {
        do {
            _ = try SocketAddress(ipAddress: text, port: 53)
            return true
        } catch {
            return false
        }
    }
}
