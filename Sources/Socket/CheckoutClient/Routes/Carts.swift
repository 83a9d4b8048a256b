import CheckoutAPI

extension CheckoutClient {
    /// Says that a sale has begun, so that its payment finds everything ready (`PUT /v1/carts/{cart}`). Repeating it is harmless.
    public func openCart(_ cart: String, _ body: CartBody = CartBody()) async throws(ClientError) -> Cart {
        try await call(.put, Target("carts", cart), body: body)
    }

    /// Shows the cart on its reader; charges nothing (`PUT /v1/carts/{cart}/display`).
    public func display(_ display: Display, cart: String) async throws(ClientError) {
        try await send(.put, Target("carts", cart, "display"), body: display)
    }

    /// What the backend says of the cart now (`GET /v1/carts/{cart}/status`).
    public func cartStatus(_ cart: String) async throws(ClientError) -> CartStatus {
        try await call(.get, Target("carts", cart, "status"))
    }

    /// The sale is over: clears the display and drops what was kept ready (`DELETE /v1/carts/{cart}`).
    public func closeCart(_ cart: String) async throws(ClientError) {
        try await send(.delete, Target("carts", cart))
    }
}
