import CheckoutAPI
import CheckoutClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The client and the agent's own server` {
    @Test func `every route answers its resource`() async throws {
        let agent = try await RunningAgent()
        let client = agent.client
        #expect(try await client.info().version == "1.2.3")
        #expect(try await client.status().canTakePayments == false)
        #expect(try await client.openAPIDocument().contains("\"openapi\""))
        let cart = try await client.openCart("c 1/ü".replacing("ü", with: "u"), CartBody(lane: "till-1", reader: "Front Desk"))
        #expect(cart.cart == "c 1/u")
        #expect(cart.readerState == .inUseElsewhere)
        try await client.display(
            Display(currency: "usd", totalMinor: 5678, lineItems: [.init(description: "Tea", amountMinor: 5678, quantity: 1)]), cart: "c1")
        #expect(agent.store.calls.contains("display c1 5678"))
        #expect(try await client.cartStatus("c1").order == "8812")
        try await client.closeCart("c1")
        #expect(agent.store.calls.contains("closeCart c1"))
        #expect(try await client.readers(refresh: true).count == 2)
        #expect(agent.store.calls.contains("readers true"))
        #expect(try await client.reader("Front Desk").reader == "tmr_123")
        #expect(try await client.configuration().stripeLocation == nil)
        #expect(try await client.configuration(cart: "1").stripeLocation == "tml_1")
        #expect(try await client.createPaymentIntent(IntentBody(cart: "1", amount: "2.50")).id == "pi_1_2.50")
        #expect(try await client.createSetupIntent(SetupIntentBody(user: "7")).id == "seti_7")
        #expect(try await client.createConnectionToken(cart: "1").token == "pst_1")
        try await agent.kill()
    }

    @Test func `a payment is begun, found, listed, watched, canceled and resolved`() async throws {
        let agent = try await RunningAgent()
        let client = agent.client
        let body = PaymentBody(cart: "1", amount: "56.78", lane: "till-1", timeoutSeconds: 30)
        #expect(try await client.pay("p-1", body).state == .queued)
        #expect(try await client.pay("p-1", body, wait: .seconds(1)).state == .queued)
        #expect(agent.store.created == ["p-1"])
        let list = try await client.payments(cart: "1", state: .queued, lane: "till-1", limit: 5, before: "x")
        #expect(list.payments.map(\.id) == ["p-1"])
        #expect(agent.store.calls.contains("payments 1 queued till-1 5 x"))
        #expect(try await client.cancelPayment("p-1").cancelRequested)

        let watched = Task { () throws -> [Payment.State] in
            var states: [Payment.State] = []
            for try await event in client.paymentEvents("p-1") { states.append(try #require(event.payment).state) }
            return states
        }
        try await eventually("the events are read") { agent.store.calls("paymentEvents") == 1 }
        agent.store.move("p-1", to: .waitingForCard)
        agent.store.move("p-1", to: .unresolved) { $0.money = .unknown }
        let resolved = try await client.resolvePayment("p-1", ResolveBody(outcome: .succeeded, order: "77", note: "seen"))
        #expect(resolved.order == "77")
        #expect(try await watched.value == [.queued, .queued, .waitingForCard, .unresolved, .succeeded])
        #expect(try await client.payment("p-1", wait: .seconds(5)).money == .taken)
        try await agent.kill()
    }

    @Test func `a wait is answered when the payment ends`() async throws {
        let agent = try await RunningAgent()
        let client = agent.client
        let paid = Task { try await client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"), wait: .seconds(100)) }
        try await eventually("the wait has begun") { agent.store.calls("payment p-1") == 1 }
        agent.store.move("p-1", to: .succeeded) { $0.money = .taken }
        #expect(try await paid.value.state == .succeeded)
        try await agent.kill()
    }

    @Test func `a refusal carries all that is wrong with a request`() async throws {
        let agent = try await RunningAgent()
        let error = try await failure { () throws(ClientError) in
            try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "5,00", timeoutSeconds: 1))
        }
        guard case .problem(let problem) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(problem.code == .invalidRequest)
        #expect(Set(problem.errors?.map(\.field) ?? []) == ["amount", "timeout_s"])
        try await agent.kill()
    }
}
