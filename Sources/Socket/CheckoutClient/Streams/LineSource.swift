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
