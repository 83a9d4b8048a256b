import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// The examples for developers of checkouts, run as they say, killed in the middle, and run again.
@Suite(.timeLimit(.minutes(30)))
struct ExampleTests {
    /// When the power goes.
    enum Moment: CaseIterable {
        /// The attempt is on the till's disk, and perhaps nowhere else yet.
        case saved
        case waitingForCard, cardRead, charged, finishing
        /// The cashier has been told; perhaps it is not written down yet.
        case told
    }

    /// Whose power goes: the till's alone, or that of the box with the agent on it.
    enum Cut: CaseIterable { case till, box }

    static let cuts: [(Moment, Cut)] =
        Moment.allCases.map { ($0, .till) } + [(.saved, .box), (.waitingForCard, .box), (.charged, .box), (.finishing, .box)]

    @Test(arguments: cuts)
    func `the Python example charges once`(moment: Moment, cut: Cut) async throws {
        try await Self.cutAndGoOn(.python, at: moment, of: cut)
    }

    @Test(.enabled(if: Example.node.isInstalled, "Node is not installed"), arguments: cuts)
    func `the Node example charges once`(moment: Moment, cut: Cut) async throws {
        try await Self.cutAndGoOn(.node, at: moment, of: cut)
    }

    @Test(.enabled(if: Example.java.isInstalled, "Java is not installed"), arguments: cuts)
    func `the Java example charges once`(moment: Moment, cut: Cut) async throws {
        try await Self.cutAndGoOn(.java, at: moment, of: cut)
    }

    @Test(.enabled(if: Example.dotnet.isInstalled, ".NET is not installed"), arguments: cuts)
    func `the C# example charges once`(moment: Moment, cut: Cut) async throws {
        try await Self.cutAndGoOn(.dotnet, at: moment, of: cut)
    }

    @Test(arguments: Example.allCases.filter(\.isInstalled))
    func `a decline is told, the next attempt has an id of its own, and a paid cart is not paid again`(example: Example) async throws {
        try await Store.open(within: .seconds(200)) { store in
            try store.simulator.script(CustomerScript(outcome: .decline("insufficient_funds")))
            let declined = try await example.run(in: store, cart: "cart /1", turn: 0)
            #expect(declined.status == 1, "\(declined.output)")
            #expect(declined.output.contains("NOT PAID: "))
            #expect(store.ledger.charges.isEmpty)
            let paid = try await example.run(in: store, cart: "cart /1", turn: 1)
            Self.expectPaid(paid, store, cart: "cart /1")
            let again = try await example.run(in: store, cart: "cart /1", turn: 2)
            Self.expectPaid(again, store, cart: "cart /1")
            let payments = try await store.client.payments(cart: "cart /1").payments.map(\.id)
            #expect(payments == ["till-1-cart__1-2", "till-1-cart__1-1"])
            let refused = try await example.run(in: store, cart: "2", amount: "0", turn: 3)
            #expect(refused.status == 1)
            #expect(refused.output.contains("NOT PAID: amount must be"), "\(refused.output)")
        }
    }

    /// Kills it at a moment and runs it again until it is paid: one charge, and what it printed is what the ledger says.
    private static func cutAndGoOn(_ example: Example, at moment: Moment, of cut: Cut) async throws {
        let neverReads = cut == .box && moment == .waitingForCard
        let simulate = { (configuration: inout StoreConfiguration) in
            configuration.reader.cardAfter = neverReads ? 60_000 : 250
            configuration.reader.issuerAfter = 400
            configuration.backend.orderDelay = 500
        }
        try await Store.open(within: .seconds(240), simulate: simulate) { store in
            let first = try example.start(in: store, cart: "1", turn: 0)
            try await wait(for: moment, store, first)
            await first.kill()
            if cut == .box {
                await store.kill()
                if neverReads { try store.simulator.behave { $0.cardAfter = 60 } }
                try await store.start()
            }
            store.remember(answer: first.output + first.errors)
            for turn in 1...3 {
                let ran = try await example.run(in: store, cart: "1", turn: turn)
                if ran.status == 0 {
                    expectPaid(ran, store, cart: "1")
                    return
                }
                // What was cut off before the confirm ended as not taken; the customer is asked again.
                #expect(ran.status == 1 && cut == .box, "\(ran.output)")
                #expect(ran.output.contains("NOT PAID: "))
                #expect(store.ledger.charges.isEmpty)
            }
            Issue.record("it was not paid after three more runs")
        }
    }

    private static func wait(for moment: Moment, _ store: Store, _ example: ChildProcess) async throws {
        let limit = Duration.seconds(60)
        let sale = store.directory.file("sales/1.json")
        let output = { if let end = example.end, end != 0 { Issue.record("it ended with \(end): \(example.output)\(example.errors)") } }
        try await eventually(within: limit, "the sale is on disk; \(example.errors)") {
            output()
            return FileManager.default.fileExists(atPath: sale)
        }
        switch moment {
        case .saved: return
        case .waitingForCard: try await store.ledger("the reader asks", within: limit) { $0.readers.first?.state == "WAITING_CARD" }
        case .cardRead: try await store.ledger("the card is read", within: limit) { $0.count("reader.confirmPayment") > 0 }
        case .charged: try await store.ledger("the charge", within: limit) { !$0.charges.isEmpty }
        case .finishing: try await eventually(within: limit, "it says so") { example.output.contains("The order is being completed.") }
        case .told: try await eventually(within: limit, "it tells the outcome") { example.output.contains("PAID 12.34") }
        }
    }

    private static func expectPaid(_ ran: (status: CInt, output: String), _ store: Store, cart: String) {
        let ledger = store.ledger
        #expect(ran.status == 0, "\(ran.output)")
        #expect(ledger.charges(cart: cart).map(\.amount) == [1234])
        guard let order = ledger.cart(cart)?.order else {
            Issue.record("the ledger has no order for \(cart)")
            return
        }
        #expect(ran.output.hasSuffix("PAID 12.34, order \(order)\n"), "\(ran.output)")
    }
}
