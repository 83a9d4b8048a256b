import CheckoutAPI

/// How metrics are written.
public enum MetricsFormat: Sendable {
    /// OpenMetrics 1.0.
    case openMetrics
    /// The text format that was there before, for node_exporter's textfile collector and `promtool`. Names of the process begin with `readerd_`.
    case prometheus

    var mediaType: String {
        switch self {
        case .openMetrics: "application/openmetrics-text"
        case .prometheus: "text/plain"
        }
    }
}

extension CheckoutClient {
    /// What is wrong at the agent and around it (`POST /v1/checks`): each result as it comes, then the summary. Nothing means all checks.
    ///
    /// Looking moves no money. Letting go of the stream ends the checks.
    public func checks(_ ids: [String] = []) -> AsyncThrowingStream<CheckLine, any Error> {
        summed(Target("checks"), ChecksBody(checks: ids.isEmpty ? nil : ids))
    }

    /// The agent's numbers (`GET /v1/metrics`).
    public func metrics(_ format: MetricsFormat = .openMetrics) async throws(ClientError) -> String {
        try await send(.get, Target("metrics"), accept: format.mediaType).text
    }

    /// The calls that a payment took, with their times, as far as the agent remembers them (`GET /v1/payments/{id}/trace`).
    public func paymentTrace(_ id: String) async throws(ClientError) -> PaymentTrace {
        try await call(.get, Target("payments", id, "trace"))
    }
}
