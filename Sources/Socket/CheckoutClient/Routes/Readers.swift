import CheckoutAPI

extension CheckoutClient {
    /// Every reader that the agent knows (`GET /v1/readers`). `refresh` asks the backend and Stripe again first.
    public func readers(refresh: Bool = false) async throws(ClientError) -> [Reader] {
        let list: ReaderList = try await call(.get, Target("readers").with("refresh", refresh ? "true" : nil))
        return list.readers
    }

    /// Everything that was seen on USB and the LAN (`GET /v1/devices`).
    public func devices() async throws(ClientError) -> [Device] {
        let list: DeviceList = try await call(.get, Target("devices"))
        return list.devices
    }

    /// One reader, by its `tmr_` id, its serial number, or a label that no other has (`GET /v1/readers/{reader}`).
    public func reader(_ name: String) async throws(ClientError) -> Reader {
        try await call(.get, Target("readers", name))
    }

    /// Frees a reader that the payment or card set-up has left in an unknown state (`POST /v1/readers/{reader}/release`, for technicians). That stays as
    /// it is.
    public func releaseReader(_ reader: String, _ body: ReleaseBody) async throws(ClientError) -> Reader {
        try await call(.post, Target("readers", reader, "release"), body: body)
    }
}
