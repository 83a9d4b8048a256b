import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// Problems that stores have with what is outside the shop, each set up on purpose, and what is said of it.
@Suite(.timeLimit(.minutes(30)))
struct BackendProblemTests {
    @Test func `a token that does not come in time is named with how long it took`() async throws {
        try await Store.open(settings: ["timeouts.backend_s": "1"]) { store in
            store.simulator.fault(Fault("backend.connection_token", .silence, times: nil))
            _ = try await store.client.openCart("1")
            try await eventually("the token's failure is known") { try await store.finding("token").status == .fail }
            let found = try await store.finding("token")
            expect(
                found, .fail, says: "The last one was asked for a moment ago and did not come: the backend did not answer, after 1.",
                remedy: "those that are connected go on")
            #expect(found.detail.contains("None has come since readerd started."))
            let counted = #"readerd_calls_total{party="backend",call="connection_token",result="unavailable"}"#
            #expect(try await store.client.metrics().contains(counted))
            store.simulator.clearFaults()
        }
    }

    @Test func `what nobody knows is named, and what is safe to do`() async throws {
        try await Store.open(simulate: { $0.backend.orderDelay = 3_000 }) { store in
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .status(500, body: ""), times: nil, after: 1))
            _ = try await store.client.pay("w-1", PaymentBody(cart: "60", amount: "12.34"))
            let unresolved = try await store.payment("w-1", becomes: .unresolved)
            #expect(unresolved.money == .unknown, "a lost answer is no decline")
            expect(
                try await store.finding("payments"), .warn,
                says: "One payment is unresolved: it is not known whether the money was taken: w-1 (cart 60).",
                remedy: "Trying the same cart again with the same amount is safe")
            store.simulator.clearFaults()
            let ended = try await store.client.payment("w-1", wait: .seconds(30))
            #expect(ended.state == .succeeded)
            store.expectHonest(ended)
            expect(try await store.finding("payments"), .pass, says: "No payment is under way.")
        }
    }

    @Test func `while the backend is away nothing is put aside to be charged later`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            await store.simulator.beginOutage(.backend)
            do throws(ClientError) {
                let payment = try await store.pay("a-2", cart: "2")
                #expect(payment.failure?.code == .backendUnavailable && payment.money == .notTaken)
            } catch {
                guard case .problem(let problem) = error else { throw error }
                #expect(problem.code == .backendUnavailable)
            }
            expect(
                try await store.finding("backend"), .fail, says: "The backend ",
                remedy: "take cash or wait; readerd tries again by itself")
            store.simulator.endOutage(.backend)
            #expect(try await store.payPatiently("a-3", cart: "3").state == .succeeded)
            #expect(store.ledger.charges(cart: "2").isEmpty, "what was refused is not done when the backend is back")
        }
    }

    @Test func `a clock that is wrong is called that, and by how much`() async throws {
        try await Store.open { store in
            expect(try await store.finding("clock"), .pass, says: "It agrees with")
            store.simulator.behave(backend: { $0.clockAhead = 7 * 60 + 30 })
            expect(
                try await store.finding("clock"), .fail, says: "This box's clock is 7 minutes behind, by",
                remedy: "sudo timedatectl set-ntp true")
        }
    }

    @Test func `a location that the backend does not have is named as that`() async throws {
        try await Store.open(settings: ["location": quoted("99")]) { store in
            expect(
                try await store.finding("credential"), .fail, says: "The backend refuses this location",
                remedy: "Correct location in readerd.toml")
        }
    }

    @Test func `a live reader among test keys is named, each with its side`() async throws {
        try await Store.open { store in
            try store.simulator.setLivemode(true)
            _ = try await store.client.openCart("1")
            try await eventually("key and reader are known") { try await store.finding("mode").status != .skipped }
            try await eventually("the reader's side is known") { try await store.finding("mode").status == .fail }
            let reader = try #require(store.simulator.readers.first?.id)
            expect(
                try await store.finding("mode"), .fail,
                says: "The backend gives test keys, but the reader \(reader) is registered in live mode",
                remedy: "Register the reader again at this location")
        }
    }

    @Test func `a credential that says when it ends is told in time`() async throws {
        try await Store.open { store in
            expect(try await store.finding("credential"), .pass, says: "When it ends is not known: it does not say.")
            // {"alg":"none"} and {"exp":1795000000}, which is on 2026-11-18.
            try store.writeToken("eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDAwMDB9.c2ln")
            let found = try await store.finding("credential")
            expect(found, .fail, says: "The credential for the backend ended on", remedy: store.simulator.tokenFile)
        }
    }
}
