import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct OutcomeTests {
    @Test func `an approved payment is charged once and has its order`() async throws {
        try await Store.open { store in
            let payment = try await store.pay("a-1", cart: "100")
            #expect(payment.state == .succeeded)
            #expect(payment.money == .taken)
            #expect(payment.amountMinor == 1234)
            #expect(payment.currency == "usd")
            #expect(payment.card == Payment.Card(brand: "visa", last4: "4242", entry: "chip"))
            #expect(payment.readerLabel == "Reader 1")
            #expect(payment.timeline.map(\.state) == [.queued, .preparing, .waitingForCard, .authorizing, .finishing, .succeeded])
            #expect(store.ledger.totalTaken(cart: "100") == 1234)
            store.expectHonest(payment)
        }
    }

    @Test func `a declined cart is tried again on the same intent`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(outcome: .decline("insufficient_funds")))
            let first = try await store.pay("d-1", cart: "200")
            #expect(first.state == .declined)
            #expect(first.money == .notTaken)
            #expect(first.failure?.code == .cardDeclined)
            #expect(first.failure?.declineCode == "insufficient_funds")
            store.expectHonest(first)
            let second = try await store.pay("d-2", cart: "200")
            #expect(second.state == .succeeded)
            #expect(second.paymentIntent == first.paymentIntent)
            #expect(store.ledger.intents(cart: "200").count == 1)
            store.expectHonest(second)
        }
    }

    @Test func `the checkout cancels while the reader waits for the card`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("c-1", PaymentBody(cart: "300", amount: "5.00"))
            try await store.payment("c-1", becomes: .waitingForCard)
            let asked = try await store.client.cancelPayment("c-1")
            #expect(asked.cancelRequested)
            let ended = try await store.client.payment("c-1", wait: .seconds(20))
            #expect(ended.state == .canceled)
            #expect(ended.failure?.code == .checkoutCanceled)
            #expect(store.ledger.readers.first?.state == "IDLE")
            #expect(store.ledger.count("reader.confirmPayment") == 0)
            store.expectHonest(ended)
            let problem = try await refusal { () async throws(ClientError) in try await store.client.cancelPayment("c-1") }
            #expect(problem.code == .alreadyEnded)
        }
    }

    @Test func `the customer cancels on the reader`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(cancelsAfter: 80, neverPresents: true))
            let payment = try await store.pay("k-1", cart: "400")
            #expect(payment.state == .canceledByCustomer)
            #expect(payment.failure?.code == .customerCanceled)
            #expect(store.ledger.count("reader.confirmPayment") == 0)
            store.expectHonest(payment)
        }
    }

    @Test func `no card in time ends the payment and frees the reader`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            let began = ContinuousClock.now
            let payment = try await store.pay("t-1", cart: "500", timeout: 5)
            #expect(payment.state == .timedOut)
            #expect(payment.failure?.code == .cardTimeout)
            #expect(ContinuousClock.now - began >= .seconds(5))
            #expect(store.ledger.readers.first?.state == "IDLE")
            store.expectHonest(payment)
            let next = try await store.pay("t-2", cart: "500")
            #expect(next.state == .succeeded)
            #expect(store.ledger.intents(cart: "500").count == 1)
        }
    }

    @Test func `the tip chosen on the reader is charged on top`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(tip: 250))
            let body = PaymentBody(
                cart: "600", amount: "20.00",
                tip: Tip(options: [.init(label: "10 %", amountMinor: 200), .init(label: "12.5 %", amountMinor: 250)]))
            let payment = try await store.client.pay("g-1", body, wait: .seconds(30))
            #expect(payment.state == .succeeded)
            #expect(payment.amountMinor == 2000)
            #expect(payment.tipMinor == 250)
            #expect(store.ledger.totalTaken(cart: "600") == 2250)
            #expect(store.ledger.charges(cart: "600").first?.tip == 250)
            store.expectHonest(payment)
        }
    }
}
