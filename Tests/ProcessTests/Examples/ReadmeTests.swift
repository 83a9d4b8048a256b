import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import StoreSimulator
import TestSupport
import Testing

/// What the README shows to developers of checkouts, taken from it and run.
@Suite(.timeLimit(.minutes(30)))
struct ReadmeTests {
    private static let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }

    private static func block(_ language: String) throws -> String {
        let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
        let start = try #require(text.firstRange(of: "```\(language)\n"), "the README has no \(language)")
        let end = try #require(text[start.upperBound...].firstRange(of: "\n```"))
        return String(text[start.upperBound..<end.lowerBound])
    }

    private static func run(_ program: String, _ language: String, file: String, in store: Store) async throws -> String {
        let text = try block(language).replacing(CheckoutClient.defaultSocketPath, with: store.socket)
        let path = store.directory.file(file)
        try Data(text.utf8).write(to: URL(filePath: path))
        let ran = try await TestSupport.run([program, path], within: .seconds(60))
        #expect(ran.status == 0, "\(ran.errors)")
        store.remember(answer: ran.output)
        return ran.output
    }

    @Test func `the Python lines pay, and pay once`() async throws {
        try await Store.open { store in
            for _ in 1...2 {
                let told = try await Self.run("python3", "python", file: "ten.py", in: store)
                let order = try #require(store.ledger.cart("123")?.order)
                #expect(told == "succeeded taken \(order) None\n")
            }
            #expect(store.ledger.charges.map(\.amount) == [5678])
        }
    }

    @Test(.enabled(if: Example.node.isInstalled, "Node is not installed"))
    func `the Node lines pay, and pay once`() async throws {
        try await Store.open { store in
            for _ in 1...2 {
                let told = try await Self.run("node", "js", file: "ten.mjs", in: store)
                let order = try #require(store.ledger.cart("123")?.order)
                #expect(told == "succeeded taken \(order) undefined\n")
            }
            #expect(store.ledger.charges.map(\.amount) == [5678])
        }
    }

    @Test func `the Swift lines are those that are compiled and run here`() async throws {
        // Indentation aside: here they stand in a function.
        func bare(_ text: String) -> [String] {
            text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
        }
        let shown = bare(try Self.block("swift")).filter { !$0.hasPrefix("import ") && $0 != "let agent = CheckoutClient()" }
        let own = bare(try String(contentsOf: URL(filePath: #filePath), encoding: .utf8))
        #expect(own.firstRange(of: shown) != nil, "the README shows other lines than these are")
        try await Store.open { store in
            try await Self.pay(CheckoutClient(socketPath: store.socket))
            #expect(store.ledger.charges.map(\.amount) == [5678])
        }
    }

    private static func pay(_ agent: CheckoutClient) async throws {
        let payment = try await agent.payUntilEnded(
            id: "till-1-000123", body: PaymentBody(cart: "123", amount: "56.78", lane: "till-1"), deadline: .now + .seconds(600))
        switch payment.money {
        case .taken: print("Paid, order \(payment.order ?? "unknown")")
        case .notTaken: print("Not paid: \(payment.failure?.message ?? "")")
        case .authorized, .unknown: print("Take no more money: \(payment.failure?.remedy ?? "the back office looks into it")")
        }
        #expect(payment.money == .taken)
    }
}
