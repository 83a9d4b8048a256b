import CheckoutAPI
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its answer over the agent's Unix socket, on a connection of its own.
struct Connection: Sendable {
    typealias HTTPChannel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    let path: String
    /// How many bytes of an answer, or of one line of a stream, are taken before it is refused.
    let limit: Int

    /// Sends `message` and gives the whole answer.
    func answer(to message: Message, within deadline: Duration) async throws(ClientError) -> Answer {
        do {
            return try await withDeadline(deadline) {
                try await connect(silence: nil).executeThenClose { inbound, outbound in
                    let unsent = await send(message, to: outbound)
                    var parts = inbound.makeAsyncIterator()
                    let head = try await head(&parts, unsent: unsent)
                    return Answer(head: head, body: try await body(&parts))
                }
            }
        } catch {
            throw Self.clientError(error, path: path)
        }
    }

    /// Sends `message` and hands over each line of the answer, waiting until it was taken. Returns at the end of the stream.
    ///
    /// `silence` is how long nothing may come. A refusal comes before the first line, as ``ClientError/problem(_:)``.
    func lines(
        of message: Message, silence: Duration, _ take: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) async throws(ClientError) {
        do {
            try await connect(silence: silence).executeThenClose { inbound, outbound in
                let unsent = await send(message, to: outbound)
                var parts = inbound.makeAsyncIterator()
                let head = try await head(&parts, unsent: unsent)
                guard (200..<300).contains(head.status.code) else {
                    return try Answer(head: head, body: try await body(&parts)).throwProblem()
                }
                var splitter = LineSplitter(limit: limit)
                while let part = try await parts.next() {
                    switch part {
                    case .head: throw ClientError.invalidAnswer(reason: "a second answer")
                    case .body(let bytes):
                        splitter.append(bytes)
                        while let line = try splitter.next() { try await take(line) }
                    case .end: return
                    }
                }
                throw ClientError.connectionLost(reason: "the stream broke off")
            }
        } catch {
            throw Self.clientError(error, path: path)
        }
    }

    /// A Unix socket whose queue of callers is full says so at once (`EAGAIN`): such a moment is waited out.
    private func connect(silence: Duration?) async throws -> HTTPChannel {
        for pause: Duration in [.milliseconds(20), .milliseconds(100), .milliseconds(500)] {
            do {
                return try await connectOnce(silence: silence)
            } catch let error as IOError where error.errnoCode == EAGAIN {
                try await Task.sleep(for: pause)
            }
        }
        return try await connectOnce(silence: silence)
    }

    private func connectOnce(silence: Duration?) async throws -> HTTPChannel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let silence {
                        try pipeline.addHandler(IdleStateHandler(readTimeout: TimeAmount(silence)))
                        try pipeline.addHandler(SilenceHandler(limit: silence))
                    }
                    try pipeline.addHTTPClientHandlers()
                    return try HTTPChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    /// Sends all of it in one go, for the agent answers and hangs up as soon as it has read enough: a request without a body when its head is
    /// there, one that it refuses before its body. What went wrong is given back and not thrown: there may be an answer all the same.
    private func send(_ message: Message, to outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>) async -> (any Error)? {
        var parts: [HTTPClientRequestPart] = [.head(message.head)]
        if let body = message.body { parts.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
        parts.append(.end(nil))
        do {
            try await outbound.write(contentsOf: parts)
            return nil
        } catch {
            return error
        }
    }

    private typealias Parts = NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

    private func head(_ parts: inout Parts, unsent: (any Error)?) async throws -> HTTPResponseHead {
        switch try await parts.next() {
        case .head(let head): return head
        case nil: throw unsent ?? ClientError.connectionLost(reason: "it was closed without an answer")
        case .body, .end: throw ClientError.invalidAnswer(reason: "an answer without a head")
        }
    }

    private func body(_ parts: inout Parts) async throws -> ByteBuffer {
        var body = ByteBuffer()
        while let part = try await parts.next() {
            switch part {
            case .head: throw ClientError.invalidAnswer(reason: "a second answer")
            case .body(var bytes):
                guard body.readableBytes + bytes.readableBytes <= limit else {
                    throw ClientError.invalidAnswer(reason: "more than \(limit) bytes")
                }
                body.writeBuffer(&bytes)
            case .end: return body
            }
        }
        throw ClientError.connectionLost(reason: "the answer broke off")
    }
}
