import Glibc
import NIOPosix
import TestSupport

/// Blocking calls of the attacks run here, so that they hold up no other test.
let attackThreads: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 8)
    pool.start()
    return pool
}()

/// A client that sends what it likes and reads when it likes. Its calls block, at most thirty seconds each.
struct RawSocket: Sendable {
    struct Failed: Error, CustomStringConvertible { var description: String }

    let descriptor: CInt

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(description: "socket: \(errno)") }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { [descriptor] in
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let reason = errno
            Glibc.close(descriptor)
            throw Failed(description: "connect: \(String(cString: strerror(reason)))")
        }
    }

    func close() { Glibc.close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw Failed(description: "send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(sent)
        }
    }

    /// Some bytes of what has come; none at the end of the connection.
    func receive(_ most: Int = 65_536) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failed(description: "recv: \(String(cString: strerror(errno)))") }
        return Array(buffer.prefix(count))
    }

    /// The head of the next answer and its body, which has a length.
    func answer() throws -> (status: Int, body: [UInt8]) {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let blank = bytes.firstRange(of: end) {
                let head = String(decoding: bytes[..<blank.lowerBound], as: UTF8.self)
                let length =
                    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
                var body = Array(bytes[blank.upperBound...])
                while body.count < length { body += try more() }
                guard body.count == length else { throw Failed(description: "more came than one answer") }
                return (Int(head.dropFirst(9).prefix(3)) ?? 0, body)
            }
            bytes += try more()
        }
    }

    private func more() throws -> [UInt8] {
        let bytes = try receive()
        guard !bytes.isEmpty else { throw Failed(description: "the connection ended early") }
        return bytes
    }
}

extension Store {
    /// The daemon's memory that is its own, in kilobytes: what `MemoryMax=` counts and no file stands behind.
    func anonymousMemory() throws -> Int {
        guard let pid = process?.pid, let facts = bytes(ofFile: "/proc/\(pid)/status") else {
            throw RawSocket.Failed(description: "the daemon's memory cannot be read")
        }
        let line = String(decoding: facts, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        guard let number = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw RawSocket.Failed(description: "the kernel does not tell anonymous memory")
        }
        return number
    }

    /// Runs an attack on a connection of its own, on a thread that may block.
    func attack<Value: Sendable>(_ body: @escaping @Sendable (RawSocket) throws -> Value) async throws -> Value {
        let path = socket
        return try await attackThreads.runIfActive {
            let socket = try RawSocket(path)
            defer { socket.close() }
            return try body(socket)
        }
    }
}
