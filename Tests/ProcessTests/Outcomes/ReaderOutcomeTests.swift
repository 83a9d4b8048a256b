import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct ReaderOutcomeTests {
    private static let lines = Display(
        currency: "usd", totalMinor: 1234,
        lineItems: [
            .init(description: "Yoga mat", amountMinor: 1000, quantity: 1), .init(description: "Water", amountMinor: 234, quantity: 1),
        ])

    @Test func `the lines of the cart are on the reader while it waits for the card`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            let body = PaymentBody(cart: "10", amount: "12.34", display: Self.lines)
            _ = try await store.client.pay("l-1", body)
            try await store.payment("l-1", becomes: .waitingForCard)
            #expect(store.ledger.readers.first?.shownLines == ["Yoga mat", "Water"])
            #expect(store.ledger.readers.first?.shownTotal == 1234)
            try await store.client.cancelPayment("l-1")
            #expect(try await store.client.payment("l-1", wait: .seconds(20)).state == .canceled)
            #expect(store.ledger.readers.first?.shownLines == [])
        }
    }

    @Test func `a reader that restarts while it waits takes nothing, and serves again`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("r-1", PaymentBody(cart: "20", amount: "12.34"))
            try await store.payment("r-1", becomes: .waitingForCard)
            try await store.simulator.reboot(downFor: 300)
            let lost = try await store.client.payment("r-1", wait: .seconds(20))
            #expect(lost.state == .failed)
            #expect(lost.failure?.code == .readerLost)
            #expect(lost.money == .notTaken)
            store.expectHonest(lost)
            let again = try await store.payPatiently("r-2", cart: "20")
            #expect(again.state == .succeeded)
            #expect(store.ledger.intents(cart: "20").count == 1)
            store.expectHonest(again)
        }
    }

    @Test(arguments: [FaultEffect.loseAnswer, .actThenSilence, .truncate, .garbageBytes])
    func `a confirm whose answer is lost is unresolved until the backend says that it is paid`(effect: FaultEffect) async throws {
        try await Store.open(settings: ["timeouts.confirm_s": "30"], simulate: { $0.backend.orderDelay = 700 }) { store in
            store.simulator.fault(Fault("reader.confirmPayment", effect))
            let payment = try await store.pay("u-1", cart: "30")
            #expect(payment.state == .succeeded)
            // While the link stands the intent is read from three seconds on: charged is known without the answer.
            #expect(effect == .actThenSilence || payment.timeline.contains { $0.state == .unresolved })
            #expect(store.ledger.count("reader.confirmPayment") == 1)
            store.expectHonest(payment)
        }
    }

    @Test func `a confirm that never arrived stays open, and the next attempt takes the money on the same intent`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("reader.confirmPayment", .close))
            _ = try await store.client.pay("n-1", PaymentBody(cart: "40", amount: "12.34"))
            let open = try await store.payment("n-1", becomes: .unresolved)
            #expect(open.money == .unknown)
            let again = try await store.payPatiently("n-2", cart: "40")
            #expect(again.state == .succeeded)
            store.expectHonest(again)
            let first = try await store.client.payment("n-1", wait: .seconds(20))
            #expect(first.state == .failed)
            #expect(first.money == .notTaken)
            #expect(again.paymentIntent == first.paymentIntent)
            store.expectHonest(first)
        }
    }

    @Test func `a reader that cannot say what the issuer did is believed by evidence alone`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(outcome: .unknown(charged: true)))
            let payment = try await store.pay("e-1", cart: "50")
            #expect(payment.state == .succeeded)
            #expect(payment.money == .taken)
            #expect(payment.timeline.contains { $0.state == .unresolved })
            store.expectHonest(payment)
            try store.simulator.script(CustomerScript(outcome: .unknown(charged: false)))
            _ = try await store.client.pay("e-2", PaymentBody(cart: "51", amount: "12.34"))
            let open = try await store.payment("e-2", becomes: .unresolved)
            #expect(open.money == .unknown, "nobody has said yet that nothing was taken")
            let found = try await store.client.resolvePayment("e-2", ResolveBody(outcome: .failed, note: "looked it up"))
            #expect(found.state == .failed)
            store.expectHonest(found)
        }
    }

    @Test func `an unresolved cart is taken again without taking twice`() async throws {
        try await Store.open(simulate: { $0.backend.orderDelay = 2_500 }) { store in
            await store.simulator.beginOutage(.stripe)
            store.simulator.endOutage(.stripe)
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .status(500, body: ""), times: nil, after: 1))
            _ = try await store.client.pay("w-1", PaymentBody(cart: "60", amount: "12.34"))
            try await store.payment("w-1", becomes: .unresolved)
            let other = try await refusal { () async throws(ClientError) in try await store.pay("w-2", cart: "60", "9.99") }
            #expect(other.code == .cartBusy)
            #expect(other.payment == "w-1")
            store.simulator.clearFaults()
            let second = try await store.payPatiently("w-3", cart: "60")
            #expect(second.state == .failed)
            #expect(second.failure?.code == .cartPaid)
            #expect(second.failure?.paidBy == "w-1")
            let first = try await store.client.payment("w-1", wait: .seconds(20))
            #expect(first.state == .succeeded)
            store.expectHonest(first)
            #expect(store.ledger.charges(cart: "60").count == 1)
        }
    }

    @Test func `two lanes take payments on their readers at the same time`() async throws {
        try await Store.open(readers: 2, simulate: { $0.reader.cardAfter = 900 }) { store in
            async let one = store.client.pay("p-1", PaymentBody(cart: "71", amount: "1.00", lane: "till-1"), wait: .seconds(30))
            async let two = store.client.pay("p-2", PaymentBody(cart: "72", amount: "2.00", lane: "till-2"), wait: .seconds(30))
            let payments = try await [one, two]
            var spans: [(from: Timestamp, to: Timestamp)] = []
            for payment in payments {
                #expect(payment.state == .succeeded)
                store.expectHonest(payment)
                let from = try #require(payment.timeline.first { $0.state == .waitingForCard }).at
                let to = try #require(payment.timeline.first { $0.state == .authorizing }).at
                spans.append((from, to))
            }
            #expect(payments[0].reader == store.simulator.readers[0].id)
            #expect(payments[1].reader == store.simulator.readers[1].id)
            #expect(spans[0].from < spans[1].to && spans[1].from < spans[0].to, "both readers waited at one moment: \(spans)")
        }
    }

    @Test func `carts queue for one reader and are charged in their order`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            for number in 1...9 {
                let payment = try await store.client.pay("q-\(number)", PaymentBody(cart: "8\(number)", amount: "\(number).00"))
                #expect(payment.state == .queued || number == 1)
            }
            let tenth = try await refusal { () async throws(ClientError) in try await store.pay("q-10", cart: "90") }
            #expect(tenth.code == .queueFull)
            #expect(tenth.status == 429)
            try await store.payment("q-1", becomes: .waitingForCard)
            try await store.client.cancelPayment("q-1")
            for number in 2...9 {
                let payment = try await store.client.payment("q-\(number)", wait: .seconds(30))
                #expect(payment.state == .succeeded)
                store.expectHonest(payment)
            }
            #expect(store.ledger.charges.sorted { $0.at < $1.at }.map(\.cart) == (2...9).map { "8\($0)" })
        }
    }
}
