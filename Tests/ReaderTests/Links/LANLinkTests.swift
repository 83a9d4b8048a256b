import FoundationEssentials
import GatewayModel
import Moments
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SwiftASN1
import TestSupport
import Testing
import X509

@testable import ReaderLinks
@testable import ReaderRPC

/// Real TLS, right and wrong in every way that a store can bring about.
@Suite(.timeLimit(.minutes(3))) struct LANLinkTests {
    private static let host = "127-0-0-1.k4test.device.stripe-terminal-local-reader.net"
    private static let wildcard = GeneralName.dnsName("*.k4test.device.stripe-terminal-local-reader.net")
    private static let patience = Duration.seconds(60)
    private static let good: ScriptedReader.Script = { request in
        [.bytes(Answers.http(Answers.envelope(id: try request.envelope().id)))]
    }

    private func route(_ reader: ScriptedReader, host: String = host) -> ReaderRoute {
        ReaderRoute(address: "127.0.0.1", port: reader.port, host: host)
    }

    /// Opens a stream to a server with this certificate; tells why it could not, and how much the server was told.
    private func refusal(
        _ tls: NIOSSLContext, trusting authority: TestAuthority, host: String = host
    ) async throws -> (failure: ReaderFailure?, bytes: Int) {
        try await authority.withRootsFile { roots in
            try await ScriptedReader.run(tls: tls, script: Self.good) { reader in
                let link = try LANLink(roots: roots)
                let failure: ReaderFailure?
                do throws(ReaderFailure) {
                    let channel = try await link.open(route(reader, host: host), timeout: Self.patience)
                    channel.close(promise: nil)
                    failure = nil
                } catch {
                    failure = error
                }
                #expect(await reader.allHungUp())
                return (failure, reader.record.bytes)
            }
        }
    }

    @Test func `a link that goes silent is given up within 15 s, whatever is waited for`() async throws {
        let authority = try TestAuthority()
        try await authority.withRootsFile { roots in
            try await ScriptedReader.run(tls: try authority.server([Self.wildcard]), script: Self.good) { reader in
                let channel = try await LANLink(roots: roots).open(route(reader), timeout: Self.patience)
                let provider = try #require(channel as? any SocketOptionProvider)
                func option(_ name: CInt) async throws -> CInt {
                    try await provider.unsafeGetSocketOption(level: NIOBSDSocket.OptionLevel.tcp, name: NIOBSDSocket.Option(rawValue: name))
                        .get()
                }
                #expect(try await option(TCP_KEEPIDLE) == 5)
                #expect(try await option(TCP_KEEPINTVL) == 5)
                #expect(try await option(TCP_KEEPCNT) == 3)
                #expect(try await option(TCP_USER_TIMEOUT) == 15_000)
                channel.close(promise: nil)
                #expect(await reader.allHungUp())
            }
        }
    }

    @Test(arguments: [TLSVersion.tlsv13, .tlsv12])
    func `a reader with its own name is spoken to over one connection`(_ version: TLSVersion) async throws {
        let authority = try TestAuthority()
        try await authority.withRootsFile { roots in
            let tls = try authority.server([Self.wildcard], lastVersion: version)
            try await ScriptedReader.run(tls: tls, script: Self.good) { reader in
                let link = try LANLink(roots: roots)
                let route = route(reader)
                let client = ReaderClient(identity: identity, host: route.host, port: route.port) { timeout async throws(ReaderFailure) in
                    try await link.open(route, timeout: timeout)
                }
                for _ in 0..<3 {
                    #expect(try await client.call(.heartbeat, session: session, trace: "", timeout: Self.patience) == .done)
                }
                #expect(reader.connections == 1)
                #expect(reader.requests.first?.head.headers["Host"] == ["\(Self.host):\(route.port)"])
                await client.close()
                #expect(await reader.allHungUp())
            }
        }
    }

    @Test(arguments: [
        [Self.wildcard], [.dnsName(Self.host)], [.dnsName("other.example"), .dnsName(Self.host.uppercased())],
        [.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1])), Self.wildcard],
    ])
    func `the reader's name is found among a certificate's names`(_ names: [GeneralName]) async throws {
        let authority = try TestAuthority()
        let (failure, bytes) = try await refusal(try authority.server(names), trusting: authority)
        #expect(failure == nil)
        #expect(bytes == 0)
    }

    @Test(arguments: [
        ([GeneralName.dnsName("127-0-0-1.k4test.device.example.net")], ["127-0-0-1.k4test.device.example.net"]),
        // The library by itself accepts an address that equals the socket's. It is no proof of being this reader.
        ([.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))], []),
        ([], []),
        ([.dnsName("*.stripe-terminal-local-reader.net"), .dnsName("*")], ["*.stripe-terminal-local-reader.net", "*"]),
        ([.uniformResourceIdentifier("https://" + Self.host)], []),
        (
            (0..<9).map { .dnsName("n\($0).example") },
            ["n0.example", "n1.example", "n2.example", "n3.example", "n4.example"]
        ),
    ])
    func `a certificate for others is refused before anything is sent`(_ names: [GeneralName], _ presented: [String]) async throws {
        let authority = try TestAuthority()
        let tls = try authority.server(names, commonName: Self.host.count <= 64 ? Self.host : "reader")
        let (failure, bytes) = try await refusal(tls, trusting: authority)
        #expect(failure == .untrusted(.wrongName(expected: Self.host, presented: presented)))
        #expect(bytes == 0)
    }

    @Test(arguments: [TLSVersion.tlsv13, .tlsv12])
    func `an expired certificate is refused with its last day`(_ version: TLSVersion) async throws {
        let authority = try TestAuthority()
        let last = Date(timeIntervalSince1970: Double(Int(Date.now.timeIntervalSince1970) - 60))
        let tls = try authority.server([Self.wildcard], until: last, lastVersion: version)
        let (failure, bytes) = try await refusal(tls, trusting: authority)
        #expect(failure == .untrusted(.expired(notAfter: WallTime(Int64(last.timeIntervalSince1970) * 1000))))
        #expect(bytes == 0)
    }

    @Test func `a certificate whose first day has not come is refused with that day`() async throws {
        let authority = try TestAuthority()
        let first = Date(timeIntervalSince1970: Double(Int(Date.now.timeIntervalSince1970) + 1800))
        let tls = try authority.server([Self.wildcard], from: first)
        let (failure, bytes) = try await refusal(tls, trusting: authority)
        #expect(failure == .untrusted(.notYetValid(notBefore: WallTime(Int64(first.timeIntervalSince1970) * 1000))))
        #expect(bytes == 0)
    }

    @Test(arguments: [TLSVersion.tlsv13, .tlsv12])
    func `a certificate of an unknown authority is refused with its issuer`(_ version: TLSVersion) async throws {
        let tls = try TestAuthority(name: "Somebody Else").server([Self.wildcard], lastVersion: version)
        let (failure, bytes) = try await refusal(tls, trusting: try TestAuthority())
        #expect(failure == .untrusted(.unknownAuthority(issuer: "Somebody Else")))
        #expect(bytes == 0)
    }

    @Test func `another device's certificate is named as such, whoever signed it`() async throws {
        let tls = try TestAuthority(name: "Router").server([.dnsName("router.example")], until: .now - 60)
        let (failure, _) = try await refusal(tls, trusting: try TestAuthority())
        #expect(failure == .untrusted(.wrongName(expected: Self.host, presented: ["router.example"])))
    }

    @Test func `the system's roots alone do not trust a test's authority`() async throws {
        let authority = try TestAuthority()
        try await ScriptedReader.run(tls: try authority.server([Self.wildcard]), script: Self.good) { reader in
            let link = try LANLink(roots: nil)
            await #expect(throws: ReaderFailure.untrusted(.unknownAuthority(issuer: "Test Root"))) {
                try await link.open(route(reader), timeout: Self.patience)
            }
        }
    }

    @Test func `a server that speaks plain text is not taken for a reader`() async throws {
        let listener = try await listen { channel in
            channel.writeAndFlush(ByteBuffer(string: "220 mail.example ready\r\n"), promise: nil)
        }
        let failure = await openFailure(port: listener.port, timeout: Self.patience)
        #expect(failure == .unreachable(detail: "127.0.0.1:\(listener.port) does not speak TLS as a reader does (wrong version number)"))
        try await listener.channel.close()
    }

    @Test func `a server that never speaks TLS costs no more than the timeout`() async throws {
        let listener = try await listen { _ in }
        let start = ContinuousClock.now
        let failure = await openFailure(port: listener.port, timeout: .seconds(3))
        #expect(
            failure
                == .unreachable(detail: "127.0.0.1:\(listener.port) accepted the connection, but did not finish a TLS handshake in time"))
        #expect(ContinuousClock.now - start < .seconds(45))
        try await listener.channel.close()
    }

    @Test func `a server that hangs up during the handshake is unreachable`() async throws {
        let listener = try await listen { $0.close(promise: nil) }
        let failure = await openFailure(port: listener.port, timeout: Self.patience)
        #expect(failure == .unreachable(detail: "127.0.0.1:\(listener.port) closed the connection during the TLS handshake"))
        try await listener.channel.close()
    }

    @Test func `a refused connection says so`() async throws {
        let listener = try await listen { _ in }
        try await listener.channel.close()
        #expect(
            await openFailure(port: listener.port, timeout: Self.patience)
                == .unreachable(detail: "127.0.0.1:\(listener.port) refused the connection"))
    }

    @Test func `a cancelled open ends at once`() async throws {
        let listener = try await listen { _ in }
        let link = try LANLink(roots: nil)
        let start = ContinuousClock.now
        let failure = try await withThrowingTaskGroup(of: ReaderFailure?.self) { group in
            group.addTask {
                do throws(ReaderFailure) {
                    _ = try await link.open(
                        ReaderRoute(address: "127.0.0.1", port: listener.port, host: Self.host), timeout: .seconds(600))
                    return nil
                } catch {
                    return error
                }
            }
            try await eventually("the connection is accepted") { listener.accepted.value > 0 }
            group.cancelAll()
            return try await group.next() ?? nil
        }
        #expect(failure == .unreachable(detail: "the connection to 127.0.0.1:\(listener.port) was given up"))
        #expect(ContinuousClock.now - start < .seconds(45))
        try await listener.channel.close()
    }

    @Test(arguments: [
        ("8.8.8.8", 4443, "a.example.net", "8.8.8.8:4443 is not an address of a local network; a reader elsewhere is not dialled"),
        ("reader.local", 4443, "a.example.net", "reader.local is not an IPv4 address; readers have no other"),
        ("::1", 4443, "a.example.net", "::1 is an IPv6 address, and readers are reached by IPv4 only"),
        ("fe80::2", 4443, "fe80::2.a.example.net", "fe80::2 is an IPv6 address, and readers are reached by IPv4 only"),
        (
            "192.168.1.5:4443", 4443, "192-168-1-5:4443.a.example.net",
            "192.168.1.5:4443 is an address with a port; the port is set by lan.port, and the address stands alone"
        ),
        ("  ", 4443, "  .a.example.net", "the reader's address is blank: Stripe has not heard of it yet"),
        ("192.168.1.0/24", 4443, "a.example.net", "192.168.1.0/24 is a network or a path, not an address"),
        ("127.0.0.1", 0, "a.example.net", "0 is not a port"), ("127.0.0.1", 70_000, "a.example.net", "70000 is not a port"),
        ("127.0.0.1", 4443, "127.0.0.1", "\"127.0.0.1\" is not a name that a reader's certificate can bear"),
        ("127.0.0.1", 4443, "", "\"\" is not a name that a reader's certificate can bear"),
        ("127.0.0.1", 4443, "a\r\nb.c", "\"a  b.c\" is not a name that a reader's certificate can bear"),
    ])
    func `a route that must not be dialled is not`(_ address: String, _ port: Int, _ host: String, _ detail: String) async throws {
        let link = try LANLink(roots: nil)
        await #expect(throws: ReaderFailure.unreachable(detail: detail)) {
            try await link.open(ReaderRoute(address: address, port: port, host: host), timeout: .seconds(1))
        }
    }

    @Test func `looking tells what a certificate says, trusted or not, and sends nothing`() async throws {
        let from = Date(timeIntervalSince1970: 1_700_000_000)
        let until = Date(timeIntervalSince1970: 1_700_086_400)
        let tls = try TestAuthority(name: "Somebody\u{7} Else").server(
            [Self.wildcard, .dnsName("second.example")], from: from, until: until)
        try await ScriptedReader.run(tls: tls, script: Self.good) { reader in
            let link = try LANLink(roots: nil)
            let seen = try await link.inspect(address: "127.0.0.1", port: reader.port, timeout: Self.patience)
            #expect(seen.dnsNames == ["*.k4test.device.stripe-terminal-local-reader.net", "second.example"])
            #expect(seen.notBefore == 1_700_000_000_000 && seen.notAfter == 1_700_086_400_000)
            #expect(seen.issuer == "Somebody  Else")
            #expect(seen.distrust?.contains("expired") == true)
            #expect(await reader.allHungUp())
            #expect(reader.record.bytes == 0)
        }
    }

    @Test func `looking at what is not there says so`() async throws {
        let listener = try await listen { _ in }
        let link = try LANLink(roots: nil)
        await #expect(throws: ReaderFailure.self) {
            try await link.inspect(address: "127.0.0.1", port: listener.port, timeout: .milliseconds(200))
        }
        try await listener.channel.close()
        await #expect(throws: ReaderFailure.unreachable(detail: "127.0.0.1:\(listener.port) refused the connection")) {
            try await link.inspect(address: "127.0.0.1", port: listener.port, timeout: .seconds(5))
        }
    }

    @Test(arguments: [true, false])
    func `a stream that has no address is secured the same way`(_ isRight: Bool) async throws {
        let authority = try TestAuthority()
        let tls = try authority.server([isRight ? Self.wildcard : .dnsName("other.example")])
        try await authority.withRootsFile { roots in
            var ends: [CInt] = [-1, -1]
            try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
            let group = MultiThreadedEventLoopGroup.singleton
            let server = try await ClientBootstrap(group: group)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                }
                .withConnectedSocket(ends[0]).get()
            let channel = try await ClientBootstrap(group: group).channelOption(.autoRead, value: false).withConnectedSocket(ends[1]).get()
            let client = try TLSClient(roots: roots)
            do throws(ReaderFailure) {
                try await client.secure(channel, host: Self.host, peer: "usb", timeout: Self.patience)
                #expect(isRight)
                channel.close(promise: nil)
            } catch {
                #expect(!isRight)
                #expect(error == .untrusted(.wrongName(expected: Self.host, presented: ["other.example"])))
            }
            // However the farewell goes, both ends end.
            try? await server.closeFuture.get()
            try? await channel.closeFuture.get()
        }
    }

    @Test func `roots that cannot be read are an error at the start`() async throws {
        do throws(TrustProblem) {
            _ = try LANLink(roots: "/nonexistent/roots.pem")
            Issue.record("it was taken")
        } catch {
            guard case .roots(path: "/nonexistent/roots.pem", detail: _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    // MARK: Helpers

    private func openFailure(port: Int, timeout: Duration) async -> ReaderFailure? {
        do throws(ReaderFailure) {
            let link: LANLink
            do { link = try LANLink(roots: nil) } catch { return nil }
            _ = try await link.open(ReaderRoute(address: "127.0.0.1", port: port, host: Self.host), timeout: timeout)
            return nil
        } catch {
            return error
        }
    }

    private struct Listener: Sendable {
        var channel: any Channel
        var accepted: Counter
        /// Kept, as a closed channel does not tell.
        var port: Int
    }

    /// A plain TCP server that does one thing with whoever connects.
    private func listen(_ greet: @escaping @Sendable (any Channel) -> Void) async throws -> Listener {
        let accepted = Counter()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Greeter(accepted: accepted, greet: greet))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Listener(channel: channel, accepted: accepted, port: channel.localAddress?.port ?? 0)
    }

    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let accepted: Counter
        private let greet: @Sendable (any Channel) -> Void

        init(accepted: Counter, greet: @escaping @Sendable (any Channel) -> Void) {
            self.accepted = accepted
            self.greet = greet
        }

        func channelActive(context: ChannelHandlerContext) {
            accepted.add()
            greet(context.channel)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
