import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A server over TLS that does what the path says, and as early as it can: its whole answer may be there before the client has ended its request.
final class HastyServer: Sendable {
    enum Manner: String, CaseIterable, Sendable {
        /// The answer when the request has come.
        case proper
        /// The answer when the request has come, and then the end of the connection, of which nothing was said.
        case properThenDrop = "proper-drop"
        /// The answer as soon as the head is there.
        case early
        /// The same, and the end of the connection when the request has come.
        case earlyThenDrop = "early-drop"
        /// A refusal as soon as the head is there, and the end of the connection.
        case refusalThenDrop = "refusal-drop"
        /// An answer of 64 KiB.
        case long
        /// The end of the connection instead of an answer.
        case cut
        /// Nothing.
        case silence
    }

    enum Event: Sendable, Equatable {
        /// All of an answer was given to the system.
        case answered(Manner)
        case closed
    }

    let port: Int
    let events: AsyncStream<Event>
    private let channel: any Channel
    private let open: NIOLockedValueBox<[any Channel]>

    static func start(_ identity: TLSConfiguration) async throws -> HastyServer {
        var identity = identity
        identity.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: identity)
        let open = NIOLockedValueBox<[any Channel]>([])
        // A test that reads no events looks at none of the few that are kept.
        let (events, told) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(64))
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    open.withLockedValue { open in
                        open.removeAll { !$0.isActive }
                        open.append(child)
                    }
                    child.closeFuture.whenComplete { _ in told.yield(.closed) }
                    let pipeline = child.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(HastyConnection { told.yield($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return HastyServer(channel: channel, open: open, events: events)
    }

    private init(channel: any Channel, open: NIOLockedValueBox<[any Channel]>, events: AsyncStream<Event>) {
        self.channel = channel
        self.open = open
        self.events = events
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws {
        try await channel.close()
        dropConnections()
    }

    func dropConnections() {
        for child in open.withLockedValue({ $0 }) { child.close(promise: nil) }
    }
}

private final class HastyConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let tell: @Sendable (HastyServer.Event) -> Void
    private var manner = HastyServer.Manner.silence

    init(tell: @escaping @Sendable (HastyServer.Event) -> Void) { self.tell = tell }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            manner = HastyServer.Manner(rawValue: String(head.uri.drop { $0 == "/" })) ?? .silence
            switch manner {
            case .early, .earlyThenDrop: answer(200, "{}", on: context.channel, thenDrop: false)
            case .refusalThenDrop: answer(503, "busy", on: context.channel, thenDrop: true)
            case .cut: context.close(promise: nil)
            case .proper, .properThenDrop, .long, .silence: break
            }
        case .body: break
        case .end:
            switch manner {
            case .proper: answer(200, "{}", on: context.channel, thenDrop: false)
            case .properThenDrop: answer(200, "{}", on: context.channel, thenDrop: true)
            case .long: answer(200, String(repeating: "x", count: 65_536), on: context.channel, thenDrop: false)
            case .earlyThenDrop: context.close(promise: nil)
            case .early, .refusalThenDrop, .cut, .silence: break
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that cuts ends here.
        context.close(promise: nil)
    }

    private func answer(_ status: Int, _ body: String, on channel: any Channel, thenDrop: Bool) {
        let text = "HTTP/1.1 \(status) Hasty\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { [tell, manner] _ in
            tell(.answered(manner))
            if thenDrop { channel.close(promise: nil) }
        }
    }
}
