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
    /// What can be answered here; nil: nothing, for this caller.
    private let quick: QuickAnswers?
    /// Questions that were answered here since bytes came last.
    private var quickInRow = 0
    private var isPumping = false
    private var phase = Phase.idle
    private var parser = RequestParser()
    private var head: RequestHead?
    private var pending = ByteBuffer()
    /// What the body that is being received has of the budget.
    private var charge = 0
    private var inputEnded = false
    private var stopping = false
    private var timer: Scheduled<Void>?
    /// The timer waits for `idleUntil`, which moves on while it runs: one timer serves many short requests.
    private var isIdleTimer = false
    private var idleUntil = NIODeadline.distantFuture
    /// The time for the request that is being received runs.
    private var isTimed = false
    private var lingered = 0
    private var context: ChannelHandlerContext?

    /// Kept while a request is served; more than this waits in the kernel.
    private static let mostPending = 16 * 1024
    private static let mostLingered = 4 * 1024 * 1024
    /// So much of a body every connection may keep: payments are smaller.
    private static let freeBody = 16 * 1024
    /// Then others have their turn on the event loop.
    private static let mostQuickInRow = 16

    init(
        limits: ServerLimits, incoming: AsyncStream<Incoming>.Continuation, gone: Latch, bodies: ByteBudget,
        quick: QuickAnswers? = nil,
        admits: @escaping (RequestHead) -> Bool
    ) {
        self.limits = limits
        self.incoming = incoming
        self.gone = gone
        self.bodies = bodies
        self.quick = quick
        self.admits = admits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        startIdleTimer()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        quickInRow = 0
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
        startIdleTimer()
        pump()
        if inputEnded, phase == .idle, !isPumping { close() }
    }

    /// A graceful stop has begun: a connection without a request is closed after a moment.
    func stop() {
        stopping = true
        if phase == .idle { startTimer(limits.stopGrace) { $0.close() } }
    }

    private func pump() {
        // Of an answer that was written here: the loop below goes on.
        guard !isPumping else { return }
        isPumping = true
        defer {
            isPumping = false
            giveBack()
        }
        while phase == .idle || phase == .receiving {
            do {
                let step = try parser.next(&pending)
                if phase == .idle, !(step == .needsMore && parser.isEmpty) {
                    phase = .receiving
                    isTimed = false
                }
                switch step {
                case .needsMore:
                    if phase == .receiving, !isTimed { startRequestTimer() }
                    if inputEnded, phase == .receiving { refuse(.malformed("The connection was closed in the middle of a request.")) }
                    try chargeBody()
                    return
                case .head(let head): begin(head)
                case .request(let request):
                    if charge == 0, quickInRow < Self.mostQuickInRow, let answer = quick?.answer(to: request.head) {
                        write(answer)
                        continue
                    }
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
        cancelTimer()
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

    /// Most often the kernel has it when this returns, and the next request can be looked at.
    private func write(_ answer: QuickAnswers.Answer) {
        guard let context else { return }
        quickInRow += 1
        phase = .serving
        head = nil
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(answer.bytes), promise: written)
        written.futureResult.assumeIsolated().whenComplete { [weak self] result in
            guard let self, case .success = result else { return }
            self.finished(keepsConnection: answer.keepsConnection)
        }
        // A caller that does not take it in time loses the connection.
        if phase == .serving { startTimer(limits.write) { $0.close() } }
    }

    private func startRequestTimer() {
        startTimer(limits.request) { handler in
            handler.refuse(Problem(.requestTimeout, "The request did not arrive whole in \(handler.limits.request)."))
        }
        isTimed = true
    }

    private func startIdleTimer() {
        let limit = stopping ? limits.stopGrace : limits.idle
        idleUntil = .now() + TimeAmount(limit)
        // The one that runs looks again when it is over.
        if isIdleTimer, !stopping { return }
        startTimer(limit) { $0.idleIsOver() }
        isIdleTimer = true
    }

    private func idleIsOver() {
        isIdleTimer = false
        let left = idleUntil - .now()
        guard left > .zero else { return close() }
        startTimer(.nanoseconds(left.nanoseconds)) { $0.idleIsOver() }
        isIdleTimer = true
    }

    private func cancelTimer() {
        timer?.cancel()
        isIdleTimer = false
    }

    private func startTimer(_ duration: Duration, _ action: @escaping (ConnectionHandler) -> Void) {
        cancelTimer()
        guard let loop = context?.eventLoop else { return }
        timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { [weak self] in
            if let self, self.phase != .closed { action(self) }
        }
    }
}
