import CheckoutAPI

extension Route {
    /// Looking at the agent and its surroundings.
    static let diagnosis: [Route] = [
        Route("POST", "/v1/checks", .runChecks, .technician, .checks, body: .optional) { call throws(Problem) in
            try call.parameters { _ in }
            let body: ChecksBody = try call.body()
            let began = ContinuousClock.now
            let source = try await call.service.check(body.checks, caller: call.caller)
            guard call.wantsOneObject else { return .lines(source.encoded()) }
            return .json(200, try await gathered(source, since: began))
        },
        Route("GET", "/v1/metrics", .getMetrics, .monitor, .lists) { call throws(Problem) in
            try call.parameters { _ in }
            let text = try await call.service.metrics(caller: call.caller)
            if call.wantsPlainText {
                return .answer(Response(status: 200, body: .bytes(Array(PrometheusText.of(text).utf8), type: PrometheusText.type)))
            }
            return .answer(
                Response(status: 200, body: .bytes(Array(text.utf8), type: "application/openmetrics-text; version=1.0.0; charset=utf-8")))
        },
        Route("GET", "/v1/payments/{id}/trace", .getPaymentTrace, .monitor, .lists, problems: [.paymentNotFound, .journalUnavailable]) {
            call throws(Problem) in
            let id = try call.parameters { $0.path("id", .payment) }
            return .json(200, try await call.service.paymentTrace(id, caller: call.caller))
        },
    ]

    private static func gathered(
        _ source: LineSource<CheckLine>, since began: ContinuousClock.Instant
    ) async throws(Problem) -> CheckReport {
        var checks: [Check] = []
        var summary: CheckSummary?
        do {
            for try await line in source.lines {
                switch line {
                case .check(let check): checks.append(check)
                case .summary(let told): summary = told
                case .heartbeat: break
                case .end(let problem): throw problem
                }
            }
        } catch {
            throw error as? Problem ?? Problem(.internalError, "The checks failed.")
        }
        let seconds = Double((ContinuousClock.now - began) / .milliseconds(1)) / 1000
        return CheckReport(checks: checks, summary: summary ?? CheckSummary(checks, durationSeconds: seconds))
    }
}

extension Call {
    /// The caller takes JSON and not lines.
    var wantsOneObject: Bool {
        acceptedTypes.contains("application/json") && !acceptedTypes.contains("application/x-ndjson")
    }

    /// The caller takes the older text and not OpenMetrics.
    var wantsPlainText: Bool {
        acceptedTypes.contains("text/plain") && !acceptedTypes.contains("application/openmetrics-text")
    }

    private var acceptedTypes: [String] {
        (accept ?? "").lowercased().split(separator: ",").map { $0.prefix { $0 != ";" }.filter { $0 != " " } }
    }
}
