import CheckoutAPI

/// Cards on file.
extension CheckoutClient {
    /// Begins to keep a customer's card, or finds the attempt that has this id (`PUT /v1/card-setups/{id}`). Safe to repeat, as
    /// ``pay(_:_:wait:)`` is; no money moves.
    public func keepCard(_ id: String, _ body: CardSetupBody, wait: Duration = .zero) async throws(ClientError) -> CardSetup {
        let wait = Self.seconds(wait)
        return try await call(.put, Target("card-setups", id).with("wait", wait.text), body: body, wait: wait.duration)
    }

    /// The card set-up, at once or, with `wait`, when it has ended (`GET /v1/card-setups/{id}`).
    public func cardSetup(_ id: String, wait: Duration = .zero) async throws(ClientError) -> CardSetup {
        let wait = Self.seconds(wait)
        return try await call(.get, Target("card-setups", id).with("wait", wait.text), wait: wait.duration)
    }

    /// Asks the agent to stop a card set-up (`POST /v1/card-setups/{id}/cancel`); its state says when and how it ended.
    @discardableResult
    public func cancelCardSetup(_ id: String) async throws(ClientError) -> CardSetup {
        try await call(.post, Target("card-setups", id, "cancel"))
    }

    /// Has the backend store a payment method that Stripe knows already (`POST /v1/bankcards`).
    public func storeBankcard(_ body: BankcardBody) async throws(ClientError) -> Bankcard {
        try await call(.post, Target("bankcards"), body: body)
    }
}
