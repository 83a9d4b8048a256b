import CheckoutAPI

/// What a technician does with readers.
extension CheckoutClient {
    /// Registers the reader that shows this code (`POST /v1/readers`). Returns when the backend's list shows it.
    ///
    /// Repeating the same request while it runs joins it. After an answer that was lost look at ``readers(refresh:)`` first: a code can be used
    /// once.
    public func registerReader(_ body: RegisterBody) async throws(ClientError) -> Reader {
        try await call(.post, Target("readers"), body: body, wait: .seconds(600))
    }

    /// Gives a reader another label (`PATCH /v1/readers/{reader}`).
    public func relabelReader(_ name: String, label: String) async throws(ClientError) -> Reader {
        try await call(.patch, Target("readers", name), body: LabelBody(label: label), wait: .seconds(120))
    }

    /// Takes a reader off the location (`DELETE /v1/readers/{reader}`).
    public func removeReader(_ name: String) async throws(ClientError) {
        try await send(.delete, Target("readers", name), wait: .seconds(120))
    }

    /// Shows a reader's label on its own display for some seconds (`POST /v1/readers/{reader}/identify`).
    public func identifyReader(_ name: String) async throws(ClientError) {
        try await send(.post, Target("readers", name, "identify"), wait: .seconds(60))
    }

    /// Opens a session with a reader (`POST /v1/readers/{reader}/connect`).
    public func connectReader(_ name: String, _ body: ConnectBody = ConnectBody()) async throws(ClientError) -> Reader {
        try await call(.post, Target("readers", name, "connect"), body: body, wait: .seconds(60))
    }

    /// Tries a reader out (`POST /v1/readers/{reader}/trial`): each step as it ends, then the summary.
    public func trial(_ name: String, _ body: TrialBody) -> AsyncThrowingStream<TrialLine, any Error> {
        summed(Target("readers", name, "trial"), body)
    }

    /// Gives the session with a reader up (`POST /v1/readers/{reader}/disconnect`).
    public func disconnectReader(_ name: String) async throws(ClientError) -> Reader {
        try await call(.post, Target("readers", name, "disconnect"))
    }
}
