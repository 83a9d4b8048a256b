import CLinuxSocket
import Glibc

/// Who is at the other end of a Unix socket, as the kernel says: what it was when it connected.
package struct PeerCredentials: Sendable, Hashable {
    package var pid: Int32
    package var uid: UInt32
    package var gid: UInt32
    /// The supplementary groups.
    package var groups: [UInt32]

    package init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32]) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }

    /// Asks the kernel (SO_PEERCRED, SO_PEERGROUPS). Throws the errno value.
    static func ofPeer(descriptor: CInt) throws(SystemError) -> PeerCredentials {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        let credentials = readerd_peer_credentials(descriptor, &pid, &uid, &gid)
        guard credentials == 0 else { throw SystemError(call: "SO_PEERCRED", number: credentials) }
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            var count: UInt32 = 0
            let result = readerd_peer_groups(descriptor, &groups, UInt32(groups.count), &count)
            if result == 0 { return PeerCredentials(pid: pid, uid: uid, gid: gid, groups: Array(groups.prefix(Int(count)))) }
            guard result == ERANGE, Int(count) > groups.count, count <= 65_536 else {
                throw SystemError(call: "SO_PEERGROUPS", number: result)
            }
            groups = [UInt32](repeating: 0, count: Int(count))
        }
    }
}

/// A system call that failed.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    package var call: String
    /// An errno value.
    package var number: Int32

    package init(call: String, number: Int32) {
        self.call = call
        self.number = number
    }

    package var description: String { "\(call): \(String(cString: strerror(number)))" }
}
