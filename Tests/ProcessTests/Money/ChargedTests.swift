import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// The money moved, and something said that it had not.
@Suite(.timeLimit(.minutes(30)))
struct ChargedTests {
    @Test func `1: a refusal whose intent has succeeded is a charge, and followed to its order`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(outcome: .meetsOwnCharge))
            let payment = try await store.pay("m-1", cart: "1")
            #expect(payment.state == .succeeded && payment.money == .taken)
            #expect(payment.failure == nil)
            store.expectHonest(payment)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `2: a Failed in mid-confirm and a broken link are no decline: unresolved, then taken`() async throws {
        try await Store.open(simulate: { $0.backend.declineLeavesFailed = true }) { store in
            try store.simulator.script(
                CustomerScript(entry: "CONTACTLESS", confirmTakes: 50, refusedFirst: "online_or_offline_pin_required", secondTakes: 4_000))
            _ = try await store.client.pay("m-2", PaymentBody(cart: "2", amount: "12.34"))
            try await store.ledger("the first try is refused") { $0.intents(cart: "2").contains { $0.declines.count == 1 } }
            try await store.simulator.setLink(false)
            let unknown = try await store.payment("m-2", becomes: .unresolved, .failed, .declined)
            #expect(unknown.state == .unresolved && unknown.money == .unknown)
            // The backend is heard saying Failed more than once, and that ends nothing.
            let heard = store.ledger.count("backend.payment_status")
            try await store.ledger("the backend is asked again") { $0.count("backend.payment_status") >= heard + 2 }
            if store.ledger.charges.isEmpty { #expect(try await store.client.payment("m-2").state == .unresolved) }
            try await store.ledger("the PIN is right") { $0.totalTaken(cart: "2") == 1234 }
            let ended = try await store.client.payment("m-2", wait: .seconds(25))
            #expect(ended.state == .succeeded && ended.money == .taken)
            store.expectHonest(ended)
            try await store.simulator.setLink(true)
        }
    }

    @Test func `21: the Failed of a refused try that stands beyond the charge spoils no payment`() async throws {
        let simulate = { (configuration: inout StoreConfiguration) in
            configuration.backend.declineLeavesFailed = true
            configuration.backend.failedStands = 1_500
        }
        try await Store.open(simulate: simulate) { store in
            try store.simulator.script(CustomerScript(entry: "CONTACTLESS", refusedFirst: "pin_required", secondTakes: 100))
            let payment = try await store.pay("m-21", cart: "21")
            #expect(payment.state == .succeeded && payment.money == .taken, "\(String(describing: payment.failure))")
            store.expectHonest(payment)
        }
    }
}
