import NIOCore

/// Counts what a reader sends in answer to one request, before anything is made of it, and ends the connection above the limit.
final class ByteLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Exceeded: Error {}

    private let limit: Int
    private var count = 0

    init(_ limit: Int) { self.limit = limit }

    /// A new request: its answer counts from nothing.
    func restart() { count = 0 }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let before = count
        count += unwrapInboundIn(data).readableBytes
        guard count > limit else {
            context.fireChannelRead(data)
            return
        }
        // Told once; whatever follows until the connection is closed is dropped.
        if before <= limit { context.fireErrorCaught(Exceeded()) }
    }
}
