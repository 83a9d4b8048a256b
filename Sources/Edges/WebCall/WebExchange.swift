/// One call and what came of it, as it was on the wire. It holds secrets: it is for a recorder that takes them out, and describes itself without.
package struct WebExchange: Sendable, CustomStringConvertible {
    package enum Outcome: Sendable {
        /// Any status. A refusal's body may be cut short, and so is one that was longer than wanted.
        case answer(status: Int, WebRequest.Body)
        /// No whole answer. The words name the place, never the query; `sent` tells whether the request may have arrived.
        case failure(String, sent: Bool)
    }

    package var request: WebRequest
    package var outcome: Outcome
    /// From the call to its end.
    package var took: Duration

    init(_ request: WebRequest, begun: ContinuousClock.Instant, _ outcome: Outcome) {
        self.request = request
        self.outcome = outcome
        self.took = ContinuousClock.now - begun
    }

    package var description: String { "\(request) took \(took)" }
}
