import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct TipAndDisplayTests {
    private static let lines = Display(
        currency: "usd", totalMinor: 1200, taxMinor: 100,
        lineItems: [
            .init(description: "Yoga", amountMinor: 1400, quantity: 1),
            .init(description: "Member's discount", amountMinor: -300, quantity: 1),
        ])
    private static let tips = Tip(
        options: [.init(label: "Small", amountMinor: 100), .init(label: "Large", amountMinor: 300)], hideCustomAmount: true)

    @Test func `the cart is shown before the card is asked for, and the tip is charged on top`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(cardAfter: 1500, tip: 300))
            _ = try await store.client.pay("t-1", PaymentBody(cart: "1", amount: "12.00", display: Self.lines, tip: Self.tips))
            try await store.payment("t-1", becomes: .waitingForCard)
            let calls = store.ledger.calls.map(\.call)
            let shown = try #require(calls.firstIndex(of: "reader.setReaderDisplay"))
            #expect(try #require(calls.firstIndex(of: "reader.collectPaymentMethod")) > shown)
            #expect(store.ledger.readers.first?.shownLines == ["Yoga", "Member's discount"])
            #expect(store.ledger.readers.first?.shownTotal == 1200)

            let refused = try await refusal { () async throws(ClientError) in try await store.client.display(Self.lines, cart: "1") }
            #expect(refused.code == .readerBusy)
            #expect(refused.payment == "t-1")

            let payment = try await store.client.payment("t-1", wait: .seconds(30))
            #expect(payment.state == .succeeded)
            #expect(payment.amountMinor == 1200)
            #expect(payment.tipMinor == 300)
            #expect(store.ledger.totalTaken(cart: "1") == 1500)
            store.expectHonest(payment)
        }
    }

    @Test func `a customer who leaves no tip pays the amount`() async throws {
        try await Store.open { store in
            let payment = try await store.client.pay("t-2", PaymentBody(cart: "1", amount: "12.00", tip: Self.tips), wait: .seconds(30))
            #expect(payment.state == .succeeded)
            #expect(payment.tipMinor == 0)
            #expect(store.ledger.totalTaken(cart: "1") == 1200)
        }
    }

    @Test func `a declined tip is forgotten, and the next attempt asks again`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(tip: 300, outcome: .decline("lost_card")), CustomerScript(tip: 100))
            let first = try await store.client.pay("t-3", PaymentBody(cart: "1", amount: "12.00", tip: Self.tips), wait: .seconds(30))
            #expect(first.state == .declined)
            #expect(first.tipMinor == 0)
            let second = try await store.client.pay("t-4", PaymentBody(cart: "1", amount: "12.00", tip: Self.tips), wait: .seconds(30))
            #expect(second.state == .succeeded)
            #expect(second.tipMinor == 100)
            #expect(store.ledger.totalTaken(cart: "1") == 1300)
            store.expectHonest(second)
        }
    }

    @Test func `a reader that will not show the cart takes the payment all the same`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("reader.setReaderDisplay", .appError("INVALID_REQUEST", message: "no display today")))
            let payment = try await store.client.pay(
                "t-5", PaymentBody(cart: "1", amount: "12.00", display: Self.lines), wait: .seconds(30))
            #expect(payment.state == .succeeded)
            store.expectHonest(payment)
        }
    }

    @Test func `tips and lines are bounded, and each fault is named`() async throws {
        try await Store.open { store in
            let wrong: [(PaymentBody, String)] = [
                (PaymentBody(cart: "1", amount: "1.00", tip: Tip(options: [])), "tip.options"),
                (PaymentBody(cart: "1", amount: "1.00", tip: Tip(options: [.init(label: "", amountMinor: 1)])), "tip.options[0].label"),
                (
                    PaymentBody(cart: "1", amount: "1.00", tip: Tip(options: [.init(label: "x", amountMinor: -1)])),
                    "tip.options[0].amount_minor"
                ),
                (
                    PaymentBody(cart: "1", amount: "1.00", display: Display(currency: "us", totalMinor: 1, lineItems: [])),
                    "display.currency"
                ),
                (
                    PaymentBody(
                        cart: "1", amount: "1.00",
                        display: Display(currency: "usd", totalMinor: 1, lineItems: [.init(description: "x", amountMinor: 1, quantity: 0)])),
                    "display.line_items[0].quantity"
                ),
            ]
            for (number, (body, field)) in wrong.enumerated() {
                let problem = try await refusal { () async throws(ClientError) in try await store.client.pay("w-\(number)", body) }
                #expect(problem.code == .invalidRequest)
                #expect(problem.errors?.map(\.field).contains(field) == true, "\(field): \(String(describing: problem.errors))")
            }
        }
    }
}
