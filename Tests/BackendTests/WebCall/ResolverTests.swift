import GatewayModel
import Moments
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import WebCall

@Suite struct ResolverTests {
    private static let name = "shop.backend.test"

    /// A resolver whose system answers as a test says, and whose name servers are fakes at these ports.
    private static func resolver(
        _ ports: [Int], system: @escaping @Sendable () async -> SystemNames.Outcome = { await never() }
    ) -> NameResolver {
        NameResolver(
            system: { _ in await system() }, servers: { ports.map { "127.0.0.1#\($0)" } },
            ask: { name, server, limit in
                await NameServerAsk.of(
                    name, server: "127.0.0.1", port: server.split(separator: "#").last.flatMap { Int($0) } ?? 0, within: limit)
            })
    }

    /// As glibc does that waits for a dead server.
    private static func never() async -> SystemNames.Outcome {
        do { try await Task.sleep(for: .seconds(600)) } catch { return .trouble }
        return .trouble
    }

    private static func failure(_ resolver: NameResolver, within limit: Duration = .seconds(20)) async throws -> NameResolver.Failure {
        do throws(NameResolver.Failure) {
            let addresses = try await resolver.addresses(of: name, within: limit)
            Issue.record("found \(addresses)")
            return NameResolver.Failure(words: "")
        } catch {
            return error
        }
    }

    @Test func `what the system says counts, and nobody else is asked when it is quick`() async throws {
        try await FakeNameServer.run(.knows(["10.6.6.6"])) { server in
            let resolver = Self.resolver([server.port], system: { .addresses(["10.0.0.1", "fd00::1"]) })
            let found = try await resolver.addresses(of: Self.name, within: .seconds(20))
            #expect(found == ["10.0.0.1", "fd00::1"])
            #expect(server.questions == 0)
        }
    }

    @Test func `a dead first name server is not waited for`() async throws {
        try await FakeNameServer.run(.dead) { dead in
            try await FakeNameServer.run(.knows(["10.0.0.7"])) { good in
                let resolver = Self.resolver([dead.port, good.port])
                // Time-outs that a test would notice: nobody waits for them.
                let found = try await resolver.addresses(of: Self.name, within: .seconds(600))
                #expect(found == ["10.0.0.7"])
                // Its question may be read after the other server's answer.
                try await eventually("the dead one is asked too") { dead.questions > 0 }
            }
        }
    }

    @Test func `who does not answer is named`() async throws {
        try await FakeNameServer.run(.dead) { dead in
            try await FakeNameServer.run(.code(3)) { ignorant in
                let one = try await Self.failure(Self.resolver([dead.port]), within: .seconds(10))
                #expect(one.words == "the name server 127.0.0.1#\(dead.port) does not answer" && !one.isFinal)
                let two = try await Self.failure(Self.resolver([dead.port, ignorant.port]), within: .seconds(15))
                #expect(
                    two.words
                        == "the name server 127.0.0.1#\(dead.port) does not answer, "
                        + "the name server 127.0.0.1#\(ignorant.port) knows no such name")
                let none = try await Self.failure(Self.resolver([ignorant.port], system: { .none }))
                #expect(none.words == "the name server 127.0.0.1#\(ignorant.port) knows no such name" && none.isFinal)
            }
            try await FakeNameServer.run(.code(2)) { ill in
                let ill = try await Self.failure(Self.resolver([ill.port], system: { .trouble }))
                #expect(ill.words.hasSuffix("says that it has trouble") && !ill.isFinal)
            }
        }
        let nobody = try await Self.failure(Self.resolver([], system: { .trouble }))
        #expect(nobody.words == "this box has no name server (/etc/resolv.conf names none)")
    }

    @Test func `names of the hosts file and of the neighbourhood are the system's alone`() async throws {
        try await FakeNameServer.run(.knows(["10.6.6.6"])) { server in
            for name in ["till", "till.local"] {
                let resolver = Self.resolver([server.port], system: { .none })
                await #expect(throws: NameResolver.Failure.self) { try await resolver.addresses(of: name, within: .seconds(20)) }
            }
            #expect(server.questions == 0)
        }
    }

    @Test func `addresses are tried from each family in turn`() {
        #expect(FirstToAnswer.interleaved(["fd00::1", "fd00::2", "10.0.0.1"]) == ["fd00::1", "10.0.0.1", "fd00::2"])
        #expect(FirstToAnswer.interleaved(["10.0.0.1", "10.0.0.2", "fd00::1"]) == ["10.0.0.1", "fd00::1", "10.0.0.2"])
        #expect(FirstToAnswer.interleaved(["10.0.0.1"]) == ["10.0.0.1"] && FirstToAnswer.interleaved([]).isEmpty)
    }

    @Test func `an address that leads nowhere is passed over for one that does`() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let first = FirstToAnswer(group: MultiThreadedEventLoopGroup.singleton)
        // 2001:db8::/32 and 192.0.2.0/24 are for documentation and lead nowhere (RFC 3849, RFC 5737).
        #expect(await first.of(["::1", "127.0.0.1"], port: port, within: .seconds(60)) == "127.0.0.1")
        #expect(await first.of(["2001:db8::1", "192.0.2.1", "127.0.0.1"], port: port, within: .seconds(60)) == "127.0.0.1")
        #expect(await first.of(["127.0.0.9"], port: port, within: .seconds(60)) == "127.0.0.9", "one is not tried out")
        try await server.close()
        #expect(await first.of(["::1", "127.0.0.1"], port: port, within: .seconds(60)) == "::1")
    }
}

