import CheckoutAPI
import CheckoutServer

/// What the checks, looking for readers and the trial tell.
extension NotedService {
    package static var checks: [Check] {
        [
            Check(id: "backend", title: "The backend answers.", status: .pass, detail: "Within 3 ms.", durationSeconds: 0.003),
            Check(
                id: "disk", title: "There is room on the disk.", status: .fail, detail: "None is left.", remedy: "Make some.",
                durationSeconds: 0),
        ]
    }

    package func check(_ ids: [String]?, caller: Caller) async throws(Problem) -> LineSource<CheckLine> {
        for id in ids ?? [] where !Self.checks.contains(where: { $0.id == id }) {
            throw .invalid([Problem.Field(field: "checks", message: "\(id) is not a check")])
        }
        let chosen = Self.checks.filter { ids?.contains($0.id) ?? true }
        return LineSource { send in
            for check in chosen { send(.check(check)) }
            send(.summary(CheckSummary(chosen, durationSeconds: 0.01)))
        }
    }

    package func metrics(caller: Caller) async throws(Problem) -> String { "# TYPE readerd_up gauge\nreaderd_up 1\n# EOF\n" }

    package func paymentTrace(_ id: String, caller: Caller) async throws(Problem) -> PaymentTrace {
        let payment = try await payment(id, waitUpTo: nil, caller: caller)
        return PaymentTrace(
            payment: payment.id,
            steps: [.init(party: .reader, call: "confirmPayment", at: payment.createdAt, durationSeconds: 1.5, result: "ok")])
    }

    package static var discovered: Device {
        Device(
            device: "lan:abc.device.stripe-terminal-local-reader.net", transport: .lan, address: "127.0.0.9",
            host: "*.abc.device.stripe-terminal-local-reader.net", driveable: false,
            reason: Reason(code: "unregistered", message: "It is not registered.", remedy: "Register it."),
            firstSeenAt: Timestamp(milliseconds: 1_700_000_000_000), lastSeenAt: Timestamp(milliseconds: 1_700_000_000_000))
    }

    package func discover(_ body: DiscoveryBody, caller: Caller) async throws(Problem) -> LineSource<DiscoveryLine> {
        LineSource { send in
            if body.transports?.contains(.lan) != false {
                send(.progress(DiscoveryProgress(looked: 1, of: 2)))
                send(.device(Self.discovered))
            }
            send(
                .summary(
                    DiscoverySummary(devices: 1, addresses: 2, subnets: body.subnets ?? ["127.0.0.0/24"], notes: [], durationSeconds: 0.1)))
        }
    }

    package func trial(_ reader: String, _ body: TrialBody, caller: Caller) async throws(Problem) -> LineSource<TrialLine> {
        LineSource { send in
            for name in body.steps ?? TrialStep.Name.allCases {
                let isBad = name == .heartbeat
                send(
                    .step(
                        TrialStep(
                            step: name, status: isBad ? .fail : .pass, detail: isBad ? "It refused." : "It did.",
                            sent: "\(name.rawValue) {}",
                            received: "HTTP 200", expected: "OK", remedy: isBad ? "Restart it." : nil, durationSeconds: 0.1)))
            }
            send(.summary(TrialSummary(pass: 1, fail: 1, skipped: 0, recording: nil, payments: [], durationSeconds: 0.2)))
        }
    }
}
