import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// Every way in which a reader may write its answers down, each with a card that is approved, one that is declined, and a customer who cancels.
@Suite(.timeLimit(.minutes(30)))
struct AnswerShapeTests {
    static let shapes: [[AnswerShape]] =
        [[]] + AnswerShape.allCases.map { [$0] } + [
            [.statusBeside, .defaultsLeftOut, .int64Text, .enumNumbers, .unknownFields, .old],
            [.statusBeside, .defaultsLeftOut, .int64Text, .enumNumbers, .unknownFields, .modern],
        ]

    @Test(arguments: shapes) func `a sale ends as the card says, however the reader writes`(_ shapes: [AnswerShape]) async throws {
        try await Store.open(simulate: { $0.reader.answers = Set(shapes) }) { store in
            let approved = try await store.pay("a", cart: "1", "1.00")
            #expect(approved.state == .succeeded && approved.receipt?.aid != nil)
            try store.simulator.script(CustomerScript(outcome: .decline("lost_card")))
            let declined = try await store.pay("d", cart: "2", "1.00")
            #expect(declined.state == .declined && declined.failure?.declineCode == "lost_card")
            try store.simulator.script(CustomerScript(cancelsAfter: 60, neverPresents: true))
            let canceled = try await store.pay("c", cart: "3", "1.00")
            #expect(canceled.state == .canceledByCustomer)
            for payment in [approved, declined, canceled] { store.expectHonest(payment) }
            let name = shapes.isEmpty ? "usual" : shapes.map(\.rawValue).joined(separator: ",")
            print("answers \(name): \(approved.state.rawValue), \(declined.state.rawValue), \(canceled.state.rawValue)")
        }
    }

    @Test func `a reader that does not serve the interface fails one payment, and is then refused without a token`() async throws {
        try await Store.open { store in
            store.simulator.fault(Fault("reader.activateTerminal", .status(404, body: "not here"), times: nil))
            let first = try await store.pay("p-1", cart: "1")
            #expect(first.state == .failed && first.failure?.code == .readerError && first.money == .notTaken)
            #expect(first.failure?.message.contains("does not serve the interface") == true)
            let before = store.ledger.calls.count { $0.call == "reader.activateTerminal" }
            for number in 2...4 {
                do throws(ClientError) {
                    _ = try await store.pay("p-\(number)", cart: "\(number)")
                    Issue.record("it is to be refused")
                } catch {
                    guard case .problem(let problem) = error else { throw error }
                    #expect(problem.code == .readerUnavailable && problem.readerState == .notDriveable)
                }
            }
            #expect(before == 1 && store.ledger.calls.count { $0.call == "reader.activateTerminal" } == 1)
            let reader = try #require(try await store.client.readers().first)
            #expect(reader.state == .notDriveable && !reader.driveable && reader.reason?.code == "reader_software_unsupported")
        }
    }
}
