import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import NIOPosix
import TestSupport
import Testing

/// What callers can make the daemon keep.
@Suite(.timeLimit(.minutes(30))) struct MemoryTests {
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

    /// Says its whole story again so many times; what it says of events holds for each of them.
    private static let repeated = #"""
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1])
        (count,) = db.execute("SELECT count(*) FROM events").fetchone()
        names = "at, at_ms, kind, payment, cart, state, money, note, record, change, cart_record, cart_change"
        for _ in range(int(sys.argv[2]) // count):
            db.execute(f"INSERT INTO events ({names}) SELECT {names} FROM events WHERE sequence <= ? AND fact_key IS NULL", (count,))
        db.commit()
        """#

    @Test func `streams that nobody reads cost next to nothing`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("e", cart: "1").state == .succeeded)
            var first: String?
            for try await event in store.client.paymentEvents("e") { first = first ?? event.cursor }
            let cursor = try #require(first)
            try await store.stop()
            let told = try await run(["python3", "-c", Self.repeated, store.directory.file("state") + "/journal.sqlite", "4000"])
            #expect(told.status == 0, "\(told.errors)")
            try await store.start()
            // Some 4,000 events, replayed to 100 callers that read nothing of them. (A monitor may have half of the 128 streams; the tests are more.)
            let request = "GET /v1/events?topics=payments&after=\(cursor) HTTP/1.1\r\nHost: x\r\n\r\n"
            try await store.attack { socket in
                try socket.send(request)
                _ = try socket.receive(1)
            }
            let before = try store.anonymousMemory()
            let path = store.socket
            try await attackThreads.runIfActive {
                let sockets = try (0..<100).map { _ in try RawSocket(path) }
                defer { for socket in sockets { socket.close() } }
                for socket in sockets { try socket.send(request) }
                // One byte of each: the stream has begun, and what it would keep is there.
                for socket in sockets { #expect(try socket.receive(1) == Array("H".utf8)) }
                let grown = try store.anonymousMemory() - before
                #expect(grown < 10_000, "100 unread replays took \(grown) kB")
            }
        }
    }

    @Test func `memory that a rush has taken is given back`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("e", cart: "1").state == .succeeded)
            let before = try store.anonymousMemory()
            let path = store.socket
            // Bodies that never end, as many as are kept, then all gone at once.
            try await attackThreads.runIfActive {
                let sockets = try (0..<120).map { _ in try RawSocket(path) }
                defer { for socket in sockets { socket.close() } }
                let head = "PUT /v1/payments/a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 250000\r\n\r\n"
                for socket in sockets { try socket.send(head + String(repeating: " ", count: 60_000)) }
                let peak = try store.anonymousMemory() - before
                #expect(peak < 24_000, "120 bodies that do not end took \(peak) kB")
            }
            var left = 0
            try await eventually(within: .seconds(30), "what was taken is given back; \(left) kB are left") {
                left = try store.anonymousMemory() - before
                return left < 8_000
            }
        }
    }
}
