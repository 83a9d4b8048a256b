import JSON
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct ControlTests {
        @Test func `the ledger, faults and scripts go over HTTP`() async throws {
            try await StoreBench.with { bench async throws in
                let control = try ControlClient(directory: bench.store.directory)
                try await control.fault(Fault("backend.configuration", .status(500, body: ""), times: nil))
                #expect(try await bench.backend("configuration").status == 500)
                #expect(try JSONValue.parse(try await control.get("faults")).array?.count == 1)
                try await control.post("clear", ["call": "backend.configuration"])
                #expect(try await bench.backend("configuration").status == 200)

                try await control.script(CustomerScript(outcome: .decline("lost_card")), reader: bench.store.readers[0].serial, times: 2)
                let session = try await bench.activate()
                for transaction in ["tx-1", "tx-2"] {
                    let answer = try await bench.pay(cart: "1", session: session, transaction: transaction)
                    #expect(answer.content?["decline_response"]?["error"]?["decline_code"] == "lost_card")
                }
                _ = try await bench.pay(cart: "1", session: session, transaction: "tx-3")
                let ledger = try await control.ledger()
                #expect(ledger.totalTaken(cart: "1") == 5600)
                #expect(ledger.intents(cart: "1").flatMap(\.declines).count == 2)
            }
        }

        @Test func `events of readers go over HTTP`() async throws {
            try await StoreBench.with {
                $0.unregisteredReaders = 1
            } _: { bench async throws in
                let control = try ControlClient(directory: bench.store.directory)
                let session = try await bench.activate()
                try await control.post("reader", ["event": "take_over"])
                #expect(try await bench.reader("terminalHeartbeat", session: session).appCode == "INVALID_SESSION_TOKEN")
                try await control.post("reader", ["event": "power_off", "reader": .string(bench.store.readers[0].serial)])
                #expect(bench.store.ledger().readers[0].state == "OFFLINE")
                try await control.post("reader", ["event": "power_on"])
                let old = bench.store.readers[0].address
                try await control.post("reader", ["event": "move"])
                #expect(bench.store.readers[0].address != old)
                try await control.post("reader", ["event": "certificate", "flaw": "expired"])
                await #expect(throws: (any Error).self) { try await bench.post("terminalHeartbeat", [:]) }
                try await control.post("reader", ["event": "certificate"])
                #expect(try await bench.post("terminalHeartbeat", [:]).status == 200)
                let code = try await control.post("reader", ["event": "pairing_code", "reader": .string(bench.store.readers[1].serial)])
                #expect(code["registration_code"]?.string == bench.store.readers[1].registrationCode)
            }
        }

        @Test func `events of hosts go over HTTP`() async throws {
            try await StoreBench.with { bench async throws in
                let control = try ControlClient(directory: bench.store.directory)
                try await control.post("backend", ["event": "refuse", "status": 403])
                #expect(try await bench.backend("configuration").status == 403)
                try await control.post("backend", ["event": "accept"])
                #expect(try await bench.backend("configuration").status == 200)
                try await control.post("backend", ["event": "outage"])
                await #expect(throws: (any Error).self) { try await bench.backend("configuration") }
                try await control.post("backend", ["event": "recovery"])
                let intent = try await bench.intent(cart: "1", type: "card")
                try await control.post("stripe", ["event": "pay_with_form", "intent": .string(intent.id)])
                #expect(bench.store.ledger().totalTaken(cart: "1") == 5600)
                await #expect(throws: SimulatorError.self) {
                    try await control.post("stripe", ["event": "pay_with_form", "intent": .string(intent.id)])
                }
            }
        }

        @Test(arguments: Preset.allCases)
        func `every preset can be had`(preset: Preset) async throws {
            try await StoreBench.with { bench async throws in
                let control = try ControlClient(directory: bench.store.directory)
                try await control.post("preset", ["name": .string(preset.rawValue)])
            }
        }

        @Test(arguments: [
            ("fault", "{}"), ("fault", "{\"call\":\"x\",\"effect\":{\"kind\":\"magic\"}}"), ("fault", "nonsense"), ("reader", "{}"),
            ("reader", "{\"event\":\"reboot\",\"reader\":\"nobody\"}"), ("script", "{\"outcome\":\"magic\"}"),
            ("preset", "{\"name\":\"magic\"}"),
            ("backend", "{\"event\":\"magic\"}"), ("stripe", "{\"event\":\"magic\"}"),
        ])
        func `an order that makes no sense is refused with a reason`(subject: String, body: String) async throws {
            try await StoreBench.with { bench async throws in
                let port = try #require(Int(bench.store.controlURL.split(separator: ":").last ?? ""))
                let answer = try await HTTPCaller(address: "127.0.0.1", port: port).call(
                    "POST", "/control/\(subject)", body: Array(body.utf8))
                #expect(answer.status == 400)
                #expect(try bench.json(answer)["error"]?.string?.isEmpty == false)
            }
        }

        @Test func `a directory without a store is told so`() {
            #expect(throws: SimulatorError.self) { try ControlClient(directory: "/nonexistent/store") }
        }
    }
}
