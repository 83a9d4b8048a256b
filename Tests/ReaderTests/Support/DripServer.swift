import NIOCore
import NIOPosix
import Synchronization

/// Answers whatever arrives with one byte of a good answer every 20 ms.
final class DripServer: Sendable {
    private let listener = Mutex<(any Channel)?>(nil)

    func start() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Drip()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await listener.withLock { $0 }?.close() }

    private final class Drip: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n".utf8) + [UInt8](repeating: 0x20, count: 5000)
        private var position: Int?

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard position == nil else { return }
            position = 0
            drip(context)
        }

        private func drip(_ context: ChannelHandlerContext) {
            guard let place = position, place < answer.count, context.channel.isActive else { return }
            context.writeAndFlush(NIOAny(ByteBuffer(bytes: [answer[place]])), promise: nil)
            position = place + 1
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(20)) { bound.value.0.drip(bound.value.1) }
        }
    }
}
