import CheckoutAPI

extension CheckoutClient {
    /// Begins a payment, or finds the one that has this id (`PUT /v1/payments/{id}`).
    ///
    /// **It is safe to repeat.** The same id with the same body never starts a second payment: it attaches to the one that runs, or answers
    /// the one that ended. So keep the id and the body until the end is known, on disk if the till may lose its power, and after any
    /// error but ``ClientError/problem(_:)`` call again with both unchanged. A new id is a new attempt to be paid.
    ///
    /// - Parameters:
    ///   - id: One per attempt, chosen by the checkout: 1 to 128 of `A-Z a-z 0-9 . _ -`.
    ///   - body: What is to be paid, for which cart, and where. The same at every repetition.
    ///   - wait: Up to this long (whole seconds, at most ``longestWait``) the answer is held back until the payment has ended.
    /// - Returns: The payment as it is now; look at its `state` and `money`. A decline is such an answer, not an error.
    public func pay(_ id: String, _ body: PaymentBody, wait: Duration = .zero) async throws(ClientError) -> Payment {
        let wait = Self.seconds(wait)
        return try await call(.put, Target("payments", id).with("wait", wait.text), body: body, wait: wait.duration)
    }

    /// The payment, at once or, with `wait`, when it has ended (`GET /v1/payments/{id}`).
    public func payment(_ id: String, wait: Duration = .zero) async throws(ClientError) -> Payment {
        let wait = Self.seconds(wait)
        return try await call(.get, Target("payments", id).with("wait", wait.text), wait: wait.duration)
    }

    /// Payments, newest first (`GET /v1/payments`). `limit` is 1 to 200; `before` is the `next` of the page before.
    public func payments(
        cart: String? = nil, state: Payment.State? = nil, lane: String? = nil, limit: Int? = nil, before: String? = nil
    ) async throws(ClientError) -> PaymentList {
        try await call(
            .get,
            Target("payments").with("cart", cart).with("state", state?.rawValue).with("lane", lane)
                .with("limit", limit.map(String.init)).with("before", before))
    }

    /// Asks the agent to stop a payment (`POST /v1/payments/{id}/cancel`).
    ///
    /// The answer says that it was asked, not that it is over: the payment's state says when and how it ended. Once the card is being
    /// charged it changes nothing.
    @discardableResult
    public func cancelPayment(_ id: String) async throws(ClientError) -> Payment {
        try await call(.post, Target("payments", id, "cancel"))
    }

    /// Takes a payment's warnings off, as a technician who has seen to them (`POST /v1/payments/{id}/acknowledge`).
    public func acknowledgePayment(_ id: String, _ body: AcknowledgeBody) async throws(ClientError) -> Payment {
        try await call(.post, Target("payments", id, "acknowledge"), body: body)
    }

    /// Says how an unresolved payment ended, as a technician who has looked (`POST /v1/payments/{id}/resolve`).
    public func resolvePayment(_ id: String, _ body: ResolveBody) async throws(ClientError) -> Payment {
        try await call(.post, Target("payments", id, "resolve"), body: body)
    }

    static func seconds(_ wait: Duration) -> (duration: Duration, text: String?) {
        let seconds = min(max(wait, .zero), longestWait).components.seconds
        return (.seconds(seconds), seconds > 0 ? String(seconds) : nil)
    }
}
