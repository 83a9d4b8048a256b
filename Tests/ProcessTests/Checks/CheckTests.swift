import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// The checks of the real daemon in a store where something was set up wrong on purpose.
@Suite(.timeLimit(.minutes(30))) struct CheckTests {
    /// Runs the checks through the socket; all of them without ids.
    private func checks(_ store: Store, _ ids: String...) async throws -> [Check] {
        var checks: [Check] = []
        var summary: CheckSummary?
        for try await line in store.client.checks(ids) {
            if case .check(let check) = line { checks.append(check) }
            if case .summary(let told) = line { summary = told }
        }
        #expect(summary?.fail == checks.count { $0.status == .fail }, "the summary comes last, and agrees")
        return checks
    }

    private func check(_ store: Store, _ id: String) async throws -> Check {
        try #require(try await checks(store, id).first, "no result of \(id)")
    }

    @Test func `in a store where all is well nothing fails, and no secret is said`() async throws {
        try await Store.open { store in
            _ = try await store.pay("a-1", cart: "1")
            let all = try await checks(store)
            for check in all where check.status == .fail { Issue.record("\(check.id): \(check.detail)") }
            for id in ["backend", "credential", "stripe", "token", "mode", "reader_port", "reader_certificate", "reader_route"] {
                #expect(all.contains { $0.id == id && $0.status == .pass }, "\(id): \(all.first { $0.id == id }?.detail ?? "missing")")
            }
            let answer = try await store.request("POST", "/v1/checks", body: "{}")
            #expect(answer.status == 200)
            #expect(store.ledger.charges(cart: "1").count == 1, "looking moves no money")
        }
    }

    @Test func `a refused token is named, and where a new one goes`() async throws {
        try await Store.open { store in
            try store.writeToken("another-token")
            let found = try await check(store, "credential")
            #expect(found.status == .fail)
            #expect(found.detail.hasPrefix("The backend refuses the agent's token: "))
            #expect(found.remedy?.contains(store.simulator.tokenFile) == true)
            #expect(!found.detail.contains("another-token"))
        }
    }

    @Test func `a token that every user may read is named`() async throws {
        try await Store.open { store in
            #expect(chmod(store.simulator.tokenFile, 0o644) == 0)
            let found = try await check(store, "credential")
            #expect(found.status == .fail)
            #expect(found.remedy?.contains("sudo chmod 0600") == true)
        }
    }

    @Test func `metrics count a payment and hold no secret`() async throws {
        try await Store.open { store in
            _ = try await store.pay("m-1", cart: "5")
            let text = try await store.client.metrics()
            store.remember(answer: text)
            #expect(text.contains("readerd_payments_accepted_total 1\n"))
            #expect(text.contains("readerd_payments_ended_total{outcome=\"succeeded\"} 1\n"))
            #expect(text.contains("readerd_calls_total{party=\"reader\",call=\"confirmPayment\",result=\"ok\"} 1\n"))
            #expect(text.hasSuffix("# EOF\n"))
            let trace = try await store.client.paymentTrace("m-1")
            #expect(trace.steps.contains { $0.party == .reader && $0.call == "confirmPayment" })
            #expect(trace.steps.contains { $0.party == .backend && $0.call == "payment_intent" })
            #expect(trace.steps.map(\.at) == trace.steps.map(\.at).sorted())
        }
    }

    @Test func `readerctl says what is wrong, and ends with 30`() async throws {
        try await Store.open { store in
            try store.writeToken("another-token")
            let program = try ChildProcess.built("readerctl")
            let told = try await run([program, "--socket", store.socket, "check", "credential"])
            #expect(told.status == 30)
            #expect(told.output.contains("FAIL"))
            #expect(told.output.contains("What to do: Put the backend's access token there"))
            store.remember(answer: told.output)
            let lines = try await run([program, "--socket", store.socket, "--json", "check", "disk"])
            #expect(lines.status == 0 && lines.output.contains(#""type":"summary""#))
        }
    }
}
