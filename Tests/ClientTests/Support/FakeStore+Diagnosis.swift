import CheckoutAPI
import CheckoutServer

extension FakeStore {
    static let checks = [
        Check(id: "backend", title: "The backend answers.", status: .pass, detail: "Within 3 ms.", durationSeconds: 0.003),
        Check(
            id: "disk", title: "There is room on the disk.", status: .fail, detail: "None is left.", remedy: "Make some.",
            durationSeconds: 0),
    ]

    func check(_ ids: [String]?, caller: Caller) async throws(Problem) -> LineSource<CheckLine> {
        for id in ids ?? [] where !Self.checks.contains(where: { $0.id == id }) {
            throw .invalid([Problem.Field(field: "checks", message: "\(id) is not a check")])
        }
        let chosen = Self.checks.filter { ids?.contains($0.id) ?? true }
        return LineSource { send in
            for check in chosen { send(.check(check)) }
            send(.summary(CheckSummary(chosen, durationSeconds: 0.01)))
        }
    }

    func metrics(caller: Caller) async throws(Problem) -> String { "# TYPE readerd_up gauge\nreaderd_up 1\n# EOF\n" }

    func paymentTrace(_ id: String, caller: Caller) async throws(Problem) -> PaymentTrace {
        let payment = try await payment(id, waitUpTo: nil, caller: caller)
        return PaymentTrace(
            payment: payment.id,
            steps: [.init(party: .reader, call: "confirmPayment", at: payment.createdAt, durationSeconds: 1.5, result: "ok")])
    }
}
