import NIOCore

/// Counts the bytes that a reader sends in answer to one request, before anything is made of them, and ends the connection above the limit.
final class ByteLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Exceeded: Error {}

    private let limit: Int
    private var count = 0

    init(_ limit: Int) { self.limit = limit }

    /// Notes a new request. Its answer counts from zero.
    func restart() { count = 0 }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let before = count
        count += unwrapInboundIn(data).readableBytes
        guard count > limit else {
            context.fireChannelRead(data)
            return
        }
        // The error is reported once. Whatever follows until the connection is closed is dropped.
        if before <= limit { context.fireErrorCaught(Exceeded()) }
    }
}
