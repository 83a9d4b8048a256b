import NIOCore

/// Ends a stream on which nothing came for so long that not even a heartbeat arrived (an `IdleStateHandler` before it tells).
final class SilenceHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let limit: Duration

    init(limit: Duration) { self.limit = limit }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        context.fireErrorCaught(ClientError.timedOut(after: limit))
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
    }
}