/// Calls to hosts that have a name to be found.
@Suite struct NamedHostTests {
    /// Where the name leads, and how often it was asked for.
    private final class Directory: Sendable {
        struct State {
            var says: SystemNames.Outcome
            var asked = 0
        }

        let state: NIOLockedValueBox<State>

        init(_ says: SystemNames.Outcome) { state = NIOLockedValueBox(State(says: says)) }

        var asked: Int { state.withLockedValue { $0.asked } }
        func says(_ outcome: SystemNames.Outcome) { state.withLockedValue { $0.says = outcome } }

        var resolver: NameResolver {
            NameResolver(
                system: { _ in
                    self.state.withLockedValue { state in
                        state.asked += 1
                        return state.says
                    }
                }, servers: { ["192.0.2.53"] }, ask: { _, _, _ in .silent })
        }
    }

    private static func succeeds(_ web: WebClient, _ request: WebRequest) async throws {
        let answer = try await web.send(request)
        #expect(answer.status == 200)
    }

    private func run(
        _ directory: Directory, script: @escaping ScriptedServer.Script = { _ in .answer(200, "{}") },
        _ body: (WebClient, WebRequest, ScriptedServer) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let folder = try TemporaryDirectory()
        let web = try WebClient(
            trustRoots: folder.write("roots.pem", authority.pem()), connectTimeout: .seconds(30), resolver: directory.resolver)
        let server = try await ScriptedServer.start(authority.identity(names: ["shop.backend.test"]), script: script)
        let request = WebRequest(
            name: "things", method: .get, base: try WebBase("https://shop.backend.test:\(server.port)"), path: "/", deadline: .seconds(60))
        let outcome = await Outcome.of { try await body(web, request, server) }
        await web.shutdown()
        try await server.stop()
        try folder.remove()
        try outcome.get()
    }

    @Test func `a name is asked for once, and the address that worked serves the calls that follow`() async throws {
        let directory = Directory(.addresses(["127.0.0.1"]))
        try await run(directory) { web, request, server in
            for _ in 1...5 { try await Self.succeeds(web, request) }
            #expect(directory.asked == 1 && server.connections == 1)
            // The name servers die: nobody notices.
            directory.says(.trouble)
            try await Self.succeeds(web, request)
            #expect(server.received.first?.headers.first(name: "host") == request.base.place)
        }
    }

    @Test func `a host that has moved is found again within the same call`() async throws {
        let directory = Directory(.addresses(["127.0.0.1"]))
        try await run(directory) { web, request, server in
            // Where it was yesterday nobody listens any more.
            web.book.worked(request.base, "127.0.0.9")
            try await Self.succeeds(web, request)
            #expect(directory.asked == 1 && server.received.count == 1)
            try await Self.succeeds(web, request)
            #expect(directory.asked == 1)
        }
    }

    @Test func `a name that cannot be found has its own words, and the first try that can is served`() async throws {
        let directory = Directory(.trouble)
        try await run(directory) { web, request, _ in
            var short = request
            short.deadline = .seconds(60)
            let failed = try await failure { [short] () async throws(CallFailure) in try await web.send(short) }
            #expect(
                failed
                    == .unavailable(
                        detail:
                            "things: the address of shop.backend.test cannot be found out (DNS): the name server 192.0.2.53 does not answer",
                        mayHaveActed: false))
            directory.says(.addresses(["127.0.0.1"]))
            try await Self.succeeds(web, request)
        }
    }

    @Test func `a certificate is verified to the name, wherever it led`() async throws {
        let directory = Directory(.addresses(["127.0.0.1"]))
        try await run(directory) { web, request, _ in
            var other = request
            other.base = try WebBase("https://other.backend.test:\(request.base.port)")
            let failed = try await failure { [other] () async throws(CallFailure) in try await web.send(other) }
            #expect(failed.detail.contains("is not for other.backend.test but for shop.backend.test"), "\(failed)")
        }
    }
}
