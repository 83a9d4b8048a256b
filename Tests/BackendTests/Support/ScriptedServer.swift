import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A server over real TLS that answers whatever a test says, well-formed or not, and remembers what it was asked.
final class ScriptedServer: Sendable {
    struct Received: Sendable {
        var method: String
        var uri: String
        var headers: HTTPHeaders
        var body: String
        /// Counts connections from 1.
        var connection: Int
        /// Counts requests of all connections from 1.
        var number: Int
    }

    enum Reply: Sendable {
        /// A whole answer, on a connection that stays open.
        case answer(Int, String, headers: [(String, String)] = [("Content-Type", "application/json")])
        /// These bytes, and the connection stays open.
        case bytes(String)
        /// These bytes, and the connection is closed.
        case bytesThenCut(String)
        /// Nothing, ever.
        case silence
        /// A whole answer, and a connection that is closed once it is quiet, without having said so.
        case answerThenDrop(Int, String)
    }

    typealias Script = @Sendable (Received) async -> Reply

    let port: Int
    private let channel: any Channel
    private let log: NIOLockedValueBox<Log>

    struct Log: Sendable {
        var received: [Received] = []
        var connections = 0
        var open: [any Channel] = []
    }

    static func start(_ identity: TLSConfiguration, script: @escaping Script) async throws -> ScriptedServer {
        var identity = identity
        identity.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: identity)
        let log = NIOLockedValueBox(Log())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let number = log.withLockedValue { log in
                        log.connections += 1
                        log.open.append(child)
                        return log.connections
                    }
                    let pipeline = child.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(ScriptedConnection(number: number, log: log, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedServer(channel: channel, log: log)
    }

    private init(channel: any Channel, log: NIOLockedValueBox<Log>) {
        self.channel = channel
        self.log = log
        port = channel.localAddress?.port ?? 0
    }

    var received: [Received] { log.withLockedValue { $0.received } }
    var connections: Int { log.withLockedValue { $0.connections } }

    /// Waits until so many requests have come.
    func received(atLeast count: Int) async throws -> [Received] {
        let end = ContinuousClock.now + .seconds(30)
        while received.count < count {
            guard ContinuousClock.now < end else { throw Missing(expected: count, got: received.count) }
            try await Task.sleep(for: .milliseconds(2))
        }
        return received
    }

    struct Missing: Error {
        var expected: Int
        var got: Int
    }

    func stop() async throws {
        try await channel.close()
        for child in log.withLockedValue({ $0.open }) where child.isActive {
            // One that closes by itself meanwhile says so with an error, which is what was wanted.
            child.close(promise: nil)
            _ = await child.closeFuture.result
        }
    }
}

extension EventLoopFuture where Value: Sendable {
    fileprivate var result: Result<Value, any Error> {
        get async {
            do {
                return .success(try await get())
            } catch {
                return .failure(error)
            }
        }
    }
}

private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let number: Int
    private let log: NIOLockedValueBox<ScriptedServer.Log>
    private let script: ScriptedServer.Script
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(number: Int, log: NIOLockedValueBox<ScriptedServer.Log>, script: @escaping ScriptedServer.Script) {
        self.number = number
        self.log = log
        self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var part): body.writeBuffer(&part)
        case .end:
            guard let head else { return }
            let text = String(buffer: body)
            let received = log.withLockedValue { log in
                let received = ScriptedServer.Received(
                    method: head.method.rawValue, uri: head.uri, headers: head.headers, body: text, connection: number,
                    number: log.received.count + 1)
                log.received.append(received)
                return received
            }
            let channel = context.channel
            let script = script
            context.eventLoop.makeFutureWithTask { await script(received) }.whenSuccess { Self.carryOut($0, on: channel) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that refuses the certificate ends here.
        context.close(promise: nil)
    }

    private static func carryOut(_ reply: ScriptedServer.Reply, on channel: any Channel) {
        switch reply {
        case .answer(let status, let body, let headers):
            channel.writeAndFlush(ByteBuffer(string: whole(status, body, headers)), promise: nil)
        case .bytes(let bytes): channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil)
        case .bytesThenCut(let bytes):
            channel.writeAndFlush(ByteBuffer(string: bytes)).whenComplete { _ in channel.close(promise: nil) }
        case .silence: break
        case .answerThenDrop(let status, let body):
            channel.writeAndFlush(ByteBuffer(string: whole(status, body, []))).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private static func whole(_ status: Int, _ body: String, _ headers: [(String, String)]) -> String {
        var text = "HTTP/1.1 \(status) Scripted\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        // These two have no body, whatever their headers say.
        let hasBody = status != 204 && status != 304
        if hasBody { text += "Content-Length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + (hasBody ? body : "")
    }
}
