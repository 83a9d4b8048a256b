import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct AmountTests {
    @Test(arguments: [true, false])
    func `an intent over another amount is never charged`(asksFirst: Bool) async throws {
        try await Store.open { store in
            if asksFirst {
                // The currency is known from now on: the reader asks for the card before the intent is there.
                #expect(try await store.pay("m-0", cart: "1").state == .succeeded)
            }
            store.simulator.behave { $0.intentSurcharge = 100 }
            let payment = try await store.pay("m-1", cart: "2", "20.00")
            #expect(payment.state == .failed)
            #expect(payment.failure?.code == .amountMismatch)
            #expect(payment.money == .notTaken)
            #expect(store.ledger.charges(cart: "2").isEmpty)
            #expect(store.ledger.readers.first?.state == "IDLE")
            #expect(payment.attempts == (asksFirst ? 1 : 0))
            store.expectHonest(payment)
            // The backend has mended its sum: the wrong intent is replaced, for it was never confirmed.
            store.simulator.behave { $0.intentSurcharge = 0 }
            let next = try await store.pay("m-2", cart: "2", "20.00")
            #expect(next.state == .succeeded)
            #expect(store.ledger.totalTaken(cart: "2") == 2000)
            store.expectHonest(next)
        }
    }

    @Test func `digits that the currency does not have are refused`() async throws {
        try await Store.open(simulate: { $0.currency = "jpy" }) { store in
            let learned = try await store.pay("j-1", cart: "3", "500.5")
            #expect(learned.state == .failed)
            #expect(learned.failure?.code == .amountInvalid || learned.failure?.code == .backendRejected)
            let paid = try await store.pay("j-2", cart: "4", "500")
            #expect(paid.state == .succeeded)
            #expect(paid.amountMinor == 500)
            #expect(store.ledger.totalTaken(cart: "4") == 500)
            _ = try await store.client.openCart("5")
            try await eventually("the cart knows its currency") { try await store.client.openCart("5").warm.currency }
            // What other carts were charged in is a hint, and refuses nothing.
            let hinted = try await store.pay("j-3", cart: "5", "500.5")
            #expect(hinted.state == .failed && hinted.money == .notTaken)
            #expect(hinted.failure?.code == .amountInvalid || hinted.failure?.code == .backendRejected)
        }
    }

    @Test func `an order that fails after the charge is said to hold the money`() async throws {
        try await Store.open(settings: ["timeouts.status_s": "2"]) { store in
            store.simulator.failOrder(cart: "6", error: "Out of stock.")
            let payment = try await store.pay("o-1", cart: "6")
            #expect(payment.state == .failed)
            #expect(payment.failure?.code == .orderFailed)
            #expect(payment.failure?.message.contains("Out of stock.") == true)
            #expect(payment.money == .authorized)
            store.expectHonest(payment)
            let again = try await refusal { () async throws(ClientError) in try await store.pay("o-2", cart: "6") }
            #expect(again.code == .cartHeld)
            #expect(again.payment == "o-1")
            #expect(store.ledger.charges(cart: "6").count == 1)
        }
    }
}
