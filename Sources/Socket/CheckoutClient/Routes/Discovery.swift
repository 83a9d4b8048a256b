import CheckoutAPI
import FoundationEssentials
import NIOCore

extension CheckoutClient {
    /// Looks for devices now (`POST /v1/discovery`): each as it is seen, with progress between, then the summary.
    ///
    /// Letting go of the stream gives the look up.
    public func discover(_ body: DiscoveryBody = DiscoveryBody()) -> AsyncThrowingStream<DiscoveryLine, any Error> {
        lines(Target("discovery"), body) { line in
            switch line {
            case .heartbeat: nil
            case .end(let problem): .failure(.problem(problem))
            default: .success(line)
            }
        }
    }

    /// POSTs a body, and follows the lines that are answered; `judge` gives nil for a line that tells nothing.
    func lines<Line: Decodable & Sendable>(
        _ target: Target, _ body: some Encodable, judge: @escaping @Sendable (Line) -> Result<Line, ClientError>?
    ) -> AsyncThrowingStream<Line, any Error> {
        var message = Message(method: .post, target: target, accept: "application/x-ndjson")
        do {
            message.body = Array(try JSONEncoder().encode(body))
        } catch {
            return AsyncThrowingStream { throw ClientError.invalidAnswer(reason: "the request cannot be written as JSON") }
        }
        let source = LineSource(connection, message, silence: silenceLimit)
        return AsyncThrowingStream {
            while let line = try await source.next() {
                if let judged = judge(try Self.line(line, Line.self)) { return try judged.get() }
            }
            return nil
        }
    }

    private static func line<Line: Decodable>(_ bytes: ByteBuffer, _: Line.Type) throws(ClientError) -> Line {
        do {
            return try JSONDecoder().decode(Line.self, from: Data(bytes.readableBytesView))
        } catch let error as DecodingError {
            throw .invalidAnswer(reason: "a line of the stream: \(error.place)")
        } catch {
            throw .invalidAnswer(reason: "a line of the stream could not be read")
        }
    }
}
