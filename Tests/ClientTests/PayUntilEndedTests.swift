import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `Paying until it has ended` {
    private let body = PaymentBody(cart: "1", amount: "56.78")

    private func paying(_ client: CheckoutClient, within limit: Duration = .seconds(30)) -> Task<Result<Payment, ClientError>, Never> {
        Task { [body] in
            do throws(ClientError) {
                return .success(try await client.payUntilEnded(id: "p-1", body: body, deadline: .now + limit))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test func `the outcome is returned, a decline too`() async throws {
        let agent = try await RunningAgent()
        let paid = paying(agent.client)
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: .declined) { $0.failure = .init(code: .cardDeclined, message: "Declined.") }
        #expect(try await paid.value.get().state == .declined)
        try await agent.kill()
    }

    @Test func `a killed agent is waited for, and one payment comes of it`() async throws {
        let agent = try await RunningAgent()
        let paid = paying(agent.client)
        for round in 1...3 {
            try await eventually("it was asked for, round \(round)") { agent.store.calls("createPayment p-1") >= round }
            try await agent.kill()
            try await agent.start()
        }
        try await eventually("it was asked for again") { agent.store.calls("createPayment p-1") >= 4 }
        agent.store.move("p-1", to: .succeeded) { $0.money = .taken }
        #expect(try await paid.value.get().money == .taken)
        #expect(agent.store.created == ["p-1"])
        try await agent.kill()
    }

    @Test func `at the deadline it throws what it last saw, never an outcome`() async throws {
        let agent = try await RunningAgent()
        let paid = paying(agent.client, within: .seconds(2))
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: .authorizing) { $0.money = .unknown }
        guard case .failure(.notEnded(let last, _)) = await paid.value else {
            Issue.record("it had not ended")
            return
        }
        #expect(last?.id == "p-1")
        try await agent.kill()
    }

    @Test func `a refusal at the first try is thrown as it is`() async throws {
        let agent = try await RunningAgent()
        agent.store.refuse(Problem(.readerUnavailable, "The reader is offline."))
        guard case .failure(.problem(let problem)) = await paying(agent.client).value else {
            Issue.record("it was refused")
            return
        }
        #expect(problem.code == .readerUnavailable)
        #expect(agent.store.created.isEmpty)
        try await agent.kill()
    }

    @Test func `an agent that stops or has too much to do is asked again`() async throws {
        let agent = try await RunningAgent()
        agent.store.refuse(Problem(.overloaded, "Too much."), Problem(.shuttingDown, "Stopping."))
        let paid = paying(agent.client)
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: .canceled)
        #expect(try await paid.value.get().state == .canceled)
        try await agent.kill()
    }

    @Test func `an agent that is not there is told at once`() async throws {
        let directory = try TemporaryDirectory()
        guard case .failure(.noSocket) = await paying(CheckoutClient(socketPath: directory.socket)).value else {
            Issue.record("there is no agent")
            return
        }
    }

    private static let busy = #"{"type":"urn:x","title":"T","status":409,"detail":"Busy.","code":"cart_busy","retryable":true}"#
    private static let unknown = #"{"type":"urn:x","title":"T","status":404,"detail":"None.","code":"payment_not_found","retryable":false}"#

    @Test func `a refusal after a lost answer is believed only when the payment is not there`() async throws {
        let server = try await ScriptedServer([.close], [httpAnswer(409, Self.busy)], [httpAnswer(404, Self.unknown)])
        guard case .failure(.problem(let problem)) = await paying(CheckoutClient(socketPath: server.path)).value else {
            Issue.record("it does not exist")
            return
        }
        #expect(problem.code == .cartBusy)
        #expect(server.requests.map { $0.prefix(4) } == ["PUT ", "PUT ", "GET "])
        #expect(Set(server.requests.prefix(2).map { $0.split(separator: "\r\n\r\n").last }).count == 1)
        try await server.stop()
    }

    @Test func `a refusal after a lost answer is no outcome when the payment cannot be looked up`() async throws {
        let server = try await ScriptedServer([.close], [httpAnswer(409, Self.busy)], [.close])
        guard case .failure(.notEnded(last: nil, cause: .problem)) = await paying(CheckoutClient(socketPath: server.path)).value else {
            Issue.record("nobody knows whether it exists")
            return
        }
        try await server.stop()
    }
}
