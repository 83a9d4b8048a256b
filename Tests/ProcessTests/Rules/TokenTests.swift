import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct TokenTests {
    @Test func `one session serves cart after cart, and its token is spent once`() async throws {
        try await Store.open { store in
            for number in 1...3 {
                let payment = try await store.pay("s-\(number)", cart: "\(number)")
                #expect(payment.state == .succeeded)
            }
            let ledger = store.ledger
            #expect(ledger.readers.first?.activations == 1)
            #expect(ledger.tokens.filter { $0.spentAt != nil }.count == 1)
            #expect(ledger.tokens.allSatisfy { $0.refusedSpends == 0 })
        }
    }

    @Test func `a token that has expired meanwhile is replaced`() async throws {
        try await Store.open { store in
            _ = try await store.client.openCart("1")
            try await eventually("the cart is warm") {
                let warm = try await store.client.openCart("1").warm
                return warm.session && warm.token
            }
            try await store.simulator.powerOff()
            store.simulator.expireConnectionTokens()
            try await store.simulator.powerOn()
            let payment = try await store.payPatiently("x-1", cart: "1")
            #expect(payment.state == .succeeded, "\(payment.failure?.message ?? "")")
            store.expectHonest(payment)
            #expect(store.ledger.readers.first?.activations == 2)
        }
    }

    @Test func `every token that is handed out is handed out once`() async throws {
        try await Store.open { store in
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let answer = try await store.request(
                            "POST", "/v1/connection-tokens", body: #"{"cart": "1"}"#, handsOutSecrets: true)
                        #expect(answer.status == 200 || answer.status == 201)
                        return try store.decoded(ConnectionTokenAnswer.self, answer.body).token
                    }
                }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(Set(tokens).count == 6)
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
            let spent = store.ledger.tokens.filter { $0.spentAt != nil }.map(\.token)
            #expect(spent.count == 1)
            for token in tokens { #expect(!spent.contains { token.hasSuffix($0.suffix(4)) }) }
            let head = try await store.curl(
                arguments: [
                    "--include", "--header", "Content-Type: application/json", "--data-binary", #"{"cart": "2"}"#,
                    "http://localhost/v1/connection-tokens",
                ], handsOutSecrets: true)
            #expect(head.lowercased().contains("cache-control: no-store"))
        }
    }

    @Test func `an opened cart has everything ready, and a closed one lets go of it`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("0", cart: "0").state == .succeeded)
            let opened = try await store.client.openCart("1")
            #expect(opened.cart == "1")
            #expect(opened.reader == store.simulator.readers[0].id)
            try await eventually("the cart is warm") {
                let warm = try await store.client.openCart("1").warm
                return warm.configuration && warm.token && warm.session && warm.currency
            }
            let lines = Display(currency: "usd", totalMinor: 300, lineItems: [.init(description: "Socks", amountMinor: 300, quantity: 1)])
            try await store.client.display(lines, cart: "1")
            #expect(store.ledger.readers.first?.shownLines == ["Socks"])
            #expect(try await store.client.cartStatus("1").status == .open)
            try await store.client.closeCart("1")
            try await store.ledger("the display is cleared") { $0.readers.first?.shownLines == [] }
            let gone = try await refusal { () async throws(ClientError) in try await store.client.display(lines, cart: "1") }
            #expect(gone.code == .cartNotFound)
            let twice = try await refusal { () async throws(ClientError) in try await store.client.closeCart("1") }
            #expect(twice.code == .cartNotFound)
        }
    }

    @Test func `a cart that is opened connects the reader before the payment`() async throws {
        try await Store.open { store in
            _ = try await store.client.openCart("1", CartBody(lane: "till-1"))
            try await eventually("the session is there") {
                let warm = try await store.client.openCart("1").warm
                return warm.configuration && warm.token && warm.session
            }
            #expect(store.ledger.readers.first?.activations == 1)
            #expect(try await store.client.reader("Reader 1").state == .ready)
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
            #expect(store.ledger.count("reader.activateTerminal") == 1)
        }
    }

    @Test func `the reader is asked before the intent is there, once the currency is known`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
            let first = store.ledger.calls
            let collected = try #require(first.first { $0.call == "reader.collectPaymentMethod" })
            let read = try #require(first.first { $0.call == "stripe.payment_intent" })
            #expect(try #require(read.answeredAt) <= collected.at, "the first time, the currency comes from the intent")

            store.simulator.fault(Fault("backend.payment_intent", .delay(milliseconds: 700)))
            #expect(try await store.pay("2", cart: "2").state == .succeeded)
            let second = store.ledger.calls.dropFirst(first.count)
            let asked = try #require(second.first { $0.call == "reader.collectPaymentMethod" })
            let made = try #require(second.first { $0.call == "backend.payment_intent" }?.answeredAt)
            #expect(asked.at < made)
        }
    }

    @Test func `without eager collect the intent always comes first`() async throws {
        try await Store.open(settings: ["payment.eager_collect": "false"]) { store in
            #expect(try await store.pay("1", cart: "1").state == .succeeded)
            let first = store.ledger.calls.count
            store.simulator.fault(Fault("backend.payment_intent", .delay(milliseconds: 300)))
            #expect(try await store.pay("2", cart: "2").state == .succeeded)
            let second = store.ledger.calls.dropFirst(first)
            let asked = try #require(second.first { $0.call == "reader.collectPaymentMethod" })
            let read = try #require(second.first { $0.call == "stripe.payment_intent" }?.answeredAt)
            #expect(read <= asked.at)
        }
    }
}
