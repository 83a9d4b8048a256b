import JSON
import CheckoutAPI
import Glibc
import NIOPosix
import Synchronization

/// Blocking calls of the tests' clients run here, so that they never hold up the server's tasks.
let clientThreads: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 48)
    pool.start()
    return pool
}()

struct ClientError: Error, CustomStringConvertible {
    var description: String
    init(_ text: String) { description = text }
}

/// A client that sends whatever bytes it is told to. Every read has a deadline of twenty seconds.
final class RawConnection: Sendable {
    let descriptor: CInt
    private let buffered = Buffered()

    /// What was read and not yet asked for.
    private final class Buffered: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        func with<Value: Sendable>(_ body: (inout sending [UInt8]) -> sending Value) -> Value { bytes.withLock(body) }
    }

    private init(_ descriptor: CInt) { self.descriptor = descriptor }

    static func open(_ path: String) async throws -> RawConnection {
        try await clientThreads.runIfActive {
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw ClientError("socket: \(errno)") }
            var limit = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard result == 0 else {
                Glibc.close(descriptor)
                throw ClientError("connect: \(errno)")
            }
            return RawConnection(descriptor)
        }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await clientThreads.runIfActive { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
                // Who was refused already need not be heard out: the answer is there to be read.
                if sent < 0, errno == EPIPE || errno == ECONNRESET { return }
                guard sent > 0 else { throw ClientError("send: \(errno)") }
                rest = rest.dropFirst(sent)
            }
        }
    }

    /// One answer: by its length, in chunks, or to the end of the connection.
    func answer(toHead: Bool = false) async throws -> RawAnswer {
        try await clientThreads.runIfActive { [self] in
            let head = try read(until: Array("\r\n\r\n".utf8))
            var answer = try RawAnswer(head: String(decoding: head, as: UTF8.self))
            if toHead || answer.status == 204 || answer.status == 100 { return answer }
            if answer.field("transfer-encoding") == "chunked" {
                while let chunk = try chunk() { answer.body += chunk }
            } else if let length = answer.field("content-length").flatMap({ Int($0) }) {
                answer.body = try read(count: length)
            } else {
                answer.body = try readToEnd()
            }
            return answer
        }
    }

    /// The head alone; chunks follow with `line()`.
    func answerHead() async throws -> RawAnswer { try await answer(toHead: true) }

    /// The content of the next chunk; nil when it was the last.
    func nextChunk() async throws -> String? {
        try await clientThreads.runIfActive { [self] in try chunk().map { String(decoding: $0, as: UTF8.self) } }
    }

    /// Everything up to the end of the connection.
    func rest() async throws -> [UInt8] { try await clientThreads.runIfActive { [self] in try readToEnd() } }

    func closeWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    func close() { Glibc.close(descriptor) }

    private func chunk() throws -> [UInt8]? {
        let line = try read(until: Array("\r\n".utf8))
        guard let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) else { throw ClientError("not a chunk") }
        let content = try read(count: size)
        guard try read(count: 2) == [0x0d, 0x0a] else { throw ClientError("a chunk has no end") }
        return size == 0 ? nil : content
    }

    /// False at the end of the connection.
    private func readMore() throws -> Bool {
        var scratch = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &scratch, scratch.count, 0)
        guard count >= 0 else { throw ClientError("recv: \(String(cString: strerror(errno)))") }
        buffered.with { $0 += scratch.prefix(count) }
        return count > 0
    }

    private func read(until end: [UInt8]) throws -> [UInt8] {
        while true {
            let found = buffered.with { bytes -> [UInt8]? in
                guard bytes.count >= end.count else { return nil }
                for start in 0...(bytes.count - end.count) where Array(bytes[start..<start + end.count]) == end {
                    defer { bytes.removeFirst(start + end.count) }
                    return Array(bytes[..<(start + end.count)])
                }
                return nil
            }
            if let found { return found }
            guard try readMore() else {
                let text = buffered.with { String(decoding: $0, as: UTF8.self) }
                throw ClientError("the connection ended early after: \(text)")
            }
        }
    }

    private func read(count: Int) throws -> [UInt8] {
        while buffered.with({ $0.count }) < count {
            guard try readMore() else { throw ClientError("the connection ended early") }
        }
        return buffered.with { bytes in
            defer { bytes.removeFirst(count) }
            return Array(bytes.prefix(count))
        }
    }

    private func readToEnd() throws -> [UInt8] {
        while try readMore() {}
        return buffered.with { bytes in
            defer { bytes = [] }
            return bytes
        }
    }
}

/// An answer as it came.
struct RawAnswer: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8] = []

    init(head: String) throws {
        var lines = head.split(separator: "\r\n").map { String($0) }
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
            throw ClientError("not an answer: \(head)")
        }
        lines.removeFirst()
        self.status = status
        self.fields = lines.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingPrefix(" ").description : "")
        }
    }

    func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue? {
        do { return try JSONParser.parse(body) } catch { return nil }
    }

    /// The code of a problem.
    var code: String? {
        guard field("content-type") == "application/problem+json", case .string(let code)? = json?["code"] else { return nil }
        return code
    }

    /// Every field that an `invalid_request` names.
    var wrongFields: [String] {
        guard case .array(let errors)? = json?["errors"] else { return [] }
        return errors.compactMap { error in
            if case .string(let field)? = error["field"] { field } else { nil }
        }
    }
}
