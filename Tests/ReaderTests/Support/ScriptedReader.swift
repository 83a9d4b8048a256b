import JSON
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

@testable import ReaderRPC

/// A server on the loopback address that takes HTTP requests and answers them with exactly the bytes that a test wants.
final class ScriptedReader: Sendable {
    enum Step: Sendable {
        case bytes([UInt8])
        /// Cuts the connection.
        case hangUp
    }

    struct Request: Sendable {
        /// Connections counted from 1.
        var connection: Int
        var head: HTTPRequestHead
        var body: [UInt8]
        /// Requests counted from 1, over all connections.
        var number: Int

        func envelope() throws -> Wire.RequestEnvelope {
            try JSONParser.parse(body).decoded()
        }
    }

    typealias Script = @Sendable (Request) throws -> [Step]

    struct Record: Sendable {
        var connections = 0
        var openConnections = 0
        var requests: [Request] = []
        /// What arrived before any TLS or HTTP was made of it, in bytes after TLS.
        var bytes = 0
        var scriptFaults: [String] = []
    }

    private let channel: any Channel
    private let shared: Shared

    var port: Int { channel.localAddress?.port ?? 0 }
    var record: Record { shared.record.withLock { $0 } }
    var requests: [Request] { record.requests }
    var connections: Int { record.connections }

    private init(channel: any Channel, shared: Shared) {
        self.channel = channel
        self.shared = shared
    }

    /// Closes everything when `body` is done.
    static func run<Result>(
        tls: NIOSSLContext? = nil, script: @escaping Script, _ body: (ScriptedReader) async throws -> Result
    ) async throws -> Result {
        let shared = Shared()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(ByteCounter(shared: shared))
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(ScriptHandler(shared: shared, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedReader(channel: channel, shared: shared)
        do {
            let result = try await body(server)
            try await server.stop()
            return result
        } catch {
            try await server.stop()
            throw error
        }
    }

    /// Hangs up on everybody who is connected.
    func hangUpAll() async {
        let children = shared.children.withLock { Array($0.values) }
        // One that has gone meanwhile is as good.
        for child in children { try? await child.close(mode: .all).get() }
    }

    /// Waits until nobody is connected any more; false when that takes more than thirty seconds.
    func allHungUp() async -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        while record.openConnections > 0 {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    private func stop() async throws {
        try await channel.close()
        await hangUpAll()
    }

    private final class Shared: Sendable {
        let record = Mutex(Record())
        let children = Mutex<[ObjectIdentifier: any Channel]>([:])

        func note(_ change: (inout Record) -> Void) { record.withLock { change(&$0) } }
    }

    private final class ByteCounter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let shared: Shared
        init(shared: Shared) { self.shared = shared }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let count = unwrapInboundIn(data).readableBytes
            shared.note { $0.bytes += count }
            context.fireChannelRead(data)
        }
    }

    private final class ScriptHandler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = ByteBuffer

        private let shared: Shared
        private let script: Script
        private var connection = 0
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(shared: Shared, script: @escaping Script) {
            self.shared = shared
            self.script = script
        }

        func channelActive(context: ChannelHandlerContext) {
            shared.note { record in
                record.connections += 1
                record.openConnections += 1
                connection = record.connections
            }
            let channel = context.channel
            shared.children.withLock { $0[ObjectIdentifier(channel)] = channel }
            context.fireChannelActive()
        }

        func channelInactive(context: ChannelHandlerContext) {
            shared.children.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(context.channel)) }
            shared.note { $0.openConnections -= 1 }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let bytes): body += Array(bytes.readableBytesView)
            case .end:
                guard let head else { return }
                var request = Request(connection: connection, head: head, body: body, number: 0)
                shared.note { record in
                    request.number = record.requests.count + 1
                    record.requests.append(request)
                }
                do {
                    for step in try script(request) {
                        switch step {
                        case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
                        case .hangUp: context.close(promise: nil)
                        }
                    }
                } catch {
                    shared.note { $0.scriptFaults.append("\(error)") }
                    context.close(promise: nil)
                }
            }
        }

        // A client that hangs up in the middle is what some tests are about.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
