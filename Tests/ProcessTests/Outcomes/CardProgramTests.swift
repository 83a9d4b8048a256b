import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// `readerctl cards` and `readerctl carts display` against the real daemon.
@Suite(.timeLimit(.minutes(30)))
struct CardProgramTests {
    private static func readerctl(_ store: Store, _ words: String...) async throws -> (status: CInt, output: String, errors: String) {
        try await run([try ChildProcess.built("readerctl"), "--socket", store.socket] + words, within: .seconds(60))
    }

    private static let who = ["--user", "77", "--partner", "72341", "--postal-code", "01234", "--lane", "till-1"]

    @Test func `a card is kept from the command line, once, and shown`() async throws {
        try await Store.open { store in
            // Without a cart there is no token: nothing begins, and no id is told of it.
            let alone = try await run(
                [try ChildProcess.built("readerctl"), "--socket", store.socket, "cards", "save", "--id", "k-0"] + Self.who,
                within: .seconds(60))
            #expect(alone.status == 22 && alone.output == "", "\(alone)")
            #expect(alone.errors.contains("maintenance_cart") && alone.errors.contains("carts open CART"))
            _ = try await store.client.openCart("900", CartBody(lane: "till-1"))
            for _ in 0..<2 {
                let saved = try await run(
                    [try ChildProcess.built("readerctl"), "--socket", store.socket, "cards", "save", "--id", "k-1"] + Self.who,
                    within: .seconds(60))
                #expect(saved.status == 0, "\(saved.errors)")
                #expect(saved.output.hasPrefix("Card set-up k-1\n") && saved.output.contains("Kept: visa 4242. Bankcard"))
            }
            #expect(store.ledger.bankcards.count == 1)
            let shown = try await Self.readerctl(store, "cards", "show", "k-1")
            #expect(shown.output.contains("Kept: visa 4242."))
            let unknown = try await Self.readerctl(store, "cards", "show", "k-9")
            #expect(unknown.status == 22)
        }
    }

    @Test func `Ctrl-C cancels, and a contactless card is refused with what to do`() async throws {
        try await Store.open { store in
            _ = try await store.client.openCart("900", CartBody(lane: "till-1"))
            try store.simulator.script(CustomerScript(neverPresents: true), CustomerScript(entry: "CONTACTLESS"))
            let child = try ChildProcess(
                [try ChildProcess.built("readerctl"), "--socket", store.socket, "cards", "save", "--id", "k-2"] + Self.who,
                output: store.directory.file("save.out"), errors: store.directory.file("save.err"))
            try await eventually("the card is asked for") {
                do throws(ClientError) {
                    return try await store.client.cardSetup("k-2").state == .waitingForCard
                } catch {
                    return false
                }
            }
            child.signal(SIGINT)
            #expect(try await child.ended(within: .seconds(30)) == 11)
            #expect(child.output.contains("Canceled. No card is kept."))

            let refused = try await run(
                [try ChildProcess.built("readerctl"), "--socket", store.socket, "cards", "save", "--id", "k-3"] + Self.who,
                within: .seconds(60))
            #expect(refused.status == 12)
            #expect(refused.output.contains("What to do:") && refused.output.contains("insert"))
            #expect(store.ledger.bankcards.isEmpty)
        }
    }

    @Test func `a cart is shown from a file, and a file that is none is explained`() async throws {
        try await Store.open { store in
            _ = try await store.client.openCart("1", CartBody(lane: "till-1"))
            try await eventually("the session is there") { try await store.client.openCart("1").warm.session }
            let file = store.directory.file("cart.json")
            try Data(
                #"{"currency":"usd","total_minor":450,"line_items":[{"description":"Tea","amount_minor":450,"quantity":1}]}"#.utf8
            ).write(to: URL(filePath: file))
            let shown = try await Self.readerctl(store, "carts", "display", "1", file)
            #expect(shown.status == 0, "\(shown.errors)")
            #expect(store.ledger.readers.first?.shownLines == ["Tea"])
            try Data(#"{"currency":"usd","line_items":[]}"#.utf8).write(to: URL(filePath: file))
            let faulty = try await Self.readerctl(store, "carts", "display", "1", file)
            #expect(faulty.status == 64)
            #expect(faulty.errors.contains("total_minor is missing"))
            let absent = try await Self.readerctl(store, "pay", "--cart", "1", "--amount", "1.00", "--display", file + ".not")
            #expect(absent.status == 64)
            #expect(absent.errors.contains("cannot be read"))
        }
    }
}
