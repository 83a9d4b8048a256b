import TextSafety
import NIOCore
import NIOHTTP1

/// One open stream to a reader that carries HTTP/1.1.
struct ReaderConnection: Sendable {
    /// The most bytes of one answer's head and body together, a hundred times what readers are known to send.
    static let answerLimit = 256 * 1024

    private let channel: any Channel
    private let handler: NIOLoopBound<CallHandler>

    /// - Throws: when the stream is already over.
    init(over channel: any Channel) async throws {
        self.channel = channel
        self.handler = try await channel.eventLoop.submit {
            let limit = ByteLimit(Self.answerLimit)
            let handler = CallHandler(limit: limit)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(limit)
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(handler)
            return NIOLoopBound(handler, eventLoop: channel.eventLoop)
        }.get()
    }

    /// Sends one request. When the task is cancelled the connection is closed, so that the answer cannot be taken for a later one's.
    func exchange(_ head: HTTPRequestHead, _ body: ByteBuffer, until deadline: NIODeadline) async throws(ExchangeFailure) -> HTTPAnswer {
        let handler = handler
        let channel = channel
        let answer = channel.eventLoop.makePromise(of: HTTPAnswer.self)
        do {
            return try await withTaskCancellationHandler {
                if Task.isCancelled {
                    answer.fail(ExchangeFailure.notSent("the call was given up before anything was sent"))
                } else {
                    channel.eventLoop.execute { handler.value.send(head, body, until: deadline, promise: answer) }
                }
                return try await answer.futureResult.get()
            } onCancel: {
                channel.eventLoop.execute { handler.value.end("the call was given up") }
            }
        } catch let failure as ExchangeFailure {
            throw failure
        } catch {
            throw .lost(Shown.line("the connection failed: \(error)", limit: 200))
        }
    }

    var isOver: Bool {
        get async {
            let handler = handler
            // The loop outlives its channels. If it were gone, the connection would be gone too.
            return (try? await channel.eventLoop.submit { handler.value.isOver }.get()) ?? true
        }
    }

    /// Hangs up. A request in flight is lost.
    func close() async {
        let handler = handler
        channel.eventLoop.execute { handler.value.end("the connection was closed by this side") }
        // A close that reports an error has closed all the same.
        try? await channel.closeFuture.get()
    }

    /// Hangs up without waiting for the farewell.
    func drop() {
        let handler = handler
        channel.eventLoop.execute { handler.value.end("the connection was closed by this side") }
    }
}
