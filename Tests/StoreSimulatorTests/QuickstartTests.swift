import JSON
import Testing

@testable import StoreSimulator

extension OverTheWire {
    /// The published quickstart (reader-protocol, section 14): its order of calls, and its loop, which looks at the status before the card.
    @Suite struct QuickstartTests {
        private enum Wait: Equatable { case card, canceled, outOfPatience }

        /// As it is published: pending means "ask again", whatever else the answer holds; 120 times at most.
        private static func waitsForCard(_ bench: StoreBench, session: String) async throws -> Wait {
            for _ in 0...120 {
                let answer = try await bench.reader("queryPaymentMethod", ReaderBench.query(), session: session)
                switch answer.content?["payment_status"]?.string {
                case "PAYMENT_PENDING": continue
                case "PAYMENT_CANCELED": return .canceled
                default: if answer.content?["payment_method"] != nil { return .card }
                }
            }
            return .outOfPatience
        }

        private static let cart: JSONValue = [
            "transaction_context": ReaderBench.context(), "type": "cart",
            "cart": [
                "line_items": [["description": "Tea", "quantity": 1, "amount": 5600]], "tax": 0, "total": 5600, "currency": "usd",
            ],
        ]

        private static func sale(_ bench: StoreBench) async throws -> (wait: Wait, confirmed: ReaderAnswer?) {
            let session = try await bench.activate()
            #expect(try await bench.reader("setReaderDisplay", cart, session: session).appCode == "OK")
            let intent = try await bench.intent(cart: "9")
            #expect(try await bench.reader("collectPaymentMethod", ReaderBench.collect(5600), session: session).appCode == "OK")
            let wait = try await waitsForCard(bench, session: session)
            guard wait == .card else { return (wait, nil) }
            let confirmed = try await bench.reader("confirmPayment", ReaderBench.confirm(intent.id), session: session)
            #expect(try await bench.reader("clearReaderDisplay", [:], session: session).appCode == "OK")
            return (wait, confirmed)
        }

        @Test func `its sale is completed`() async throws {
            try await StoreBench.with { bench in
                let (wait, confirmed) = try await Self.sale(bench)
                #expect(wait == .card && confirmed?.content?["confirmed_payment_intent"]?["status"] == "succeeded")
                #expect(bench.store.ledger().totalTaken(cart: "9") == 5600)
                #expect(bench.store.ledger().violations.isEmpty)
            }
        }

        @Test func `with the status beside the card it asks until its patience is over, as it does with such a reader`() async throws {
            try await StoreBench.with {
                $0.reader.answers = [.statusBeside]
            } _: { bench in
                let (wait, _) = try await Self.sale(bench)
                #expect(wait == .outOfPatience)
                #expect(bench.store.ledger().charges.isEmpty)
                #expect(bench.store.ledger().count("reader.queryPaymentMethod") == 121)
            }
        }
    }
}
