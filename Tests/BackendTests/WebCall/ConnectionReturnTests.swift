import GatewayModel
import Moments
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import WebCall

/// What becomes of a connection when its call is over must never end the process: the pool below answers a connection that comes back after
/// its end with a fatal error.
@Suite struct ConnectionReturnTests {
    @Test func `a connection that ends before its call has come home ends nothing else`() async throws {
        let loops = SteeredLoops()
        let outcome = await Outcome.of {
            try await Self.withServer { server, authority in
                let web = try Self.client(trusting: authority, group: loops)
                let outcome = await Outcome.of { try await Self.overtake(server, web, loops) }
                await web.shutdown()
                try outcome.get()
            }
        }
        try await loops.shutdownGracefully()
        try outcome.get()
    }

    /// The answer is complete before the request has ended, and the connection ends between the request's end and the news of that.
    private static func overtake(_ server: HastyServer, _ web: WebClient, _ loops: SteeredLoops) async throws {
        var events = server.events.makeAsyncIterator()
        // The connection is on the first loop; whatever of the second call would be on the other one is held up.
        #expect(try await web.send(request(.proper, to: server)).status == 200)
        #expect(await events.next() == .answered(.proper))
        loops.choose(1)
        let (call, other) = (loops.loops[1], loops.loops[0])
        let beforeBody = HeldLoop(call, other: other)
        defer { beforeBody.release() }
        async let answer = web.send(request(.early, to: server))
        #expect(await events.next() == .answered(.early))
        try await SteeredLoops.settle(other)
        let beforeEnd = HeldLoop(call, other: other)
        defer { beforeEnd.release() }
        beforeBody.release()
        try await beforeEnd.begun.get()
        try await SteeredLoops.settle(other)
        server.dropConnections()
        #expect(await events.next() == .closed)
        try await SteeredLoops.settle(other)
        beforeEnd.release()
        #expect(try await answer.status == 200)
        #expect(try await web.send(request(.proper, to: server)).status == 200)
    }

    @Test func `no manner of ending a connection ends the process`() async throws {
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        let outcome = await Outcome.of {
            try await Self.withServer { server, authority in
                for round in 1...2 {
                    let web = try Self.client(trusting: authority, group: threads)
                    await Self.bustle(server, web, seed: UInt64(round), shutDownAmidst: round.isMultiple(of: 2))
                    let isServed = await Self.isServed(server, web)
                    #expect(isServed != round.isMultiple(of: 2))
                    await web.shutdown()
                }
            }
        }
        try await threads.shutdownGracefully()
        try outcome.get()
    }

    /// Four callers with forty calls each. Some calls are given up, at no moment in particular; a client may be shut down under them.
    private static func bustle(_ server: HastyServer, _ web: WebClient, seed: UInt64, shutDownAmidst: Bool) async {
        await withTaskGroup(of: Void.self) { group in
            for caller in 1...4 {
                group.addTask {
                    var random = Seeded(seed &* 1000 &+ UInt64(caller))
                    for number in 1...40 {
                        if shutDownAmidst, caller == 1, number == 25 { await web.shutdown() }
                        let manner = HastyServer.Manner.allCases.randomElement(using: &random) ?? .proper
                        let bytes = Int.random(in: 1...40_000, using: &random)
                        let call = Task { try await web.send(request(manner, to: server, bytes: bytes)) }
                        // Nothing is heard of a silent one: it is always given up.
                        if manner == .silence || Int.random(in: 0..<4, using: &random) == 0 {
                            for _ in 0..<Int.random(in: 0..<200, using: &random) { await Task.yield() }
                            call.cancel()
                        }
                        // Only that it ends counts here, not how.
                        _ = await call.result
                    }
                }
            }
        }
    }

    /// Whether calls still come through. A few may meet connections of whose end nothing was heard, which is an honest failure.
    private static func isServed(_ server: HastyServer, _ web: WebClient) async -> Bool {
        for _ in 1...20 {
            do {
                return try await web.send(request(.proper, to: server)).status == 200
            } catch {
                continue
            }
        }
        return false
    }

    private static func request(_ manner: HastyServer.Manner, to server: HastyServer, bytes: Int = 2) throws -> WebRequest {
        var request = WebRequest(
            name: "things", method: .post, base: try WebBase("https://localhost:\(server.port)"), path: "/\(manner.rawValue)",
            deadline: .seconds(30))
        request.body = .init([UInt8](repeating: 0x20, count: bytes))
        request.maxBytes = 4096
        return request
    }

    private static func withServer(_ body: (HastyServer, TestAuthority) async throws -> Void) async throws {
        let authority = try TestAuthority()
        let server = try await HastyServer.start(authority.identity())
        let outcome = await Outcome.of { try await body(server, authority) }
        try await server.stop()
        try outcome.get()
    }

    private static func client(trusting authority: TestAuthority, group: any EventLoopGroup) throws -> WebClient {
        let folder = try TemporaryDirectory()
        let web = try WebClient(trustRoots: folder.write("roots.pem", authority.pem()), connectTimeout: .seconds(30), group: group)
        try folder.remove()
        return web
    }
}
