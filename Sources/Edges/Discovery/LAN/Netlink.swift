internal import GatewayModel
import Moments
import Glibc

/// Asks the kernel for its lists of interfaces, addresses, routes and neighbours (rtnetlink(7)).
///
/// The kernel answers for the network namespace of this process. The file system may show another one: a container's `/sys` is often the
/// host's.
enum Netlink {
    enum List: UInt16 {
        // linux/rtnetlink.h: RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH.
        case links = 18
        case addresses = 22
        case routes = 26
        case neighbours = 30
    }

    /// The bytes of one list that are read. A box with more is no shop's, and the rest is ignored.
    static let sizeLimit = 4 << 20

    /// The whole list, as the kernel wrote it.
    static func dump(_ list: List) throws(LookTrouble) -> [UInt8] {
        let socket = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw trouble("opened") }
        defer { close(socket) }
        var limit = timeval(tv_sec: 2, tv_usec: 0)
        guard setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)) == 0 else { throw trouble("set") }
        let request = NetlinkMessages.request(list.rawValue, family: list == .links ? 0 : UInt8(AF_INET))
        guard send(socket, request, request.count, 0) == request.count else { throw trouble("asked") }
        var bytes: [UInt8] = []
        // The kernel writes no more than 32 KiB at a time (netlink(7)).
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < sizeLimit {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw trouble("read") }
            let part = Array(buffer.prefix(count))
            bytes += part
            switch NetlinkMessages.end(of: part) {
            case .more: continue
            case .done: return bytes
            case .refused(let code): throw LookTrouble(detail: "the kernel does not tell of its networks (errno \(code))")
            }
        }
        return bytes
    }

    private static func trouble(_ what: String) -> LookTrouble {
        LookTrouble(detail: "the kernel's networks cannot be \(what) (errno \(errno))")
    }

    private static let AF_NETLINK: CInt = 16
}
