import JSON
import NIOCore
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct FaultsOverHTTPTests {
        private static let call: JSONValue = ["cart": "1", "amount": "5.00", "payment_type": "terminal"]

        /// Which faults let the call take effect, and what a client sees.
        @Test(
            arguments: [
                (.close, false), (.loseAnswer, true), (.silence, false), (.actThenSilence, true), (.truncate, true), (.garbageBytes, true),
            ] as [(FaultEffect, Bool)])
        func `no whole answer comes, with or without an effect`(effect: FaultEffect, acts: Bool) async throws {
            try await StoreBench.with { bench async throws in
                bench.store.fault(Fault("backend.payment_intent", effect))
                let isStruck = try await bench.abandon {
                    _ = try await bench.backend("payment_intent", Self.call)
                } once: {
                    $0.calls.first { $0.call == "backend.payment_intent" }?.answer != nil
                }
                #expect(isStruck)
                #expect(bench.store.ledger().intents.count == (acts ? 1 : 0))
                #expect(try await bench.backend("payment_intent", Self.call).status == 200, "it struck once")
            }
        }

        @Test func `statuses, garbage, odd answers and huge ones come whole`() async throws {
            try await StoreBench.with { bench async throws in
                bench.store.fault(Fault("backend.payment_intent", .status(503, body: "<html>")))
                let refused = try await bench.backend("payment_intent", Self.call)
                #expect(refused.status == 503)
                #expect(refused.text == "<html>")
                #expect(bench.store.ledger().intents.isEmpty)
                bench.store.fault(Fault("backend.payment_intent", .garbage))
                let garbage = try await bench.backend("payment_intent", Self.call)
                #expect(garbage.status == 200)
                #expect(throws: JSONSyntaxError.self) { try JSONValue.parse(garbage.body) }
                bench.store.fault(Fault("backend.payment_intent", .answer("{\"client_secret\":null}")))
                #expect(try bench.json(try await bench.backend("payment_intent", Self.call)) == ["client_secret": nil])
                bench.store.fault(Fault("backend.payment_intent", .huge))
                #expect(try await bench.backend("payment_intent", Self.call).body.count > 10_000_000)
                #expect(bench.store.ledger().intents.count == 3)
            }
        }

        @Test func `a late effect and a late answer differ`() async throws {
            try await StoreBench.with { bench async throws in
                bench.store.fault(Fault("backend.payment_intent", .delay(milliseconds: 1000)))
                let isHeard = try await bench.abandon {
                    _ = try await bench.backend("payment_intent", Self.call)
                } once: {
                    $0.count("backend.payment_intent") == 1
                }
                #expect(isHeard)
                #expect(bench.store.ledger().intents.isEmpty)
                #expect(try await bench.store.waitUntil { $0.intents.count == 1 }, "the client has gone, the effect comes")
                bench.store.fault(Fault("backend.payment_intent", .delayAnswer(milliseconds: 60_000)))
                let isDone = try await bench.abandon {
                    _ = try await bench.backend("payment_intent", Self.call)
                } once: {
                    $0.intents.count == 2
                }
                #expect(isDone)
            }
        }

        @Test func `a lost answer to a confirm leaves the money taken once`() async throws {
            try await StoreBench.with { bench async throws in
                let session = try await bench.activate()
                bench.store.fault(Fault("reader.confirmPayment", .loseAnswer, reader: bench.store.readers[0].label))
                await #expect(throws: (any Error).self) { _ = try await bench.pay(cart: "1", session: session) }
                #expect(bench.store.ledger().totalTaken(cart: "1") == 5600)
                #expect(bench.store.ledger().calls.last { $0.call == "reader.confirmPayment" }?.answer == "fault lose_answer")
            }
        }

        @Test func `readers answer with the codes that they are told`() async throws {
            try await StoreBench.with { bench async throws in
                let session = try await bench.activate()
                bench.store.fault(Fault("reader.*", .rpcError("TIMEOUT")))
                #expect(try await bench.reader("terminalHeartbeat", session: session).rpcCode == "TIMEOUT")
                bench.store.fault(Fault("reader.collectPaymentMethod", .appError("HEALTH_FAILURE", message: "hot")))
                let answer = try await bench.reader("collectPaymentMethod", ReaderBench.collect(100), session: session)
                #expect(answer.appCode == "HEALTH_FAILURE")
                #expect(answer.error == "hot")
                #expect(bench.store.ledger().readers[0].state == "IDLE", "it had no effect")
                bench.store.fault(Fault("reader.terminalHeartbeat", .answer("{\"system_context\":{\"connectivity_status\":0}}")))
                let content = try await bench.reader("terminalHeartbeat", session: session).content
                #expect(content?["system_context"]?["connectivity_status"] == 0)
            }
        }

        @Test func `a fault strikes the reader that it names`() async throws {
            try await StoreBench.with {
                $0.readers = 2
            } _: { bench async throws in
                bench.store.fault(Fault("reader.activateTerminal", .rpcError("RETRY"), reader: bench.store.readers[1].serial, times: nil))
                _ = try await bench.activate(reader: 0)
                let token = try await bench.connectionToken()
                let refused = try await bench.reader("activateTerminal", ReaderBench.activation(token: token), reader: 1)
                #expect(refused.rpcCode == "RETRY")
                bench.store.clearFaults()
                #expect(try await bench.reader("activateTerminal", ReaderBench.activation(token: token), reader: 1).appCode == "OK")
            }
        }

        @Test func `an outage refuses connections until it ends`() async throws {
            try await StoreBench.with { bench async throws in
                await bench.store.beginOutage(.backend)
                await #expect(throws: (any Error).self) { try await bench.backend("configuration") }
                bench.store.endOutage(.backend)
                #expect(try await bench.backend("configuration").status == 200)
            }
        }

        @Test func `a mute host accepts and says nothing, not even a handshake`() async throws {
            try await StoreBench.with { bench async throws in
                bench.store.fault(Fault("stripe.connect", .silence))
                await #expect(throws: (any Error).self) {
                    let reader = HTTPCaller(
                        address: "127.0.0.1", port: Int(bench.store.stripeURL.split(separator: ":").last ?? "") ?? 0, host: "localhost",
                        trustRoots: bench.store.caPEM)
                    _ = try await reader.call("GET", "/v1/terminal/readers", within: .milliseconds(200))
                }
                #expect(try await bench.stripe("/v1/terminal/readers", bearer: nil).status == 401)
            }
        }
    }
}
