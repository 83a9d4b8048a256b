import CheckoutAPI
import CheckoutServer
import Foundation
import Glibc
import Logging
import Testing

@Suite struct ListenTests {
    private static func server(_ source: SocketSource) -> CheckoutSocketServer {
        CheckoutSocketServer(
            configuration: CheckoutSocketServer.Configuration(socket: source, version: "1.2.3"), policy: policy(.technician),
            service: FakeService(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs a server on the source around `body`.
    private static func serving(_ source: SocketSource, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let server = Self.server(source)
        let listening = EventCounter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { listening.add() } }
            group.addTask {
                defer { server.stop() }
                try #require(await listening.reaches(1))
                try await body()
            }
            do {
                try await group.waitForAll()
            } catch {
                server.stop()
                throw error
            }
        }
    }

    private static func expectService(_ path: String) async throws {
        let connection = try await RawConnection.open(path)
        defer { connection.close() }
        try await connection.send("GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await connection.answer().status == 200)
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    @Test func `a second server on the same path refuses to start, and the first serves on`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            try await Self.serving(.path(path)) {
                await #expect(throws: ListenFailure.alreadyServed(path: path)) { try await Self.server(.path(path)).run() }
                try await Self.expectService(path)
            }
            #expect(!Self.isSocket(path))
        }
    }

    @Test func `a listener that is no readerd is not replaced either`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let other = try Self.listener(path)
            defer { close(other) }
            await #expect(throws: ListenFailure.alreadyServed(path: path)) { try await Self.server(.path(path)).run() }
            #expect(Self.isSocket(path))
        }
    }

    @Test func `a dead socket is replaced`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            close(try Self.listener(path))
            #expect(Self.isSocket(path))
            try await Self.serving(.path(path)) { try await Self.expectService(path) }
        }
    }

    @Test func `what is not a socket is left alone`() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory + "/f"
            try "precious".write(toFile: file, atomically: false, encoding: .utf8)
            await #expect(throws: ListenFailure.notASocket(path: file)) { try await Self.server(.path(file)).run() }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
            let link = directory + "/l"
            symlink(file, link)
            await #expect(throws: ListenFailure.notASocket(path: link)) { try await Self.server(.path(link)).run() }
        }
    }

    @Test func `a path that cannot be used is refused with the reason`() async throws {
        try await withTemporaryDirectory { directory in
            let long = directory + "/" + String(repeating: "x", count: 120)
            await #expect(throws: ListenFailure.pathTooLong(path: long)) { try await Self.server(.path(long)).run() }
            do throws(ListenFailure) {
                try await Self.server(.path(directory + "/missing/s")).run()
                Issue.record("started")
            } catch {
                #expect("\(error)".contains("No such file or directory"))
            }
        }
    }

    @Test func `the socket has the mode and the group it should have`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            try await Self.serving(.path(path, mode: 0o620, group: getgid())) {
                var status = stat()
                #expect(lstat(path, &status) == 0)
                #expect(status.st_mode & 0o777 == 0o620 && status.st_gid == getgid())
            }
        }
    }

    @Test func `an inherited descriptor is served, and its path stays`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let descriptor = try Self.listener(path)
            try await Self.serving(.inherited(descriptor: descriptor)) { try await Self.expectService(path) }
            #expect(Self.isSocket(path))
        }
    }

    @Test func `a descriptor that is not a listener is refused`() async throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        do throws(ListenFailure) {
            try await Self.server(.inherited(descriptor: ends[0])).run()
            Issue.record("started")
        } catch {
            guard case .badDescriptor(ends[0], _) = error else {
                Issue.record("\(error)")
                return
            }
        }
        await #expect(throws: ListenFailure.self) { try await Self.server(.inherited(descriptor: 9999)).run() }
    }

    @Test func `a socket that systemd hands over is found`() {
        #expect(SocketSource.activated(environment: ["LISTEN_PID": "7", "LISTEN_FDS": "1"], pid: 7) == .inherited(descriptor: 3))
        for environment in [[:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "8", "LISTEN_FDS": "1"], ["LISTEN_PID": "7", "LISTEN_FDS": "0"]] {
            #expect(SocketSource.activated(environment: environment, pid: 7) == nil)
        }
    }

    @Test func `a cancelled server closes everything and leaves no socket behind`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let server = Self.server(.path(path))
            let listening = EventCounter()
            let client = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run { listening.add() } }
                try #require(await listening.reaches(1))
                let client = try await RawConnection.open(path)
                try await client.send("GET /v1/info HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.answer().status == 200)
                group.cancelAll()
                try await group.waitForAll()
                return client
            }
            #expect(try await client.rest() == [])
            client.close()
            #expect(!Self.isSocket(path))
        }
    }

    @Test func `servers follow one another on a path`() async throws {
        try await withTemporaryDirectory { directory in
            for _ in 0..<5 {
                try await Self.serving(.path(directory + "/s")) { try await Self.expectService(directory + "/s") }
            }
        }
    }

    /// A listening socket that nobody accepts on.
    private static func listener(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard descriptor >= 0, bound == 0, listen(descriptor, 5) == 0 else { throw ClientError("listen: \(errno)") }
        return descriptor
    }

    @Test func `as many callers may wait at the socket as the system allows, also at one that was handed over`() async throws {
        let most = try String(contentsOfFile: "/proc/sys/net/core/somaxconn", encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines)
        try await withTemporaryDirectory { directory in
            for handedOver in [false, true] {
                let path = directory + "/\(handedOver)"
                let source: SocketSource = handedOver ? .inherited(descriptor: try Self.listener(path)) : .path(path)
                try await Self.serving(source) {
                    let told = try await run("ss", ["-xlH"]).output
                    let line = told.split(separator: "\n").first { $0.contains(path) }
                    let fields = (line ?? "").split(separator: " ")
                    #expect(fields.dropFirst(3).first.map(String.init) == most, "\(line ?? told.prefix(500))")
                }
            }
        }
    }
}
