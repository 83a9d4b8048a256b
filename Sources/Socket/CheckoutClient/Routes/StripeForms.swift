import CheckoutAPI

/// What a checkout needs that runs Stripe's own form or SDK. The answers hold secrets: hand them to Stripe's code, and nowhere else.
extension CheckoutClient {
    /// The backend's publishable key, and Stripe's location when a cart is named (`GET /v1/configuration`).
    public func configuration(cart: String? = nil) async throws(ClientError) -> Configuration {
        try await call(.get, Target("configuration").with("cart", cart))
    }

    /// An intent to take a card number in Stripe's form when no reader can serve (`POST /v1/intents/payment`).
    public func createPaymentIntent(_ body: IntentBody) async throws(ClientError) -> IntentAnswer {
        try await call(.post, Target("intents", "payment"), body: body)
    }

    /// An intent to keep a card that is keyed in (`POST /v1/intents/setup`).
    public func createSetupIntent(_ body: SetupIntentBody) async throws(ClientError) -> IntentAnswer {
        try await call(.post, Target("intents", "setup"), body: body)
    }

    /// A connection token, handed out once (`POST /v1/connection-tokens`).
    public func createConnectionToken(cart: String) async throws(ClientError) -> ConnectionTokenAnswer {
        try await call(.post, Target("connection-tokens"), body: ConnectionTokenBody(cart: cart))
    }
}
