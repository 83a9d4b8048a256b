import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// A support case becomes a test: what was recorded in one store is played to an agent in another.
@Suite(.timeLimit(.minutes(30)))
struct RecordingTests {
    /// What is asked for, in the store that is recorded and in the replay.
    private static let bodies: [(id: String, body: PaymentBody)] = [
        (
            "r-1",
            PaymentBody(
                cart: "1", amount: "12.00",
                display: Display(currency: "usd", totalMinor: 1200, lineItems: [.init(description: "Tea", amountMinor: 1200, quantity: 1)]),
                tip: Tip(options: [.init(label: "Small", amountMinor: 100), .init(label: "Large", amountMinor: 300)]))
        ),
        ("r-2", PaymentBody(cart: "2", amount: "3.00")),
        ("r-3", PaymentBody(cart: "3", amount: "4.00")),
        ("r-4", PaymentBody(cart: "4", amount: "5.00")),
    ]

    private static func payAll(_ client: CheckoutClient, before: (String) throws -> Void = { _ in }) async throws -> [Payment] {
        var ended: [Payment] = []
        for (id, body) in bodies {
            try before(id)
            _ = try await client.pay(id, body)
            var payment = try await client.payment(id, wait: .seconds(30))
            // Between not knowing and knowing lies a wait of its own.
            while !payment.state.isEnd {
                try Task.checkCancellation()
                payment = try await client.payment(id, wait: .seconds(30))
            }
            ended.append(payment)
        }
        return ended
    }

    /// Records the payments above: one with a tip, a decline, a lost answer, a customer who changes their mind.
    private static func record(in store: Store, to file: String) async throws -> [Payment] {
        store.setArguments("--record", file)
        try await store.start()
        let payments = try await payAll(store.client) { id in
            switch id {
            case "r-1": try store.simulator.script(CustomerScript(tip: 300))
            case "r-2": try store.simulator.script(CustomerScript(outcome: .decline("lost_card")))
            case "r-3": store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            // The agent has read the intent long before, so that the recording has what a faster replay asks for.
            default: try store.simulator.script(CustomerScript(cancelsAfter: 3_000, neverPresents: true))
            }
        }
        for payment in payments { store.expectHonest(payment) }
        return payments
    }

    /// The daemon against what was recorded, for as long as the body takes.
    private static func replay(
        _ file: String, in directory: String, _ body: (CheckoutClient) async throws -> Void
    ) async throws -> ReplayReport {
        let recording = try Recording(try #require(bytes(ofFile: file)))
        let replayed = try await ReplayedStore.start(recording, directory: directory, atOnce: true)
        let child = try ChildProcess(
            [try ChildProcess.built("readerd"), "--config", replayed.settingsFile, "--set", "usb.enabled=false"],
            output: directory + "/out", errors: directory + "/log")
        let client = CheckoutClient(socketPath: directory + "/checkout.sock", timeout: .seconds(40))
        do {
            try await eventually("the agent of the replay answers") { try await answers(client) }
            try await body(client)
        } catch {
            Issue.record("\(error)\n\(child.errors.suffix(4000))")
        }
        child.signal(SIGTERM)
        #expect(try await child.ended(within: .seconds(20)) == 0)
        await replayed.stop()
        return replayed.report
    }

    private static func answers(_ client: CheckoutClient) async throws -> Bool {
        do throws(ClientError) {
            _ = try await client.info()
            return true
        } catch {
            return false
        }
    }

    @Test func `a recording holds no secret and no card, and plays again with the same outcomes`() async throws {
        try await Store.open(starts: false) { store in
            let file = store.directory.file("case.ndjson")
            let then = try await Self.record(in: store, to: file)
            #expect(then.map(\.state) == [.succeeded, .declined, .succeeded, .canceledByCustomer])
            #expect(then.map(\.tipMinor) == [300, 0, 0, 0])
            #expect(store.ledger.readers.first?.shownLines.isEmpty == true)

            let text = String(decoding: try #require(bytes(ofFile: file)), as: UTF8.self)
            #expect(!text.contains(store.marker), "a secret stands in the recording")
            #expect(!text.contains("4242"), "a card's digits stand in the recording")
            #expect(text.contains("confirmPayment") && text.contains("payment_intent") && text.contains("terminal/readers"))
            var facts = stat()
            #expect(stat(file, &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o600)

            let report = try await Self.replay(file, in: store.directory.file("replay")) { client in
                let now = try await Self.payAll(client)
                #expect(now.map(\.state) == then.map(\.state))
                #expect(now.map(\.money) == then.map(\.money))
                #expect(now.map(\.failure?.code) == then.map(\.failure?.code))
                #expect(now.map(\.order) == then.map(\.order))
                // The one that the customer canceled may have ended before its intent was there.
                #expect(now.prefix(3).map(\.paymentIntent) == then.prefix(3).map(\.paymentIntent))
                #expect(now.map(\.tipMinor) == then.map(\.tipMinor))
            }
            #expect(report.isFaithful, "\(report.lines)")
            #expect(report.acts > 8)
        }
    }

    @Test func `an agent that asks for something else than was recorded is found out`() async throws {
        try await Store.open(starts: false) { store in
            let file = store.directory.file("case.ndjson")
            store.setArguments("--record", file)
            try await store.start()
            #expect(try await store.pay("a", cart: "1", "7.00").state == .succeeded)
            try await store.stop()

            let report = try await Self.replay(file, in: store.directory.file("replay")) { client in
                let payment = try await client.pay("a", PaymentBody(cart: "1", amount: "8.00"), wait: .seconds(30))
                #expect(payment.state == .failed)
                #expect(payment.money == .notTaken)
            }
            #expect(!report.isFaithful)
            #expect(report.unexpected.contains { $0.contains("payment_intent") && $0.contains("8.00") && $0.contains("7.00") }, "\(report)")
            #expect(report.missing.contains { $0.contains("confirmPayment") }, "\(report)")

            let program = try await run([
                try ChildProcess.built("readersim"), "replay", file, "--directory", store.directory.file("alone"), "--until-stdin-closes",
            ])
            #expect(program.status == 1)
            #expect(program.output.contains("missing") && program.output.contains("confirmPayment"))
            try await store.start()
        }
    }

    @Test func `a recording goes on over a restart, and no other file is written over`() async throws {
        try await Store.open(starts: false) { store in
            let file = store.directory.file("case.ndjson")
            store.setArguments("--record", file)
            try await store.start()
            #expect(try await store.pay("a", cart: "1").state == .succeeded)
            try await store.stop()
            let before = try #require(bytes(ofFile: file)).count
            try await store.start()
            #expect(try await store.pay("b", cart: "2").state == .succeeded)
            try await store.stop()
            let text = String(decoding: try #require(bytes(ofFile: file)), as: UTF8.self)
            #expect(text.utf8.count > before)
            #expect(text.split(separator: "\n").count { $0.hasPrefix("{\"readerd_recording\"") } == 2)
            #expect(text.contains("\"a.") && text.contains("\"b."))

            let notes = store.directory.file("notes.txt")
            try Data("do not lose this".utf8).write(to: URL(filePath: notes))
            store.setArguments("--record", notes)
            let refused = try store.launch()
            #expect(try await refused.ended(within: .seconds(20)) == 73)
            #expect(refused.errors.contains("name another file"))
            #expect(bytes(ofFile: notes) == Array("do not lose this".utf8))
            store.setArguments()
            try await store.start()
        }
    }
}
