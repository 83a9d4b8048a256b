import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The interface of the part that answers for a server.
package protocol HTTPService: Sendable {
    /// Handles one request. The server calls this once per request, on the connection's event loop, so it must not block.
    func handle(_ request: HTTPRequest) -> Disposition
    /// Hears that the client or the store closed a connection.
    func connectionClosed(_ connection: Int)
    /// The `Date` header of its answers. Nil sends none.
    var date: String? { get }
}

extension HTTPService {
    package var date: String? { nil }
}

/// A server's reaction to a new TCP connection, before it reads a byte.
package enum Admission: Sendable {
    case serve
    /// The connection closes at once.
    case refuse
    /// The connection stays open, and the server sends nothing, not even the TLS handshake.
    case mute
}

/// A small HTTP/1.1 server, with TLS or without, that gives its service control over every byte of the answer. It sets TCP_NODELAY.
package final class HTTPServer: Sendable {
    package struct Settings: Sendable {
        package var service: any HTTPService
        /// Decides about each new connection.
        package var admit: @Sendable () -> Admission
        /// Gives the TLS context of each new connection, so that a certificate can change at run time. Nil serves plain HTTP.
        package var tls: @Sendable () -> NIOSSLContext?

        package init(
            service: any HTTPService, admit: @escaping @Sendable () -> Admission = { .serve },
            tls: @escaping @Sendable () -> NIOSSLContext? = { nil }
        ) {
            self.service = service
            self.admit = admit
            self.tls = tls
        }
    }

    package let address: String
    package let port: Int
    private let listener: any Channel
    private let connections: Connections

    private init(listener: any Channel, connections: Connections, address: String, port: Int) {
        self.listener = listener
        self.connections = connections
        self.address = address
        self.port = port
    }

    /// Binds and serves. Port 0 chooses a free one.
    package static func start(address: String, port: Int, settings: Settings) async throws -> HTTPServer {
        let connections = Connections()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try Self.accept(channel, connections, settings) }
            }
            .bind(host: address, port: port).get()
        return HTTPServer(
            listener: listener, connections: connections, address: address, port: listener.localAddress?.port ?? port)
    }

    private static func accept(_ channel: any Channel, _ connections: Connections, _ settings: Settings) throws {
        let number = connections.remember(channel)
        let pipeline = channel.pipeline.syncOperations
        switch settings.admit() {
        case .refuse:
            throw SimulatorError("refused")
        case .mute:
            try channel.syncOptions?.setOption(.autoRead, value: false)
        case .serve:
            if let context = settings.tls() {
                try pipeline.addHandler(NIOSSLServerHandler(context: context))
            }
            try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
            try pipeline.addHandler(HTTPHandler(connection: number, service: settings.service))
        }
    }

    /// The open connections, by a number that no other connection of the store has.
    private final class Connections: Sendable {
        private let open = Mutex<[Int: any Channel]>([:])

        var all: [any Channel] { open.withLock { Array($0.values) } }

        func remember(_ channel: any Channel) -> Int {
            let number = Int.random(in: 1...Int.max)
            open.withLock { $0[number] = channel }
            channel.closeFuture.whenComplete { [weak self] _ in
                self?.open.withLock { $0[number] = nil }
            }
            return number
        }
    }

    /// Closes every connection. The server goes on listening.
    package func closeConnections() async {
        let open = connections.all
        for channel in open {
            channel.close(promise: nil)
        }
        for channel in open {
            await channel.closeFuture.ignoringErrors()
        }
    }

    /// Stops listening and closes every connection. The kernel refuses new connections.
    package func stop() async {
        listener.close(promise: nil)
        await listener.closeFuture.ignoringErrors()
        await closeConnections()
    }
}

extension EventLoopFuture where Value == Void {
    /// Waits for the end, whether it comes with an error or not: a channel that closed with an error is closed all the same.
    func ignoringErrors() async {
        do {
            try await get()
        } catch {
            return
        }
    }
}
