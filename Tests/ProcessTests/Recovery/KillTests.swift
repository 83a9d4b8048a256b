import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct KillTests {
    enum Moment: String, CaseIterable {
        case waitingForCard, cardRead, authorizing, confirmArrived, charged, finishing
    }

    /// Waits for the moment at which the power is cut.
    private static func wait(for moment: Moment, in store: Store, _ id: String) async throws {
        switch moment {
        case .waitingForCard: try await store.sees(.waitingForCard, of: id)
        // The agent asks next, so a busy machine may show the confirm first.
        case .cardRead:
            try await store.ledger("the card is read") {
                $0.readers.first?.state == "COLLECTED" || $0.count("reader.confirmPayment") > 0
            }
        case .authorizing: try await store.sees(.authorizing, of: id)
        case .confirmArrived: try await store.ledger("the confirm arrived") { $0.count("reader.confirmPayment") > 0 }
        case .charged: try await store.ledger("the charge") { !$0.charges.isEmpty }
        case .finishing: try await store.sees(.finishing, of: id)
        }
    }

    @Test(arguments: Moment.allCases)
    func `killed in the middle of a payment, it takes the money at most once and says so`(moment: Moment) async throws {
        let simulate = { (configuration: inout StoreConfiguration) in
            configuration.reader.cardAfter = moment == .waitingForCard ? 60_000 : 150
            configuration.reader.issuerAfter = 400
            configuration.backend.orderDelay = 500
        }
        try await Store.open(simulate: simulate) { store in
            let body = PaymentBody(cart: "1", amount: "12.34")
            _ = try await store.client.pay("k", body)
            try await Self.wait(for: moment, in: store, "k")
            await store.kill()
            let confirmed = store.ledger.count("reader.confirmPayment") > 0
            try await store.start()

            // The till repeats what it asked, with the same id and body.
            var payment = try await store.client.pay("k", body, wait: .seconds(confirmed ? 20 : 0))
            if confirmed {
                #expect(payment.state == .succeeded)
                #expect(payment.money == .taken)
            } else if payment.state == .unresolved {
                // "confirming" was on disk, the confirm had not left: nobody can know that. The cart may be taken again.
                #expect(payment.money == .unknown)
                #expect(store.ledger.charges.isEmpty)
                try store.simulator.behave { $0.cardAfter = 60 }
                let again = try await store.payPatiently("k-again", cart: "1")
                #expect(again.state == .succeeded)
                #expect(again.paymentIntent == payment.paymentIntent)
                store.expectHonest(again)
                payment = try await store.client.payment("k", wait: .seconds(20))
                #expect(payment.failure?.code == .superseded)
                #expect(payment.failure?.supersededBy == "k-again")
            } else {
                #expect(payment.state == .failed)
                #expect(payment.failure?.code == .agentRestarted)
                #expect(payment.money == .notTaken)
                #expect(store.ledger.charges.isEmpty)
                try store.simulator.behave { $0.cardAfter = 60 }
                let again = try await store.payPatiently("k-again", cart: "1")
                #expect(again.state == .succeeded, "the reader is free again")
                store.expectHonest(again)
            }
            if confirmed { store.expectHonest(payment) }
            #expect(store.ledger.charges.count == 1)
            #expect(try await store.client.pay("k", body) == payment, "an ended payment never changes")
        }
    }

    @Test func `an unresolved payment whose order appears after a restart succeeds`() async throws {
        try await Store.open(simulate: { $0.backend.orderDelay = 3_600_000 }) { store in
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .close, times: nil, after: 1))
            let body = PaymentBody(cart: "1", amount: "12.34")
            _ = try await store.client.pay("r", body)
            let before = try await store.payment("r", becomes: .unresolved)
            #expect(before.money == .unknown)
            try await store.stop()
            try await store.start()
            let after = try await store.client.payment("r")
            #expect(after.state == .unresolved)
            #expect(after.money == .unknown)
            store.simulator.behave { $0.orderDelay = 0 }
            let ended = try await store.client.pay("r", body, wait: .seconds(25))
            #expect(ended.state == .succeeded)
            store.expectHonest(ended)
            #expect(store.ledger.count("reader.confirmPayment") == 1)
        }
    }

    @Test func `a technician resolves what nobody else can`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("reader.confirmPayment", .close))
            _ = try await store.client.pay("t", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("t", becomes: .unresolved)
            await store.kill()
            try await store.start()
            let resolved = try await store.client.resolvePayment("t", ResolveBody(outcome: .failed, note: "looked at Stripe's dashboard"))
            #expect(resolved.state == .failed)
            #expect(resolved.money == .notTaken)
            #expect(resolved.failure?.code == .resolvedByTechnician)
            #expect(resolved.resolvedBy != nil)
            let again = try await refusal { () async throws(ClientError) in
                try await store.client.resolvePayment("t", ResolveBody(outcome: .succeeded, note: "no, it was"))
            }
            #expect(again.code == .alreadyEnded)
            store.expectHonest(resolved)
        }
    }
}
