internal import GatewayModel
import Moments
import Glibc

/// The addresses that this box has lately exchanged packets with, and those it has asked for in vain: the kernel's IPv4 neighbour table.
enum NeighbourTable {
    struct Entry: Equatable {
        var interface: Int32
        var address: PrivateAddress
        /// The entry's NUD_ bits.
        var state: UInt16

        // These are NUD_REACHABLE, STALE, DELAY, PROBE and PERMANENT.
        var isThere: Bool { state & 0x9e != 0 }
    }

    /// The number of entries that are read. More are ignored.
    static let limit = 4096
    /// The kernel's default for the entries that it keeps at the most. It serves where the limit cannot be read.
    static let usualSize = 1024
    private static let sizePath = "/proc/sys/net/ipv4/neigh/default/gc_thresh3"

    /// The private addresses of the neighbours that are there, each once, in the order of the table.
    static func read(on interfaces: Set<Int32>) throws(LookTrouble) -> [PrivateAddress] {
        var seen: Set<PrivateAddress> = []
        return try entries().filter { $0.isThere && interfaces.contains($0.interface) }.map(\.address).filter { seen.insert($0).inserted }
    }

    /// The addresses that were asked for and have not answered.
    static func unanswered() throws(LookTrouble) -> Set<PrivateAddress> {
        Set(try entries().filter { !$0.isThere }.map(\.address))
    }

    private static func entries() throws(LookTrouble) -> [Entry] { parse(try Netlink.dump(.neighbours)) }

    static func parse(_ bytes: [UInt8]) -> [Entry] { Array(NetlinkMessages.split(bytes).lazy.compactMap(entry).prefix(limit)) }

    private static func entry(_ message: NetlinkMessages.Message) -> Entry? {
        // RTM_NEWNEIGH; struct ndmsg; NDA_DST.
        guard message.type == 28, message.body.first == 2, let index = NetlinkMessages.number(message.body, 4, Int32.self),
            let state = NetlinkMessages.number(message.body, 8, UInt16.self),
            let address = NetlinkMessages.address(message.attributes(after: 12)[1]).flatMap({ PrivateAddress(bits: $0) })
        else { return nil }
        return Entry(interface: index, address: address, state: state)
    }

    /// How many entries the kernel keeps at the most. The kernel says so only in the first network namespace of the box.
    static func size(_ path: String = sizePath) -> Int {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return usualSize }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
        guard count > 0, let size = Int(String(decoding: buffer.prefix(count).filter { $0 > 0x20 }, as: UTF8.self)), size > 0 else {
            return usualSize
        }
        return size
    }
}
