import CheckoutAPI
import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The agent's end of the checkout socket: accepts, reads, decides who may, answers. What is behind it is the service.
package final class CheckoutSocketServer: Sendable {
    package struct Configuration: Sendable {
        package var socket: SocketSource
        /// Of the agent; every answer carries it.
        package var version: String
        package var limits: ServerLimits

        package init(socket: SocketSource, version: String, limits: ServerLimits = ServerLimits()) {
            self.socket = socket
            self.version = version
            self.limits = limits
        }
    }

    private let configuration: Configuration
    private let context: ServerContext
    private let accepted = Mutex(Accepted())

    private struct Accepted {
        /// All of them, also those that are one too many.
        var channels: [ObjectIdentifier: any Channel] = [:]
        var open = 0
        /// Those of `open` that may not take payments.
        var lookers = 0
        var refusing = 0
    }

    package init(configuration: Configuration, policy: RolePolicy, service: any CheckoutService, logger: Logger) {
        self.configuration = configuration
        self.context = ServerContext(
            version: configuration.version, limits: configuration.limits, policy: policy, service: service,
            dispatcher: Dispatcher(routes: Route.all(document: OpenAPIDocument.bytes(version: configuration.version))), logger: logger,
            stopping: Latch(),
            now: { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))) })
    }

    /// Begins a graceful stop: no new connection is accepted, waits are answered as things are, streams end with a line that says why,
    /// and `run()` returns when all connections have ended or the limit for it is over.
    package func stop() { context.stopping.fire() }

    /// Serves until `stop()` was called; when the task is cancelled, closes everything at once. `onListening` is called when connections
    /// are accepted.
    package func run(onListening: @Sendable () async -> Void = {}) async throws(ListenFailure) {
        let socket = try ListeningSocket(configuration.socket)
        let (connections, continuation) = AsyncStream<Connection>.makeStream()
        let listener: any Channel
        do {
            listener = try await listen(on: socket.descriptor, continuation)
        } catch {
            socket.cleanUp()
            throw .lost(detail: "\(error)")
        }
        await onListening()
        await serve(connections, listener)
        await closeAll()
        socket.cleanUp()
        guard context.stopping.isFired || Task.isCancelled else { throw .lost(detail: "the listening socket was closed") }
    }

    private func listen(on descriptor: CInt, _ connections: AsyncStream<Connection>.Continuation) async throws -> any Channel {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, connections) }
            }
            .withBoundSocket(descriptor).get()
        listener.closeFuture.whenComplete { _ in connections.finish() }
        return listener
    }

    /// On the new channel's event loop.
    private func accept(_ channel: any Channel, _ connections: AsyncStream<Connection>.Continuation) throws {
        let peer = credentials(channel)
        let role = peer.flatMap { context.policy.role(of: $0) }
        switch enter(channel, role) {
        case .served:
            let connection = try Connection(channel, peer: peer, role: role, server: context)
            if case .terminated = connections.yield(connection) { connection.close() }
        case .refused:
            try channel.pipeline.syncOperations.addHandler(
                OverloadHandler(answer: overloadAnswer(), linger: context.limits.linger))
        case .dropped: channel.close(promise: nil)
        }
    }

    private func credentials(_ channel: any Channel) -> PeerCredentials? {
        do {
            return try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable { (descriptor: NIOBSDSocket.Handle) in
                try PeerCredentials.ofPeer(descriptor: descriptor)
            }
        } catch {
            context.logger.warning("a caller's credentials cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private enum Entry {
        case served, refused, dropped
    }

    /// Counts the connection until it closes. Those who may not take payments can use half of the places: programs that only look on, and
    /// those that may do nothing, cannot keep a till out.
    private func enter(_ channel: any Channel, _ role: Role?) -> Entry {
        let id = ObjectIdentifier(channel)
        let pays = role.map { $0 >= .checkout } ?? false
        let places = context.limits.connections
        let entry = accepted.withLock { accepted -> Entry in
            let free = accepted.open < places && (pays || accepted.lookers < max(1, places / 2))
            guard free || accepted.refusing < places else { return .dropped }
            accepted.channels[id] = channel
            if free { accepted.open += 1 } else { accepted.refusing += 1 }
            if free, !pays { accepted.lookers += 1 }
            return free ? .served : .refused
        }
        if entry != .dropped {
            channel.closeFuture.whenComplete { _ in
                self.accepted.withLock { accepted in
                    accepted.channels[id] = nil
                    if entry == .served { accepted.open -= 1 } else { accepted.refusing -= 1 }
                    if entry == .served, !pays { accepted.lookers -= 1 }
                }
            }
        }
        return entry
    }

    private func overloadAnswer() -> ByteBuffer {
        let problem = Problem(
            .overloaded, "Too many connections are open.",
            remedy:
                "Close connections that are not used; \(context.limits.connections) can be open, half of them by callers that only look on."
        )
        return Response.problem(problem).wireBytes(
            ResponseContext(
                version: context.version, requestID: Exchange.newRequestID(), keepsConnection: false, now: context.now()))
    }

    /// Every connection's task is a child of this one.
    private func serve(_ connections: AsyncStream<Connection>, _ listener: any Channel) async {
        let context = context
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for await connection in connections { group.addTask { await connection.run() } }
                }
            }
            group.addTask {
                await context.stopping.wait()
                await self.close(listener)
                do {
                    try await Task.sleep(for: context.limits.stop)
                    context.logger.warning("connections are still open at the end of a graceful stop; they are closed")
                } catch {
                    // All connections have ended, or the task was cancelled.
                }
            }
            await group.next()
            group.cancelAll()
        }
        await close(listener)
    }

    /// What is left: connections that no task has taken yet, and those that were one too many.
    private func closeAll() async {
        for channel in accepted.withLock({ $0.channels.values.map { $0 } }) { await close(channel) }
    }

    private func close(_ channel: any Channel) async {
        do {
            try await channel.close()
        } catch {
            context.logger.debug("a socket was closed already", metadata: ["reason": "\(error)"])
        }
    }
}
