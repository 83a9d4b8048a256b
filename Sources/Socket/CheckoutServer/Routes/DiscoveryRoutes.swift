import CheckoutAPI

extension Route {
    /// Looking for devices.
    static let discovery: [Route] = [
        Route("POST", "/v1/discovery", .discover, .technician, .checks, body: .optional, problems: [.queueFull]) { call throws(Problem) in
            try call.parameters { _ in }
            let body: DiscoveryBody = try call.body()
            if body.subnets != nil, body.transports?.contains(.lan) == false {
                throw .invalid([Problem.Field(field: "subnets", message: "goes with the transport lan")])
            }
            let source = try await call.service.discover(body, caller: call.caller)
            guard call.wantsOneObject else { return .lines(source.encoded()) }
            return .json(200, try await gathered(source))
        }
    ]

    private static func gathered(_ source: LineSource<DiscoveryLine>) async throws(Problem) -> DiscoveryReport {
        var devices: [Device] = []
        var summary: DiscoverySummary?
        do {
            for try await line in source.lines {
                switch line {
                case .device(let device):
                    // What is told again is known better by then.
                    devices.removeAll { $0.device == device.device }
                    devices.append(device)
                case .summary(let told): summary = told
                case .heartbeat, .progress: break
                case .end(let problem): throw problem
                }
            }
        } catch {
            throw error as? Problem ?? Problem(.internalError, "The look for devices failed.")
        }
        guard let summary else { throw Problem(.internalError, "The look for devices broke off.") }
        return DiscoveryReport(devices: devices, summary: summary)
    }
}
