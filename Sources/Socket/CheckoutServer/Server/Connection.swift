import CheckoutAPI
import Logging
import NIOCore

/// One caller's connection: takes requests one at a time and answers them in order.
final class Connection: Sendable {
    /// Who is at the other end; nil when the kernel did not say.
    let peer: PeerCredentials?
    let role: Role?
    /// Whether all places were taken: then it serves a payment, and nothing else.
    let isReserve: Bool
    /// The channel has closed.
    let gone = Latch()
    private let channel: any Channel
    private let handler: NIOLoopBound<ConnectionHandler>
    private let incoming: AsyncStream<Incoming>
    private let server: ServerContext

    /// Puts the connection on a freshly accepted channel. On the channel's event loop.
    init(_ channel: any Channel, peer: PeerCredentials?, role: Role?, isReserve: Bool, server: ServerContext) throws {
        self.channel = channel
        self.peer = peer
        self.role = role
        self.isReserve = isReserve
        self.server = server
        var limits = server.limits
        if isReserve {
            limits.idle = limits.reserveIdle
            limits.request = min(limits.request, limits.reserveIdle)
        }
        let (incoming, continuation) = AsyncStream<Incoming>.makeStream()
        self.incoming = incoming
        var quick: QuickAnswers?
        if let peer, let role, !isReserve { quick = QuickAnswers(server, peer: peer, role: role) }
        let handler = ConnectionHandler(limits: limits, incoming: continuation, gone: gone, bodies: server.bodies, quick: quick) { head in
            server.dispatcher.admits(head, role: role)
        }
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Serves until the connection closes; when the task is cancelled, closes it.
    func run() async {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.watchStop() }
                for await next in incoming {
                    let keeps = await Exchange(self, server, next).answer()
                    channel.eventLoop.execute { self.handler.value.finished(keepsConnection: keeps) }
                }
                group.cancelAll()
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func watchStop() async {
        await server.stopping.wait()
        guard server.stopping.isFired else { return }
        channel.eventLoop.execute { self.handler.value.stop() }
    }

    func close() { channel.close(promise: nil) }

    /// Writes and waits until the kernel has it; a caller that does not take it in time loses the connection.
    func write(_ bytes: ByteBuffer, _ more: ByteBuffer? = nil) async throws {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(server.limits.write)) { channel.close(promise: nil) }
        defer { timer.cancel() }
        guard let more else { return try await channel.writeAndFlush(bytes) }
        channel.write(bytes, promise: nil)
        try await channel.writeAndFlush(more)
    }
}
