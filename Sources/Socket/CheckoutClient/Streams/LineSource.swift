import CheckoutAPI
import NIOCore

/// One open stream: owns the task that reads the connection. When it is let go of, the connection closes.
final class LineSource: Sendable {
    private let lines: Handoff<ByteBuffer>
    private let reading: Task<Void, Never>

    init(_ connection: Connection, _ message: Message, silence: Duration) {
        let lines = Handoff<ByteBuffer>()
        self.lines = lines
        self.reading = Task {
            do throws(ClientError) {
                try await connection.lines(of: message, silence: silence) { try await lines.send($0) }
                lines.end(nil)
            } catch {
                lines.end(error)
            }
        }
    }

    deinit { reading.cancel() }

    /// The next line; nil when the agent ended the stream.
    func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await lines.next()
        } onCancel: {
            reading.cancel()
        }
    }
}

extension CheckoutClient {
    static let lineType = "application/x-ndjson"

    /// POSTs a body, and follows the lines that are answered to their summary; a heartbeat tells nothing.
    func summed<Line: SummedLine>(_ target: Target, _ body: some Encodable) -> AsyncThrowingStream<Line, any Error> {
        var message = Message(method: .post, target: target, accept: Self.lineType)
        do throws(ClientError) {
            message.body = try Self.written(body)
        } catch {
            return AsyncThrowingStream { throw error }
        }
        return lines(message) { (line: Line) throws(ClientError) in
            if let problem = line.problem { throw .problem(problem) }
            return line == .heartbeat ? nil : line
        }
    }

    /// Follows the lines that answer a request; `news` gives nil for a line that tells nothing, and throws what ends the stream.
    func lines<Line: Decodable & Sendable, News: Sendable>(
        _ message: Message, news: @escaping @Sendable (Line) throws(ClientError) -> News?
    ) -> AsyncThrowingStream<News, any Error> {
        let source = LineSource(connection, message, silence: silenceLimit)
        return AsyncThrowingStream {
            while let line = try await source.next() {
                if let told = try news(try line.decoded("a line of the stream")) { return told }
            }
            return nil
        }
    }
}
