import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// A plug that is pulled in the middle of a payment ends as a reader that is lost on the LAN does: by evidence, with one charge at most.
@Suite(.timeLimit(.minutes(30)))
struct UnplugTests {
    @Test func `unplugged while it waits for the card, nothing is taken, and the next plug takes it`() async throws {
        try await Store.openWithUSB { store, bench in
            try await store.plugIn(bench)
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("w-1", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("w-1", becomes: .waitingForCard)
            try bench.say("unplug", "1-4")
            let lost = try await store.client.payment("w-1", wait: .seconds(30))
            #expect(lost.state == .failed && lost.failure?.code == .readerLost && lost.money == .notTaken)
            store.expectHonest(lost)
            try await store.plugIn(bench)
            let again = try await store.payPatiently("w-2", cart: "1")
            #expect(again.state == .succeeded)
            #expect(store.ledger.intents(cart: "1").count == 1)
            store.expectHonest(again)
        }
    }

    @Test func `unplugged while the issuer answers, the backend's word ends it, with one charge`() async throws {
        try await Store.openWithUSB(simulate: { $0.reader.issuerAfter = 800 }) { store, bench in
            try await store.plugIn(bench)
            _ = try await store.client.pay("a-1", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("a-1", becomes: .authorizing)
            try bench.say("unplug", "1-4")
            let payment = try await store.client.payment("a-1", wait: .seconds(30))
            #expect(payment.state == .succeeded && payment.money == .taken)
            #expect(payment.timeline.contains { $0.state == .unresolved })
            #expect(store.ledger.count("reader.confirmPayment") == 1)
            store.expectHonest(payment)
        }
    }

    @Test func `unplugged while the issuer declines, it stays open, and the next attempt takes the money once`() async throws {
        try await Store.openWithUSB(simulate: { $0.reader.issuerAfter = 500 }) { store, bench in
            try await store.plugIn(bench)
            try store.simulator.script(CustomerScript(outcome: .decline("generic_decline")))
            _ = try await store.client.pay("d-1", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("d-1", becomes: .authorizing)
            try bench.say("unplug", "1-4")
            try await store.payment("d-1", becomes: .unresolved)
            try await store.ledger("the issuer has declined") { ledger in ledger.intents.contains { !$0.declines.isEmpty } }
            // Out of sight: nothing says that the reader is not still at it.
            let open = try await store.client.payment("d-1", wait: .seconds(2))
            #expect(open.state == .unresolved && open.money == .unknown)
            try await store.plugIn(bench)
            let again = try await store.payPatiently("d-2", cart: "1")
            #expect(again.state == .succeeded && again.paymentIntent == open.paymentIntent)
            store.expectHonest(again)
            let ended = try await store.client.payment("d-1", wait: .seconds(30))
            #expect(ended.state == .failed && ended.money == .notTaken)
            store.expectHonest(ended)
        }
    }

    @Test func `unplugged while the order is made, the payment goes on without its reader`() async throws {
        try await Store.openWithUSB(simulate: { $0.backend.orderDelay = 900 }) { store, bench in
            try await store.plugIn(bench)
            _ = try await store.client.pay("f-1", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("f-1", becomes: .finishing)
            try bench.say("unplug", "1-4")
            let payment = try await store.client.payment("f-1", wait: .seconds(30))
            #expect(payment.state == .succeeded)
            #expect(!payment.timeline.contains { $0.state == .unresolved })
            store.expectHonest(payment)
        }
    }

    @Test func `a reader that is unplugged is driven on the LAN, where it is there too`() async throws {
        try await Store.openWithUSB(onLAN: true) { store, bench in
            try await store.plugIn(bench)
            let first = try await store.pay("l-1", cart: "1")
            #expect(first.state == .succeeded)
            #expect(try await store.transport() == .usb)
            try bench.say("unplug", "1-4")
            let second = try await store.payPatiently("l-2", cart: "2")
            #expect(second.state == .succeeded)
            #expect(try await store.transport() == .lan)
            try await store.plugIn(bench)
            let third = try await store.payPatiently("l-3", cart: "3")
            #expect(third.state == .succeeded)
            for payment in [first, second, third] { store.expectHonest(payment) }
        }
    }

    @Test func `a plug that comes out after any number of bytes never takes twice and never lies`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        try await Store.openWithUSB(within: .seconds(240)) { store, bench in
            var random = Seeded(seed)
            for round in 1...12 {
                try await store.plugIn(bench)
                let (direction, bytes) = (round % 2 == 0 ? "in" : "out", Int.random(in: 1...6_500, using: &random))
                try bench.say("gone", "1-4", direction, "\(bytes)")
                let id = "s-\(round)"
                if try await isAccepted(id, cart: "\(round)", store, "seed \(seed), round \(round)") {
                    let last = try await endOnNextPlug(id, cart: "\(round)", store, bench, "seed \(seed)")
                    store.expectHonest(last)
                } else {
                    // So few bytes that the plug was out before the payment came. Nothing has begun.
                    try bench.say("unplug", "1-4")
                    try await eventually("the device is gone") { try await store.client.devices().isEmpty }
                    try await store.plugIn(bench)
                }
                let again = try await store.payPatiently("t-\(round)", cart: "again-\(round)")
                #expect(again.state == .succeeded, "seed \(seed), round \(round), \(direction) \(bytes): \(again)")
                store.expectHonest(again)
                try bench.say("unplug", "1-4")
                try await eventually("the device is gone") { try await store.client.devices().isEmpty }
            }
        }
    }

    /// Whether the daemon takes the payment on. It may refuse one only because its reader is out of reach.
    private func isAccepted(_ id: String, cart: String, _ store: Store, _ place: String) async throws -> Bool {
        do throws(ClientError) {
            _ = try await store.client.pay(id, PaymentBody(cart: cart, amount: "12.34"))
            return true
        } catch {
            guard case .problem(let problem) = error, problem.code == .readerUnavailable else {
                throw NotInTime(description: "\(place): \(error)")
            }
            return false
        }
    }

    /// Pulls the plug for good, plugs the reader in again, and follows the payment until it is certain.
    private func endOnNextPlug(_ id: String, cart: String, _ store: Store, _ bench: Bench, _ place: String) async throws -> Payment {
        var last: Payment?
        try await eventually(within: .seconds(60), "\(place): \(id) ends or loses its reader: \(String(describing: last))") {
            let payment = try await store.client.payment(id)
            last = payment
            if payment.state.isEnd { return true }
            return try await store.client.devices().isEmpty
        }
        // Where the payment was over before so many bytes had gone.
        try bench.say("unplug", "1-4")
        try await eventually("the device is gone") { try await store.client.devices().isEmpty }
        try await store.plugIn(bench)
        try await eventually(within: .seconds(60), "\(place): \(id) is at rest: \(String(describing: last))") {
            let payment = try await store.client.payment(id)
            last = payment
            return payment.state.isEnd || payment.state == .unresolved
        }
        if last?.state == .unresolved {
            // What is not known yet is decided by the next attempt, on the same intent.
            _ = try await store.payPatiently("r-\(cart)", cart: cart)
            last = try await store.client.payment(id, wait: .seconds(30))
        }
        return try #require(last)
    }
}
