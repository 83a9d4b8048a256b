import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import StoreSimulator
import TestSupport
import Testing

/// What a start does with settings, with the clock, and with what the life before left.
@Suite(.timeLimit(.minutes(30)))
struct LifeTests {
    @Test(arguments: ["0", "1", "119", "3601"])
    func `4: an authorization window that no issuer keeps is refused at the start`(seconds: String) async throws {
        try await Store.open(settings: ["timeouts.authorization_window_s": seconds], starts: false) { store in
            let refused = try store.launch()
            #expect(try await refused.ended(within: .seconds(30)) == 78)
            #expect(store.log.contains("timeouts.authorization_window_s"), "\(store.log.suffix(600))")
            #expect(store.log.contains("120") && store.log.contains("3600"), "\(store.log.suffix(600))")
            try store.set("timeouts.authorization_window_s", "120")
            try await store.start()
            #expect(try await store.pay("w", cart: "4").state == .succeeded)
        }
    }

    @Test func `5: a start with the clock 800 days ahead erases nothing`() async throws {
        let library = try ChildProcess.built("libClockStep.so")
        try await Store.open(starts: false) { store in
            let clock = store.directory.file("clock")
            func step(to days: Int) throws { try Data("\(days * 86_400)\n".utf8).write(to: URL(filePath: clock), options: .atomic) }
            store.setVariable("LD_PRELOAD", library)
            store.setVariable("CLOCK_STEP_FILE", clock)
            try step(to: 0)
            try await store.start()
            let paid = try await store.pay("p", cart: "5")
            #expect(paid.state == .succeeded)
            try await store.stop()
            try step(to: 800)
            try await store.start()
            #expect(try await store.client.payment("p") == paid, "it is there while the clock is wrong")
            try await store.stop()
            try step(to: 0)
            try await store.start()
            #expect(try await store.client.payment("p") == paid)
            // The till repeats its request: the same payment, not another.
            #expect(try await store.pay("p", cart: "5") == paid)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `8: a new payment in the first moment of the next life does not lock its cart`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("backend.*", .delayAnswer(milliseconds: 150), times: nil))
            for round in 1...5 {
                let cart = "8-\(round)"
                try store.simulator.script(CustomerScript(neverPresents: true))
                _ = try await store.client.pay("old-\(round)", PaymentBody(cart: cart, amount: "12.34"))
                try await store.payment("old-\(round)", becomes: .waitingForCard)
                await store.kill()
                try store.launch()
                // As soon as there is a socket, and while the backend has not been heard from yet.
                var paid = try await store.asSoonAsItAnswers("new-\(round)", cart: cart)
                if paid == nil { paid = try await store.payPatiently("newer-\(round)", cart: cart, within: .seconds(15)) }
                let begun = try #require(paid)
                let ended = try await store.client.payment(begun.id, wait: .seconds(20))
                #expect(ended.state == .succeeded, "round \(round): \(String(describing: ended.failure))")
                store.expectHonest(ended)
                let old = try await store.client.payment("old-\(round)", wait: .seconds(5))
                #expect(old.failure?.code == .agentRestarted && old.money == .notTaken)
            }
        }
    }
}

extension Store {
    /// Nil: it was refused, which the till may see in the first moment.
    fileprivate func asSoonAsItAnswers(_ id: String, cart: String) async throws -> Payment? {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do throws(ClientError) {
                return try await client.pay(id, PaymentBody(cart: cart, amount: "12.34"))
            } catch {
                if case .problem = error { return nil }
                guard ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
