import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// One cart, however it is paid and however it is written: one charge, and no lock that nobody can lift.
@Suite(.timeLimit(.minutes(30)))
struct CartLockTests {
    private static func keyed(_ store: Store, cart: String) async throws -> String {
        try await store.client.createPaymentIntent(IntentBody(cart: cart, amount: "12.34")).id
    }

    private static func tap(cart: String) -> PaymentBody { PaymentBody(cart: cart, amount: "12.34", afterKeyedEntry: true) }

    @Test(arguments: [false, true])
    func `15: after a typed card was declined and its form closed, the reader takes the money once`(failedStays: Bool) async throws {
        try await Store.open(simulate: { $0.backend.declineLeavesFailed = failedStays }) { store in
            let form = try await Self.keyed(store, cart: "15")
            #expect(store.simulator.declineForm(intent: form))
            let payment = try await store.client.pay("tap", Self.tap(cart: "15"), wait: .seconds(30))
            #expect(payment.state == .succeeded && payment.money == .taken, "\(String(describing: payment.failure))")
            store.expectHonest(payment)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `22: while a typed card waits in the bank's app, the reader does not take the cart`() async throws {
        try await Store.open { store in
            let form = try await Self.keyed(store, cart: "22")
            #expect(store.simulator.beginAction(intent: form))
            #expect(try await store.client.cartStatus("22").status == .open, "the backend knows nothing of it")
            let busy = try await refusal { () async throws(ClientError) in try await store.client.pay("tap", Self.tap(cart: "22")) }
            #expect(busy.code == .cartBusy && busy.status == 409)
            // The customer consents: paid, once, and nobody may take it again.
            #expect(store.simulator.payWithForm(intent: form) != nil)
            try await store.ledger("the order of the form") { $0.cart("22")?.order != nil }
            let paid = try await refusal { () async throws(ClientError) in try await store.client.pay("tap-2", Self.tap(cart: "22")) }
            #expect(paid.code == .cartPaid)
            #expect(store.ledger.charges.count == 1 && store.ledger.count("reader.confirmPayment") == 0)
        }
    }

    @Test func `22: a typed card that goes to the bank's app after the tap began is seen right before the confirm`() async throws {
        try await Store.open(simulate: { $0.reader.cardAfter = 60_000 }) { store in
            let form = try await Self.keyed(store, cart: "22b")
            try store.simulator.script(CustomerScript(cardAfter: 1_500))
            _ = try await store.client.pay("tap", Self.tap(cart: "22b"))
            try await store.payment("tap", becomes: .waitingForCard)
            #expect(store.simulator.beginAction(intent: form))
            let ended = try await store.client.payment("tap", wait: .seconds(25))
            #expect(ended.state.isEnd && ended.money == .notTaken, "\(ended.state) \(ended.money)")
            #expect(store.ledger.count("reader.confirmPayment") == 0)
            #expect(store.simulator.payWithForm(intent: form) != nil)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test(arguments: ["125 ", " 125"])
    func `30: a cart written with a blank at an end is refused`(cart: String) async throws {
        try await Store.open(simulate: { $0.backend.trimsCarts = true }) { store in
            let refused = try await refusal { () async throws(ClientError) in try await store.pay("blank", cart: cart) }
            #expect(refused.code == .invalidRequest && refused.status == 422)
            #expect(try await store.pay("plain", cart: "125").state == .succeeded)
        }
    }

    @Test(arguments: [("AB-1", "ab-1"), ("127", "0127")])
    func `30: one cart written two ways by two tills shares one lock, and the backend gets what each wrote`(
        one: String, other: String
    ) async throws {
        let simulate = { (configuration: inout StoreConfiguration) in
            configuration.backend.foldsCartCase = true
            configuration.backend.readsCartNumbers = true
        }
        try await Store.open(readers: 2, simulate: simulate) { store in
            try store.simulator.script(CustomerScript(cardAfter: 60_000), reader: store.simulator.readers[0].serial)
            _ = try await store.client.pay("one", PaymentBody(cart: one, amount: "12.34", lane: "till-1"))
            try await store.payment("one", becomes: .waitingForCard)
            let busy = try await refusal { () async throws(ClientError) in
                try await store.client.pay("other", PaymentBody(cart: other, amount: "12.34", lane: "till-2"))
            }
            #expect(busy.code == .cartBusy && busy.payment == "one")
            let keyed = try await refusal { () async throws(ClientError) in
                try await store.client.createPaymentIntent(IntentBody(cart: other, amount: "12.34"))
            }
            #expect(keyed.code == .cartBusy)
            try await store.client.cancelPayment("one")
            _ = try await store.client.payment("one", wait: .seconds(20))
            let paid = try await store.client.pay("again", PaymentBody(cart: other, amount: "12.34", lane: "till-2"), wait: .seconds(30))
            #expect(paid.state == .succeeded && paid.cart == other)
            let late = try await refusal { () async throws(ClientError) in
                try await store.client.pay("late", PaymentBody(cart: one, amount: "12.34", lane: "till-1"))
            }
            #expect(late.code == .cartPaid)
            #expect(store.ledger.charges.count == 1)
            let written = Set(store.ledger.calls.filter { $0.call == "backend.payment_intent" }.compactMap(\.subject))
            #expect(written == [one, other], "the backend gets what the till wrote")
        }
    }

    @Test(arguments: [("AB-1", "ab-1"), ("127", "0127")])
    func `30: while it is unknown whether one was charged, the other way to write it charges nothing more`(
        one: String, other: String
    ) async throws {
        let simulate = { (configuration: inout StoreConfiguration) in
            configuration.backend.foldsCartCase = true
            configuration.backend.readsCartNumbers = true
            configuration.backend.orderDelay = 3_600_000
        }
        try await Store.open(readers: 2, simulate: simulate) { store in
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .close, times: nil, after: 1))
            _ = try await store.client.pay("one", PaymentBody(cart: one, amount: "12.34", lane: "till-1"))
            try await store.payment("one", becomes: .unresolved)
            let busy = try await refusal { () async throws(ClientError) in
                try await store.client.pay("other", PaymentBody(cart: other, amount: "56.78", lane: "till-2"))
            }
            #expect(busy.code == .cartBusy && busy.payment == "one")
            #expect(store.ledger.charges.count == 1)
        }
    }
}
