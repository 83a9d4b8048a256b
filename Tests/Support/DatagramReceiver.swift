import Glibc

/// The other end of datagrams: systemd, or journald, as a test plays it.
package final class DatagramReceiver: Sendable {
    package enum Fault: Error { case cannotBind(CInt), nothingCame }

    private let descriptor: CInt

    /// - Parameter name: a path, or an abstract name that is written with `@` before it.
    package init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = name.hasPrefix("@")
        var bytes = Array(name.utf8)
        if isAbstract { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(length)) }
        }
        guard result == 0 else { throw Fault.cannotBind(errno) }
    }

    deinit { close(descriptor) }

    /// The next datagram that is there already; nil when none is.
    package func waiting() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count >= 0 ? Array(buffer.prefix(count)) : nil
    }

    /// The next datagram for which `isWanted` holds; what comes before it is passed over.
    package func next(within limit: Duration = .seconds(20), _ isWanted: (String) -> Bool = { _ in true }) async throws -> String {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let bytes = waiting() {
                let text = String(decoding: bytes, as: UTF8.self)
                if isWanted(text) { return text }
            } else {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        throw Fault.nothingCame
    }
}
