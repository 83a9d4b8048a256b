import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// `journalctl -p warning -u readerd`: what stops sales begins and ends in it, once each.
@Suite(.timeLimit(.minutes(30))) struct StandingLogTests {
    /// What the daemon wrote at warning or error, without the moment.
    private func told(_ store: Store) -> [String] {
        store.log.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count == 3, parts[1] == "warning" || parts[1] == "error" else { return nil }
            return "\(parts[1]) \(parts[2])"
        }
    }

    private func count(_ store: Store, _ words: String) -> Int { told(store).count { $0.contains(words) } }

    @Test func `a token that is refused, and taken again`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            let token = try #require(String(validating: bytes(ofFile: store.simulator.tokenFile) ?? [], as: UTF8.self))
            try store.writeToken("another-token")
            _ = try await store.client.openCart("2")
            try await eventually("the refusal is told") {
                count(store, "error no payment can be taken: The backend refuses the agent's token: ") == 1
            }
            try store.writeToken(String(token.dropLast(token.hasSuffix("\n") ? 1 : 0)))
            try await eventually(within: .seconds(40), "its end is told") { count(store, "warning the backend serves again") == 1 }
            #expect(count(store, "no payment can be taken") == 1)
        }
    }

    @Test func `a backend that goes away and comes back, without a till that asks`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            await store.simulator.beginOutage(.backend)
            for number in 1...6 {
                do throws(ClientError) { _ = try await store.client.configuration(cart: "\(number)") } catch { continue }
            }
            try await eventually("it is told") { count(store, "error no payment can be taken: The backend ") == 1 }
            store.simulator.endOutage(.backend)
            try await eventually(within: .seconds(90), "its end is told") { count(store, "warning the backend serves again") == 1 }
            #expect(count(store, "no payment can be taken") == 1)
        }
    }

    @Test func `a reader that goes away during a payment, the payment that fails for it, and the reader's return`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            try await store.simulator.powerOff()
            #expect(try await store.pay("a-2", cart: "2", "23.45").failure?.code == .readerLost)
            #expect(count(store, "warning the reader Reader 1 cannot be used: The reader does not answer") == 1)
            let failed = told(store).filter { $0.contains("warning payment ended: failed, money not_taken, reader_lost: ") }
            #expect(failed.count == 1 && failed.first?.contains("23.45") == true, "\(failed)")
            #expect(failed.first?.contains("cart 2, reader Reader 1") == true && failed.first?.contains("a-2") == true, "\(failed)")
            try await store.simulator.powerOn()
            try await eventually(within: .seconds(90), "its return is told") {
                count(store, "warning the reader Reader 1 can be used again") == 1
            }
        }
    }

    @Test func `a payment that is unresolved, also after a restart, and its end`() async throws {
        try await Store.open(simulate: { $0.backend.orderDelay = 3_600_000 }) { store in
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .status(500, body: ""), times: nil, after: 1))
            _ = try await store.client.pay("w-1", PaymentBody(cart: "60", amount: "12.34"))
            try await store.payment("w-1", becomes: .unresolved)
            try await eventually("it is told") {
                count(store, "error payment unresolved: whether the money was taken is not known yet (12.34 ") == 1
            }
            await store.kill()
            try await store.start()
            try await eventually("it is told again") { count(store, "error payment unresolved: ") == 2 }
            store.simulator.clearFaults()
            store.simulator.behave { $0.orderDelay = 0 }
            try await store.payment("w-1", becomes: .succeeded, within: .seconds(60))
            try await eventually("its end is told") { count(store, "warning payment ended: succeeded, money taken (12.34 ") == 1 }
        }
    }
}
