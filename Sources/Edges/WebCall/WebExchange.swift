/// One call and its result, as they were on the wire. It holds secrets: it is for a recorder that takes them out, and its own description
/// leaves them out.
package struct WebExchange: Sendable, CustomStringConvertible {
    package enum Outcome: Sendable {
        /// The answer came, with any status. A refusal's body may be cut short, and so is one that was longer than wanted.
        case answer(status: Int, WebRequest.Body)
        /// No whole answer came. The words name the place, never the query. `sent` says whether the request may have arrived.
        case failure(String, sent: Bool)
    }

    package var request: WebRequest
    package var outcome: Outcome
    /// The time from the call to its end.
    package var took: Duration

    init(_ request: WebRequest, begun: ContinuousClock.Instant, _ outcome: Outcome) {
        self.request = request
        self.outcome = outcome
        self.took = ContinuousClock.now - begun
    }

    package var description: String { "\(request) took \(took)" }
}
