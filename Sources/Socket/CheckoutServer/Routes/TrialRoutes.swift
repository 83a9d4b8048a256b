import CheckoutAPI

extension Route {
    /// The first hour with a reader.
    static let trials: [Route] = [
        Route(
            "POST", "/v1/readers/{reader}/trial", .tryReader, .technician, .checks, body: .required,
            problems: .backend + [.readerNotFound, .readerBusy, .readerUnavailable]
        ) { call throws(Problem) in
            let name = try call.parameters { $0.path("reader", .name) }
            let body: TrialBody = try call.body()
            let source = try await call.service.trial(name, body, caller: call.caller)
            guard call.wantsOneObject else { return .lines(source.encoded()) }
            return .json(200, try await gathered(source))
        }
    ]

    private static func gathered(_ source: LineSource<TrialLine>) async throws(Problem) -> TrialReport {
        var steps: [TrialStep] = []
        var summary: TrialSummary?
        do {
            for try await line in source.lines {
                switch line {
                case .step(let step): steps.append(step)
                case .summary(let told): summary = told
                case .heartbeat: break
                case .end(let problem): throw problem
                }
            }
        } catch {
            throw error as? Problem ?? Problem(.internalError, "The trial failed.")
        }
        guard let summary else { throw Problem(.internalError, "The trial broke off.") }
        return TrialReport(steps: steps, summary: summary)
    }
}
