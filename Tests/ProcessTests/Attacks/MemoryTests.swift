import FoundationEssentials
import Glibc
import Testing

/// What callers can make the daemon keep.
@Suite(.timeLimit(.minutes(5))) struct MemoryTests {
    /// Sends requests with large bodies, each refused, until so many bytes have gone over one connection.
    private static func send(_ megabytes: Int, _ head: String, expecting status: Int, _ socket: RawSocket) throws {
        let body = [UInt8](repeating: 0x20, count: 190_000)
        let request = Array("\(head) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
        for _ in 0..<(megabytes * 1_000_000 / request.count) {
            try socket.send(request)
            let answer = try socket.answer()
            guard answer.status == status else { throw RawSocket.Failed(description: "answered \(answer.status)") }
        }
    }

    @Test func `a kept connection gives back what it has read`() async throws {
        try await Store.open { store in
            // Once, so that what is made at the first request only is there.
            try await store.attack { try Self.send(2, "GET /v1/info", expecting: 422, $0) }
            let before = try store.anonymousMemory()
            try await store.attack { socket in
                try Self.send(100, "GET /v1/info", expecting: 422, socket)
                // Looked at while the connection is open.
                let grown = try store.anonymousMemory() - before
                #expect(grown < 5_000, "100 MB over one connection left \(grown) kB")
            }
        }
    }

    @Test(.enabled(if: getuid() == 0, "needs root, to be somebody else"))
    func `requests that are refused for the caller's role leave nothing behind`() async throws {
        let settings = ["socket.mode": quoted("0666"), "roles.monitor.users": "[\(quoted("nobody"))]"]
        try await Store.open(settings: settings) { store in
            let body = store.directory.file("body")
            try Data(repeating: 0x20, count: 190_000).write(to: URL(filePath: body))
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            // The daemon's own user may do everything, so somebody else asks: 500 times, on one connection.
            @Sendable func ask(_ times: Int) async throws -> String {
                try await store.curl(
                    arguments: [
                        "--request", "PUT", "--header", "Content-Type: application/json", "--data-binary", "@" + body, "--write-out",
                        "%{http_code} %{num_connects}\n", "--output", "/dev/null", "http://localhost/v1/carts/[1-\(times)]",
                    ], before: nobody)
            }
            _ = try await ask(5)
            let before = try store.anonymousMemory()
            let peak = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var peak = 0
                    while !Task.isCancelled {
                        peak = max(peak, try store.anonymousMemory())
                        do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
                    }
                    return peak
                }
                let answers = try await ask(500).split(separator: "\n")
                #expect(answers.first == "403 1" && answers.dropFirst().allSatisfy { $0 == "403 0" }, "\(answers.prefix(3))")
                group.cancelAll()
                return try await group.next() ?? .max
            }
            #expect(peak - before < 5_000, "95 MB that were refused took \(peak - before) kB")
        }
    }
}
