import CheckoutAPI
import FoundationEssentials
import NIOCore

extension CheckoutClient {
    /// What is wrong at the agent and around it (`POST /v1/checks`): each result as it comes, then the summary. Nothing means all checks.
    ///
    /// Looking moves no money. Letting go of the stream ends the checks.
    public func checks(_ ids: [String] = []) -> AsyncThrowingStream<CheckLine, any Error> {
        var message = Message(method: .post, target: Target("checks"), accept: "application/x-ndjson")
        do {
            message.body = Array(try JSONEncoder().encode(ChecksBody(checks: ids.isEmpty ? nil : ids)))
        } catch {
            return AsyncThrowingStream { throw ClientError.invalidAnswer(reason: "the request cannot be written as JSON") }
        }
        let source = LineSource(connection, message, silence: silenceLimit)
        return AsyncThrowingStream {
            while let line = try await source.next() {
                switch try Self.line(line, CheckLine.self) {
                case .heartbeat: continue
                case .end(let problem): throw ClientError.problem(problem)
                case let result: return result
                }
            }
            return nil
        }
    }

    /// OpenMetrics text (`GET /v1/metrics`).
    public func metrics() async throws(ClientError) -> String {
        try await send(.get, Target("metrics")).text
    }

    /// The calls that a payment took, with their times, as far as the agent remembers them (`GET /v1/payments/{id}/trace`).
    public func paymentTrace(_ id: String) async throws(ClientError) -> PaymentTrace {
        try await call(.get, Target("payments", id, "trace"))
    }
}
