import TextSafety
import NIOCore
import NIOHTTP1

/// The answer to one request, as HTTP carried it.
struct HTTPAnswer: Sendable {
    var status: Int
    var body: ByteBuffer
    /// Another request may follow on the same connection.
    var reusable: Bool
}

/// The reason why a request on an open connection brought no answer.
enum ExchangeFailure: Error {
    /// Nothing was written, for the connection was already over.
    case notSent(String)
    /// The request was written, or may have been.
    case lost(String)
}

/// The end of the pipeline: one request at a time, one answer for it. Whatever is not the answer to the request in flight ends the
/// connection.
final class CallHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private struct Pending {
        var promise: EventLoopPromise<HTTPAnswer>
        var timeout: Scheduled<Void>
        var head: HTTPResponseHead?
        var body: ByteBuffer
        var written = false
    }

    private enum State {
        /// The connection stands, and no request was made. The state becomes `waiting` or `over`.
        case idle
        /// A request or its answer is on its way. The state becomes `idle` or `over`.
        case waiting(Pending)
        /// No request is written any more. The channel is closed or closing.
        case over(String)
    }

    private var state = State.idle
    private var context: ChannelHandlerContext?
    private let limit: ByteLimit

    init(limit: ByteLimit) { self.limit = limit }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if !context.channel.isActive { state = .over("the connection was closed before anything was sent") }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Writes the request and completes the promise exactly once. The call belongs on the event loop.
    func send(_ head: HTTPRequestHead, _ body: ByteBuffer, until deadline: NIODeadline, promise: EventLoopPromise<HTTPAnswer>) {
        guard let context else {
            promise.fail(ExchangeFailure.notSent("the connection is gone"))
            return
        }
        switch state {
        case .over(let reason):
            promise.fail(ExchangeFailure.notSent(reason))
            return
        case .waiting:
            promise.fail(ExchangeFailure.notSent("another request is in flight on this connection"))
            return
        case .idle: break
        }
        guard context.channel.isActive else {
            end("the connection was closed")
            promise.fail(ExchangeFailure.notSent("the connection was closed before anything was sent"))
            return
        }
        guard deadline > .now() else {
            promise.fail(ExchangeFailure.notSent("no time was left to send anything"))
            return
        }
        limit.restart()
        let timeout = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            self.end("there was no whole answer in time")
        }
        state = .waiting(
            Pending(promise: promise, timeout: timeout, head: nil, body: context.channel.allocator.buffer(capacity: 1024)))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { [weak self] result in
            switch result {
            case .success: self?.wrote()
            case .failure(let error): self?.end(Self.reason(error))
            }
        }
    }

    /// Whether the connection is over. The property belongs on the event loop.
    var isOver: Bool {
        if case .over = state { true } else { false }
    }

    /// Ends the connection. A request in flight fails as lost. The call belongs on the event loop.
    func end(_ reason: String) {
        if case .over = state { return }
        if case .waiting(let pending) = state {
            pending.timeout.cancel()
            pending.promise.fail(ExchangeFailure.lost(reason))
        }
        state = .over(reason)
        context?.close(promise: nil)
    }

    private func wrote() {
        guard case .waiting(var pending) = state else { return }
        pending.written = true
        state = .waiting(pending)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard case .waiting(var pending) = state else {
            end("the reader sent something that nobody had asked for")
            return
        }
        switch part {
        case .head(let head):
            pending.head = head
            state = .waiting(pending)
        case .body(var bytes):
            // The state lets go of the buffer, so that it is not held twice while it grows.
            state = .idle
            pending.body.writeBuffer(&bytes)
            state = .waiting(pending)
        case .end:
            guard let head = pending.head else {
                end("the answer had no head")
                return
            }
            // An answer that came before the whole request was taken leaves a connection in an unknown state.
            let reusable = head.isKeepAlive && pending.written
            pending.timeout.cancel()
            state = .idle
            pending.promise.succeed(HTTPAnswer(status: Int(head.status.code), body: pending.body, reusable: reusable))
            if !reusable { end("the reader ended the connection after its answer") }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(Self.reason(error)) }

    func channelInactive(context: ChannelHandlerContext) {
        end("the reader closed the connection")
        context.fireChannelInactive()
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case is ByteLimit.Exceeded: "the answer was larger than any reader's"
        case is HTTPParserError: "the answer was not HTTP, or was cut short"
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.inputClosed, ChannelError.outputClosed:
            "the connection was closed"
        case let error as IOError: Shown.line("the connection broke: \(error)", limit: 200)
        default: Shown.line("the connection failed: \(error)", limit: 200)
        }
    }
}
