import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// Problems that stores have with readers, each set up on purpose, and what is said of it.
@Suite(.timeLimit(.minutes(30)))
struct ReaderProblemTests {
    @Test func `a payment that follows a cancel waits until the reader has let go`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            store.simulator.fault(Fault("reader.cancelCollectPaymentMethod", .delayAnswer(milliseconds: 700)))
            _ = try await store.client.pay("a-1", PaymentBody(cart: "1", amount: "12.34"))
            try await store.payment("a-1", becomes: .waitingForCard)
            try await store.client.cancelPayment("a-1")
            let next = try await store.pay("a-2", cart: "2")
            let first = try await store.client.payment("a-1")
            #expect(first.state == .canceled && next.state == .succeeded)
            let asked = try #require(next.timeline.first { $0.state == .waitingForCard }?.at)
            #expect(try #require(first.endedAt) <= asked, "the reader does one thing at a time")
            store.expectHonest(first)
            store.expectHonest(next)
        }
    }

    @Test func `a reader that is switched off is named, and what to look at`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            let address = try #require(try await store.client.reader("Reader 1").address)
            try await store.simulator.powerOff()
            let lost = try await store.pay("a-2", cart: "2")
            #expect(lost.failure?.code == .readerLost && lost.money == .notTaken)
            expect(
                try await store.finding("reader_port"), .fail, says: address, remedy: "See whether the reader is on and shows the address")
            let state = try await store.finding("reader_state")
            #expect(state.status == .fail && state.remedy != nil, "\(state.detail)")
            try await store.simulator.powerOn()
            #expect(try await store.payPatiently("a-3", cart: "3").state == .succeeded)
        }
    }

    @Test func `a reader with a new address is found again by what it is, not where it was`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            let old = try #require(try await store.client.reader("Reader 1").address)
            try await store.simulator.move(listedAfter: nil)
            expect(try await store.finding("reader_port"), .fail, says: old, remedy: "If it shows another, restart it")
            try await store.simulator.move(listedAfter: 0)
            let payment = try await store.payPatiently("a-2", cart: "2")
            #expect(payment.state == .succeeded, "\(payment.failure?.message ?? "")")
            let new = try await store.client.reader("Reader 1")
            #expect(new.address != old && new.lastSeenAt != nil)
            expect(try await store.finding("reader_port"), .pass, says: "answered within")
        }
    }

    @Test func `a name that cannot be resolved hinders no payment, and the check says so`() async throws {
        try await Store.open { store in
            // No name server knows the names of simulated readers.
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            let found = try await store.finding("reader_name")
            #expect(found.status != .fail && found.detail.contains("readerd does not need it: it dials"), "\(found.detail)")
        }
    }

    @Test func `a reader that another point of sale has is named, and nothing is taken from it`() async throws {
        try await Store.open { store in
            try store.simulator.takeOver(collects: true)
            let payment = try await store.pay("a-1", cart: "1")
            #expect(payment.failure?.code == .readerInUse && payment.money == .notTaken, "\(payment.failure?.message ?? "none")")
            expect(
                try await store.finding("other_agents"), .fail, says: "Reader 1 is in use by another program",
                remedy: "readerctl readers connect READER --take-over")
            expect(try await store.finding("readers"), .fail, says: "None of 1 readers can be used now.")
        }
    }

    @Test func `a reader that does not prove itself is named with its fault`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            try await store.simulator.setCertificate(.expired)
            let found = try await store.finding("reader_certificate")
            expect(found, .fail, says: "has expired")
            #expect(found.remedy != nil)
        }
    }

    @Test func `what a reader runs is told, and when it restarts by itself`() async throws {
        try await Store.open { store in
            #expect(try await store.pay("a-1", cart: "1").state == .succeeded)
            expect(try await store.finding("reader_software"), .pass, says: "It runs 2.29.0.2. Readers update themselves")
            #expect(try await store.finding("restart_window").detail.contains("midnight"))
        }
    }
}
