import CheckoutAPI

extension CheckoutClient {
    /// What the agent is, and who it thinks is asking (`GET /v1/info`).
    public func info() async throws(ClientError) -> Info {
        try await call(.get, Target("info"))
    }

    /// Whether a payment can be taken now and, if not, why (`GET /v1/status`).
    public func status() async throws(ClientError) -> Status {
        try await call(.get, Target("status"))
    }

    /// The OpenAPI document that the agent serves (`GET /v1/openapi.json`), as it came: JSON text.
    public func openAPIDocument() async throws(ClientError) -> String {
        try await send(.get, Target("openapi.json")).text
    }

    /// Agrees that the agent goes on without a damaged journal (`POST /v1/journal/accept-loss`, for technicians).
    public func acceptJournalLoss(note: String) async throws(ClientError) {
        try await send(.post, Target("journal", "accept-loss"), body: AcceptLossBody(note: note))
    }
}
