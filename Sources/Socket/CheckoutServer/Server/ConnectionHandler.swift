import CheckoutAPI
import NIOCore

/// What a connection brings, one at a time: the next comes when the answer to the last is finished.
enum Incoming: Sendable {
    case request(RequestHead, ReceivedBody)
    /// What came is no request; after the answer the connection ends. `head` is known when only the body was refused.
    case refused(Problem, head: RequestHead?)
    /// The caller waits with the body, and the head says that it would be refused. After the answer the connection ends.
    case unexpected(RequestHead)
}

/// Turns bytes into requests and keeps time. Lives on the event loop; the connection's task does the answering.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Between requests.
        case idle
        /// Some of a request has come.
        case receiving
        /// The task has it; what comes meanwhile is kept.
        case serving
        /// The last answer is out: what comes is thrown away until the caller closes.
        case lingering
        case closed
    }

    private let limits: ServerLimits
    private let incoming: AsyncStream<Incoming>.Continuation
    private let gone: Latch
    private let bodies: ByteBudget
    /// Whether a request with this head would be admitted, before its body has come.
    private let admits: (RequestHead) -> Bool
    private var phase = Phase.idle
    private var parser = RequestParser()
    private var head: RequestHead?
    private var pending = ByteBuffer()
    /// What the body that is being received has of the budget.
    private var charge = 0
    private var inputEnded = false
    private var stopping = false
    private var timer: Scheduled<Void>?
    private var lingered = 0
    private var context: ChannelHandlerContext?

    /// Kept while a request is served; more than this waits in the kernel.
    private static let mostPending = 16 * 1024
    private static let mostLingered = 4 * 1024 * 1024
    /// So much of a body every connection may keep: payments are smaller.
    private static let freeBody = 16 * 1024

    init(
        limits: ServerLimits, incoming: AsyncStream<Incoming>.Continuation, gone: Latch, bodies: ByteBudget,
        admits: @escaping (RequestHead) -> Bool
    ) {
        self.limits = limits
        self.incoming = incoming
        self.gone = gone
        self.bodies = bodies
        self.admits = admits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        startTimer(limits.idle) { $0.close() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        switch phase {
        case .closed: return
        case .lingering:
            lingered += buffer.readableBytes
            if lingered > Self.mostLingered { close() }
        case .idle, .receiving, .serving:
            if pending.readableBytes == 0 { pending = buffer } else { pending.writeBuffer(&buffer) }
            if phase == .serving {
                if pending.readableBytes > Self.mostPending { setAutoRead(false) }
            } else {
                pump()
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        inputEnded = true
        switch phase {
        case .idle, .lingering: close()
        case .receiving: refuse(.malformed("The connection was closed in the middle of a request."))
        case .serving, .closed: return
        }
    }

    /// Called when the answer to what was handed over is on its way.
    func finished(keepsConnection: Bool) {
        guard phase == .serving else { return }
        guard keepsConnection else { return linger() }
        phase = .idle
        setAutoRead(true)
        startTimer(stopping ? limits.stopGrace : limits.idle) { $0.close() }
        pump()
        if inputEnded, phase == .idle { close() }
    }

    /// A graceful stop has begun: a connection without a request is closed after a moment.
    func stop() {
        stopping = true
        if phase == .idle { startTimer(limits.stopGrace) { $0.close() } }
    }

    private func pump() {
        defer { giveBack() }
        while phase == .idle || phase == .receiving {
            do {
                let step = try parser.next(&pending)
                if phase == .idle, !(step == .needsMore && parser.isEmpty) {
                    phase = .receiving
                    startTimer(limits.request) { handler in
                        handler.refuse(Problem(.requestTimeout, "The request did not arrive whole in \(handler.limits.request)."))
                    }
                }
                switch step {
                case .needsMore:
                    if inputEnded, phase == .receiving { refuse(.malformed("The connection was closed in the middle of a request.")) }
                    try chargeBody()
                    return
                case .head(let head): begin(head)
                case .request(let request):
                    hand(.request(request.head, ReceivedBody(request.body, charge: charge, of: bodies)), keepsCharge: true)
                }
            } catch {
                refuse(error)
            }
        }
    }

    /// Large bodies are kept while all of them together are not too many, and only if they are wanted at all.
    private func chargeBody() throws(Problem) {
        guard phase == .receiving, parser.keptBytes > Self.freeBody else { return }
        if charge == 0, let head, !admits(head) { return parser.discardBody() }
        let more = parser.keptBytes - charge
        guard bodies.take(more) else {
            throw Problem(
                .overloaded, "Too many large requests are under way.", remedy: "Ask again in a moment, or send less at once.")
        }
        charge += more
    }

    private func giveChargeBack() {
        bodies.giveBack(charge)
        charge = 0
    }

    /// Lets go of what has been read: a buffer keeps all that was ever written to it until it is told otherwise.
    private func giveBack() {
        if pending.readableBytes == 0 {
            pending = ByteBuffer()
        } else if pending.readerIndex >= pending.readableBytes {
            // What is moved is less than what was read since the last time, so that many small requests do not move the rest for each.
            pending.discardReadBytes()
        }
    }

    private func begin(_ head: RequestHead) {
        self.head = head
        guard head.expectsContinue else { return }
        do {
            _ = try BodyParser(head)
        } catch {
            return refuse(error)
        }
        if admits(head) {
            context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
        } else {
            hand(.unexpected(head))
        }
    }

    private func refuse(_ problem: Problem) { hand(.refused(problem, head: head)) }

    /// - Parameter keepsCharge: what is handed over gives back what its body has of the budget.
    private func hand(_ next: Incoming, keepsCharge: Bool = false) {
        timer?.cancel()
        phase = .serving
        head = nil
        if keepsCharge { charge = 0 } else { giveChargeBack() }
        incoming.yield(next)
    }

    /// Closing with unread bytes would take the answer away from a caller that still writes.
    private func linger() {
        phase = .lingering
        pending = ByteBuffer()
        guard !inputEnded, let context else { return close() }
        setAutoRead(true)
        startTimer(limits.linger) { $0.close() }
        context.close(mode: .output, promise: nil)
    }

    private func close() {
        context?.close(promise: nil)
    }

    private func end() {
        guard phase != .closed else { return }
        phase = .closed
        timer?.cancel()
        pending = ByteBuffer()
        parser = RequestParser()
        giveChargeBack()
        context = nil
        gone.fire()
        incoming.finish()
    }

    private func setAutoRead(_ on: Bool) {
        guard let channel = context?.channel, let options = channel.syncOptions else { return }
        do {
            try options.setOption(.autoRead, value: on)
        } catch {
            close()
        }
    }

    private func startTimer(_ duration: Duration, _ action: @escaping (ConnectionHandler) -> Void) {
        timer?.cancel()
        guard let loop = context?.eventLoop else { return }
        timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { [weak self] in
            if let self, self.phase != .closed { action(self) }
        }
    }
}
