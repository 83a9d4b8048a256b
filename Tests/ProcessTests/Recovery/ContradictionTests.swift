import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// A technician has said how a payment ended, and the backend says otherwise later.
@Suite(.timeLimit(.minutes(30)))
struct ContradictionTests {
    @Test func `the payment stays, and an event, a failing check and its story say that the two do not agree`() async throws {
        try await Store.open(simulate: { $0.backend.orderDelay = 3_600_000 }) { store in
            // The confirm takes the money and its answer is lost; the technician looks in the wrong place.
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .close, times: nil, after: 1))
            _ = try await store.client.pay("t", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("t", becomes: .unresolved)
            let resolved = try await store.client.resolvePayment("t", ResolveBody(outcome: .failed, note: "no order in the back office"))
            #expect(resolved.money == .notTaken)
            try await store.restart()
            let follower = Task {
                for try await event in store.client.events(topics: [.agent]) where event.agent?.payment == "t" { return event }
                throw NotInTime(description: "the events ended")
            }
            defer { follower.cancel() }

            // The order appears. The agent asks by itself; here somebody asks about the cart, and that counts as well.
            store.simulator.behave { $0.orderDelay = 0 }
            try await eventually("the backend has the order") { try await store.client.cartStatus("1").status == .submitted }
            let order = try #require(store.ledger.cart("1")?.order)
            let told = try await within(.seconds(20)) { try await follower.value }
            #expect(told.type == "resolution_contradicted")
            #expect(told.agent?.message.contains(order) == true)

            // The event is told at once, the row follows it to the disk.
            try await eventually("the payment warns") { try await store.client.payment("t").warnings.map(\.code) == [.contradicted] }
            var known = try await store.client.payment("t")
            known.warnings = []
            #expect(known == resolved, "an ended payment never changes, but for its warnings")
            let status = try await store.client.status()
            #expect(status.reasons.contains { $0.code == "resolution_contradicted" && $0.message.contains("payment t") })
            // Nobody could ask the reader since the restart, for the payment's lease is on it: that is all that stands in the way.
            #expect(status.reasons.allSatisfy { $0.code == "resolution_contradicted" || $0.code == "readers_unknown" }, "the shop goes on")
            let check = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "check", "journal"])
            #expect(check.status == 30)
            #expect(check.output.contains("resolved as not taken"), "\(check.output)")
            let story = try await run([try ChildProcess.built("readerctl"), "--socket", store.socket, "payments", "show", "t"])
            #expect(story.output.contains("no order in the back office"), "\(story.output)")
            #expect(story.output.contains("contradicted"), "\(story.output)")
            #expect(story.output.contains("order \(order)"), "\(story.output)")

            // Somebody has seen to it, and that stays so.
            let acknowledged = try await store.client.acknowledgePayment("t", AcknowledgeBody(note: "settled with the customer"))
            #expect(acknowledged == resolved)
            for _ in 1...2 {
                #expect(try await store.client.status().reasons.allSatisfy { $0.code != "resolution_contradicted" })
                #expect(try await store.client.cartStatus("1").status == .submitted)
                #expect(try await store.client.payment("t") == resolved)
                try await store.restart()
            }
        }
    }
}

extension Store {
    fileprivate func restart() async throws {
        try await stop()
        try await start()
    }
}
