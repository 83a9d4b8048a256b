package import GatewayCore
import Glibc

/// Whom this box has lately exchanged packets with: the kernel's IPv4 neighbour table, as in `/proc/net/arp` (proc(5)).
package enum NeighbourTable {
    /// A service that is confined to the processes in `/proc` (systemd's `ProcSubset=pid`) does not have `/proc/net`, but its own.
    package static let path = "/proc/self/net/arp"
    /// The kernel itself keeps 1024 by default (`gc_thresh3`); more than these are not looked at.
    static let limit = 4096
    static let sizeLimit = 1 << 20

    package static func read() throws(LookTrouble) -> [PrivateAddress] { try read(path) }

    static func read(_ path: String) throws(LookTrouble) -> [PrivateAddress] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw LookTrouble(detail: "\(path) cannot be opened (errno \(errno))") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < sizeLimit {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LookTrouble(detail: "\(path) cannot be read (errno \(errno))") }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return parse(bytes)
    }

    /// The private addresses of complete entries (flag 0x2), each once, in the order of the table. A line that is not of six columns, or whose
    /// address or flags make no sense, is passed over: other machines have a say in what stands there.
    static func parse(_ bytes: [UInt8]) -> [PrivateAddress] {
        var seen: Set<PrivateAddress> = []
        var addresses: [PrivateAddress] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) where addresses.count < limit {
            let columns = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
            guard columns.count == 6, let flags = hexadecimal(columns[2]), flags & 0x2 != 0 else { continue }
            do throws(PrivateAddress.Problem) {
                let address = try PrivateAddress(String(decoding: columns[0], as: UTF8.self))
                if seen.insert(address).inserted { addresses.append(address) }
            } catch {
                continue
            }
        }
        return addresses
    }

    private static func hexadecimal(_ text: ArraySlice<UInt8>) -> UInt32? {
        let word = String(decoding: text, as: UTF8.self)
        guard word.hasPrefix("0x") else { return nil }
        return UInt32(word.dropFirst(2), radix: 16)
    }
}
