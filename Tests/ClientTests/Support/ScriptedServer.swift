import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// What stands in for an agent that misbehaves: each connection gets the next line of a script, byte for byte.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        /// These bytes, once a request's head has come.
        case send(String)
        /// Then the connection is closed.
        case close
        /// Nothing more comes; the connection stays.
        case hang
    }

    let directory: TemporaryDirectory
    private let channel: any Channel
    private let log: Log

    /// What came, and what became of the connections.
    final class Log: Sendable {
        private struct State {
            var scripts: [[Step]]
            var requests: [String] = []
            var closed = 0
            var channels: [any Channel] = []
        }

        private let state: Mutex<State>

        /// What every connection is told before it has said anything.
        let greeting: String?

        init(_ scripts: [[Step]], greeting: String?) {
            state = Mutex(State(scripts: scripts))
            self.greeting = greeting
        }

        /// The next script; the last one is used again and again.
        func next(_ request: String) -> [Step] {
            state.withLock { state in
                state.requests.append(request)
                return state.scripts.count > 1 ? state.scripts.removeFirst() : state.scripts.first ?? [.close]
            }
        }

        func open(_ channel: any Channel) { state.withLock { $0.channels.append(channel) } }
        var channels: [any Channel] { state.withLock { $0.channels } }
        func close() { state.withLock { $0.closed += 1 } }
        var requests: [String] { state.withLock { $0.requests } }
        var closed: Int { state.withLock { $0.closed } }
    }

    var path: String { directory.socket }
    var requests: [String] { log.requests }
    /// How many connections the other side, or the script, has closed.
    var closed: Int { log.closed }

    convenience init(_ scripts: [Step]...) async throws {
        try await self.init(at: TemporaryDirectory(), scripts)
    }

    /// Says this to each connection at once, and closes it when its request has come.
    convenience init(greeting: String) async throws {
        try await self.init(at: TemporaryDirectory(), [[.close]], greeting: greeting)
    }

    convenience init(at directory: TemporaryDirectory, _ script: [Step]) async throws {
        try await self.init(at: directory, [script])
    }

    private init(at directory: TemporaryDirectory, _ scripts: [[Step]], greeting: String? = nil) async throws {
        let log = Log(scripts, greeting: greeting)
        self.directory = directory
        self.log = log
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Actor(log)) }
            }
            .bind(unixDomainSocketPath: directory.socket).get()
    }

    /// Takes no more connections; those that are open stay.
    func stop() async throws { try await channel.close() }

    /// Closes the connections that are open.
    func breakConnections() {
        for channel in log.channels { channel.close(promise: nil) }
    }

    private final class Actor: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let log: Log
        private var received = ""
        private var acted = false

        init(_ log: Log) { self.log = log }

        func channelActive(context: ChannelHandlerContext) {
            log.open(context.channel)
            if let greeting = log.greeting { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard !acted, isWhole else { return }
            acted = true
            for step in log.next(received) {
                switch step {
                case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .close: context.close(promise: nil)
                case .hang: break
                }
            }
        }

        /// With the body that its head announces.
        private var isWhole: Bool {
            guard let head = received.firstRange(of: "\r\n\r\n") else { return false }
            let length = received[..<head.lowerBound].split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            let announced = length.flatMap { Int($0.drop { !$0.isNumber }) } ?? 0
            return received[head.upperBound...].utf8.count >= announced
        }

        func channelInactive(context: ChannelHandlerContext) { log.close() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

/// A whole answer with a JSON body.
func httpAnswer(_ status: Int, _ body: String, type: String = "application/json") -> ScriptedServer.Step {
    .send("HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
}

/// The head of an answer whose body goes on until the connection closes or is cut into chunks by the caller.
func httpStreamHead() -> ScriptedServer.Step {
    .send("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
}

func httpChunk(_ text: String) -> ScriptedServer.Step {
    .send(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n")
}
