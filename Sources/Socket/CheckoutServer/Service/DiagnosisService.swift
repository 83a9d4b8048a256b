import CheckoutAPI

/// What the socket answers about the agent's own health. Nothing here can move money.
package protocol DiagnosisService: Sendable {
    /// Runs the checks side by side; each result comes as soon as it is there, then the summary. An unknown id is refused first.
    func check(_ ids: [String]?, caller: Caller) async throws(Problem) -> LineSource<CheckLine>
    /// Looks for devices now; each comes as soon as it is seen, then the summary. Letting go of the lines gives the look up.
    func discover(_ body: DiscoveryBody, caller: Caller) async throws(Problem) -> LineSource<DiscoveryLine>
    /// Tries a reader out, step after step, then the summary. Refused beside a payment on it.
    func trial(_ reader: String, _ body: TrialBody, caller: Caller) async throws(Problem) -> LineSource<TrialLine>
    /// OpenMetrics text.
    func metrics(caller: Caller) async throws(Problem) -> String
    func paymentTrace(_ id: String, caller: Caller) async throws(Problem) -> PaymentTrace
}

/// Lines on their way to one caller, made by work that is bounded in itself.
///
/// The work runs while somebody reads: it is cancelled when the caller leaves.
package struct LineSource<Line: Encodable & Sendable>: Sendable {
    package let lines: AsyncThrowingStream<Line, any Error>

    /// `work` sends its lines and returns; a thrown `Problem` ends the stream with it.
    package init(_ work: @escaping @Sendable (_ send: @escaping @Sendable (Line) -> Void) async throws -> Void) {
        lines = AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await work { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Each line as JSON text.
    func encoded() -> EncodedLines {
        EncodedLines { take in
            for try await line in lines { try await take(try Response.encoded(line)) }
        }
    }
}

/// Lines that are JSON text already, whatever they were made of.
struct EncodedLines: Sendable {
    /// Hands over each line, waiting until it was taken; returns at the end.
    let deliver: @Sendable (_ take: @escaping @Sendable ([UInt8]) async throws -> Void) async throws -> Void

    init(_ deliver: @escaping @Sendable (_ take: @escaping @Sendable ([UInt8]) async throws -> Void) async throws -> Void) {
        self.deliver = deliver
    }
}
