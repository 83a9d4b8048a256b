import CheckoutAPI
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The agent's end of the checkout socket: accepts, reads, decides who may, answers. What is behind it is the service.
package final class CheckoutSocketServer: Sendable {
    package struct Configuration: Sendable {
        package var socket: SocketSource
        /// The agent's version; every answer carries it.
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
    private let admission: Admission
    /// Every open channel, also those that are one too many.
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// A connection on its way to the task that will serve it.
    private struct Accepted: Sendable {
        var connection: Connection
        var entry: Admission.Entry
        var pays: Bool
    }

    package init(configuration: Configuration, policy: RolePolicy, service: any CheckoutService, logger: Logger) {
        self.configuration = configuration
        self.context = ServerContext(
            version: configuration.version, limits: configuration.limits, policy: policy, service: service,
            settled: service.settled,
            dispatcher: Dispatcher(routes: Route.all(document: ByteBuffer(bytes: OpenAPIDocument.bytes(version: configuration.version)))),
            budgets: Budgets(configuration.limits.work), bodies: ByteBudget(configuration.limits.bodyBytes), logger: logger,
            stopping: Latch(),
            now: { Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))) })
        self.admission = Admission(configuration.limits)
    }

    /// Begins a graceful stop: no new connection is accepted, waits are answered as things are, streams end with a line that says why,
    /// and `run()` returns when all connections have ended or the limit for it is over.
    package func stop() { context.stopping.fire() }

    /// Serves until `stop()` was called; when the task is cancelled, closes everything at once. `onListening` is called when connections
    /// are accepted.
    package func run(onListening: @Sendable () async -> Void = {}) async throws(ListenFailure) {
        let socket = try ListeningSocket(configuration.socket)
        let (connections, continuation) = AsyncStream<Accepted>.makeStream()
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

    private func listen(on descriptor: CInt, _ connections: AsyncStream<Accepted>.Continuation) async throws -> any Channel {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // A connection keeps the buffer that it last read into.
            .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 16 * 1024))
            .childChannelOption(.maxMessagesPerRead, value: 2)
            // What a caller does not read lies in the kernel, and counts as the agent's memory.
            .childChannelOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, connections) }
            }
            .withBoundSocket(descriptor).get()
        listener.closeFuture.whenComplete { _ in connections.finish() }
        // NIO makes a bound socket listen for 128 callers, whatever it is told; the system's own limit (net.core.somaxconn) is much higher. A
        // socket that was handed over is told too.
        guard Glibc.listen(descriptor, .max) == 0 else { throw SystemError(call: "listen", number: errno) }
        return listener
    }

    /// The size that is asked for; the kernel takes twice as much for itself.
    private static let sendBuffer: SocketOptionValue = 32 * 1024

    /// Takes a channel up, on its own event loop.
    private func accept(_ channel: any Channel, _ connections: AsyncStream<Accepted>.Continuation) throws {
        let peer = credentials(channel)
        let role = peer.flatMap { context.policy.role(of: $0) }
        let pays = role.map { $0 >= .checkout } ?? false
        let id = ObjectIdentifier(channel)
        channels.withLock { $0[id] = channel }
        let entry = admission.enter(pays: pays)
        channel.closeFuture.whenComplete { _ in
            self.channels.withLock { $0[id] = nil }
            // The others' places are given back when their work has ended.
            if entry == .refused { self.admission.leave(entry, pays: pays) }
        }
        switch entry {
        case .served, .reserved:
            let connection: Connection
            do {
                connection = try Connection(channel, peer: peer, role: role, isReserve: entry == .reserved, server: context)
            } catch {
                admission.leave(entry, pays: pays)
                throw error
            }
            if case .terminated = connections.yield(Accepted(connection: connection, entry: entry, pays: pays)) {
                connection.close()
                admission.leave(entry, pays: pays)
            }
        case .refused, .dropped:
            try channel.pipeline.syncOperations.addHandler(
                OverloadHandler(answer: overloadAnswer(), linger: entry == .refused ? context.limits.linger : nil))
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

    private func overloadAnswer() -> ByteBuffer {
        Response.problem(context.tooManyConnections).wireBytes(
            ResponseContext(
                version: context.version, requestID: Exchange.newRequestID(), keepsConnection: false, now: context.now()))
    }

    /// Every connection's task is a child of this one.
    private func serve(_ connections: AsyncStream<Accepted>, _ listener: any Channel) async {
        let context = context
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for await accepted in connections {
                        group.addTask {
                            await accepted.connection.run()
                            self.admission.leave(accepted.entry, pays: accepted.pays)
                        }
                    }
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
        for channel in channels.withLock({ $0.values.map { $0 } }) { await close(channel) }
    }

    private func close(_ channel: any Channel) async {
        do {
            try await channel.close()
        } catch {
            context.logger.debug("a socket was closed already", metadata: ["reason": "\(error)"])
        }
    }
}
