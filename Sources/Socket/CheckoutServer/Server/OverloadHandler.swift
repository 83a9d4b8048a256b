import CheckoutAPI
import NIOCore

/// Answers 429 on a connection that is one too many, whatever it asks, and closes it when the caller has had time to read.
final class OverloadHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: ByteBuffer
    private let linger: TimeAmount?
    private var timer: Scheduled<Void>?

    /// - Parameter linger: how long the caller may take; nil when there are too many such connections to wait for any. What was written can
    ///   be read all the same, unless the caller writes first and minds that nobody listens.
    init(answer: ByteBuffer, linger: Duration?) {
        self.answer = answer
        self.linger = linger.map { TimeAmount($0) }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(answer), promise: nil)
        guard let linger else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
    }

    /// Throws away what comes: what is left unread would take the answer from the caller.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { timer?.cancel() }
}
