import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// `readersim till` over the real daemon, its orders from a file.
@Suite(.timeLimit(.minutes(30)))
struct TillTests {
    /// Starts it with these lines as its input.
    private static func till(_ store: Store, _ lines: String..., turn: Int = 0) throws -> ChildProcess {
        let script = store.directory.file("till-\(turn).in")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: script))
        let command = "exec \"$0\" till --directory \"$1\" --socket \"$2\" < \"$3\""
        return try ChildProcess(
            ["sh", "-c", command, try ChildProcess.built("readersim"), store.directory.file("store"), store.socket, script],
            output: store.directory.file("till-\(turn).out"), errors: store.directory.file("till-\(turn).err"))
    }

    private static func end(_ till: ChildProcess, _ store: Store) async throws -> String {
        #expect(try await till.ended(within: .seconds(40)) == 0, "\(till.errors)")
        store.remember(answer: till.output + till.errors)
        return till.output
    }

    @Test func `a cashier adds, takes away and is paid, and the next sale has a cart of its own`() async throws {
        try await Store.open { store in
            let told = try await Self.end(Self.till(store, "1", "2x3", "-2", "9", "pay", "3", "pay"), store)
            #expect(told.contains("Total 43.00\nTotal 38.00\n"), "\(told)")
            #expect(told.contains("“9” is nothing that this till knows."))
            for (cart, amount, minor) in [("till-1-1", "38.00", 3800), ("till-1-2", "2.50", 250)] {
                let order = try #require(store.ledger.cart(cart)?.order)
                #expect(told.contains("PAID \(amount) with visa 4242, order \(order)\n"), "\(told)")
                #expect(store.ledger.charges(cart: cart).map(\.amount) == [minor])
            }
        }
    }

    @Test func `a declined card is told, and the same sale is paid with another one`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(outcome: .decline("insufficient_funds")))
            let told = try await Self.end(Self.till(store, "1", "pay", "pay"), store)
            let declined = try #require(told.firstRange(of: "NOT PAID. The card was declined"))
            #expect(told[declined.upperBound...].contains("PAID 28.00"), "\(told)")
            #expect(store.ledger.charges.count == 1)
            #expect(try await store.client.payments(cart: "till-1-1").payments.count == 2)
        }
    }

    @Test func `a cashier stops a payment`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            let told = try await Self.end(Self.till(store, "1", "pay", "cancel"), store)
            #expect(told.contains("NOT PAID. "), "\(told)")
            #expect(store.ledger.charges.isEmpty)
            #expect(try await store.client.payment("till-1-1-1").state == .canceled)
        }
    }

    @Test func `killed while the reader asks for the card, it goes on with that payment`() async throws {
        try await Store.open(simulate: { $0.reader.cardAfter = 1_500 }) { store in
            let first = try Self.till(store, "1", "pay")
            try await eventually("it asks for the card") { first.output.contains("Please ask for the card: 28.00") }
            await first.kill()
            store.remember(answer: first.output + first.errors)
            let told = try await Self.end(Self.till(store, "", turn: 1), store)
            #expect(told.contains("The till was cut off during payment till-1-1-1."), "\(told)")
            #expect(told.contains("PAID 28.00"), "\(told)")
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `while nobody knows, the cashier is told what not to do, and trying again pays once`() async throws {
        try await Store.open(simulate: { $0.backend.orderDelay = 3_600_000 }) { store in
            store.simulator.fault(Fault("reader.confirmPayment", .loseAnswer))
            store.simulator.fault(Fault("stripe.payment_intent", .close, times: nil, after: 1))
            let told = try await Self.end(Self.till(store, "1", "pay"), store)
            #expect(told.contains("NOT KNOWN YET. Do not take the money another way."), "\(told)")
            store.simulator.behave { $0.orderDelay = 0 }
            let later = try await Self.end(Self.till(store, "", turn: 1), store)
            #expect(later.contains("The till was cut off during payment till-1-1-1."), "\(later)")
            _ = try await store.payment("till-1-1-1", becomes: .succeeded)
            #expect(store.ledger.charges.count == 1)
        }
    }

    @Test func `without the agent it goes on trying, and takes the payment when it is there`() async throws {
        try await Store.open(starts: false) { store in
            let till = try Self.till(store, "1", "pay")
            let memory = store.directory.file("store/till-1.till.json")
            try await eventually("the attempt is on disk") { FileManager.default.fileExists(atPath: memory) }
            try await store.start()
            let told = try await Self.end(till, store)
            #expect(told.contains("PAID 28.00"), "\(told)")
            #expect(store.ledger.charges.count == 1)
        }
    }
}
