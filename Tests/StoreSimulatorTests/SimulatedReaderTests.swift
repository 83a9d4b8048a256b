import JSON
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct SimulatedReaderTests {
        @Test func `a payment over real TLS ends with an order`() async throws {
            try await StoreBench.with { bench async throws in
                let session = try await bench.activate()
                let answer = try await bench.pay(cart: "9", session: session)
                #expect(answer.content?["confirmed_payment_intent"]?["status"] == "succeeded")
                #expect(try await bench.status(cart: "9")["status"] == "Submitted")
                let ledger = bench.store.ledger()
                #expect(ledger.totalTaken(cart: "9") == 5600)
                #expect(ledger.charges.count == 1)
                #expect(ledger.charges.first?.reader == ledger.readers.first?.serial)
                #expect(ledger.count("reader.confirmPayment") == 1)
                #expect(ledger.counts["reader.confirmPayment"]?.lastRequestID == "connectReader!1")
                #expect(ledger.readers.first?.activations == 1)
                #expect(ledger.tokens.first?.spentBy == ledger.readers.first?.serial)
                #expect(ledger.overlaps == 0)
                #expect(ledger.violations.isEmpty)
            }
        }

        @Test func `the HTTP around an envelope must be right`() async throws {
            try await StoreBench.with { bench async throws in
                let reader = bench.store.readers[0]
                let caller = HTTPCaller(address: reader.address, port: reader.port, host: reader.host, trustRoots: bench.store.caPEM)
                let path = "/protojsonservice/JackRabbitService"
                let json = ["Content-Type": "application/json"]
                #expect(try await caller.call("POST", "/", headers: json).status == 404)
                #expect(try await caller.call("GET", path, headers: json).status == 405)
                #expect(try await caller.call("POST", path, headers: ["Content-Type": "text/plain"]).status == 415)
                #expect(
                    try await caller.call("POST", path, headers: ["Content-Type": "application/json", "Host": "localhost"]).status == 421)
                let bad = try bench.json(try await caller.call("POST", path, headers: json, body: Array("{}".utf8)))
                #expect(bad["rpc_error_code"] == "BAD_REQUEST")
                _ = try await bench.post("terminalHeartbeat", [:], headers: ["Authorization": "Bearer x"])
                #expect(bench.store.ledger().violations.count == 1)
            }
        }

        @Test func `overlapping requests of one client are refused and counted`() async throws {
            try await StoreBench.with {
                $0.reader.issuerAfter = 1500
            } _: { bench async throws in
                let session = try await bench.activate()
                async let paying = bench.pay(cart: "1", session: session)
                #expect(try await bench.store.waitUntil { $0.readers[0].state == "AUTHORISING" })
                let answer = try await bench.reader("terminalHeartbeat", session: session)
                #expect(answer.rpcCode == "SERVER_BUSY")
                let paid = try await paying
                #expect(paid.appCode == "OK")
                #expect(bench.store.ledger().overlaps == 1)
                #expect(try await bench.reader("terminalHeartbeat", session: session).appCode == "OK")
            }
        }

        @Test func `a confirm goes on when nobody listens any more`() async throws {
            try await StoreBench.with {
                $0.reader.issuerAfter = 1500
            } _: { bench async throws in
                let session = try await bench.activate()
                let intent = try await bench.intent(cart: "1")
                _ = try await bench.reader("collectPaymentMethod", ReaderBench.collect(5600), session: session)
                let isAuthorising = try await bench.abandon {
                    _ = try await bench.reader("confirmPayment", ReaderBench.confirm(intent.id), session: session)
                } once: {
                    $0.readers[0].state == "AUTHORISING"
                }
                #expect(isAuthorising)
                #expect(bench.store.ledger().totalTaken(cart: "1") == 0)
                #expect(try await bench.reader("clearReaderDisplay", session: session).appCode == "LOCK_RESOURCES_EXCEPTION")
                #expect(bench.store.ledger().overlaps == 0, "the client had hung up")
                #expect(try await bench.store.waitUntil { $0.totalTaken(cart: "1") == 5600 })
                #expect(try await bench.store.waitUntil { $0.readers[0].state == "IDLE" })
            }
        }

        @Test func `a reboot ends the session, drops the line and comes back`() async throws {
            try await StoreBench.with { bench async throws in
                let session = try await bench.activate()
                let reader = bench.store.readers[0]
                try await bench.store.reboot(downFor: 200)
                #expect(bench.store.ledger().readers[0].state == "OFFLINE")
                await #expect(throws: (any Error).self) { try await bench.reader("terminalHeartbeat", session: session) }
                #expect(try await bench.store.waitUntil { $0.readers[0].isOnline })
                #expect(bench.store.readers[0].address == reader.address)
                #expect(bench.store.readers[0].port == reader.port)
                #expect(try await bench.reader("terminalHeartbeat", session: session).appCode == "INVALID_SESSION_TOKEN")
            }
        }

        @Test(arguments: [false, true])
        func `a power cut in mid-authorisation takes the money or not, as told`(finishes: Bool) async throws {
            try await StoreBench.with {
                $0.reader.issuerAfter = 60_000
            } _: { bench async throws in
                let session = try await bench.activate()
                async let paying = bench.pay(cart: "1", session: session)
                #expect(try await bench.store.waitUntil { $0.readers[0].state == "AUTHORISING" })
                try await bench.store.powerOff(finishesAuthorisation: finishes)
                do {
                    _ = try await paying
                    Issue.record("a reader without power has answered")
                } catch {
                    // As it must be: the line is dead.
                }
                #expect(bench.store.ledger().totalTaken(cart: "1") == (finishes ? 5600 : 0))
            }
        }

        @Test func `a reader moves to another address and Stripe may hear of it late or never`() async throws {
            try await StoreBench.with { bench async throws in
                let token = try await bench.connectionToken()
                let session = try await bench.activate()
                func listed() async throws -> String? {
                    try bench.json(try await bench.stripe("/v1/terminal/readers", bearer: token))["data"]?[0]?["ip_address"]?.string
                }
                let old = bench.store.readers[0]
                try await bench.store.move(listedAfter: nil)
                let new = bench.store.readers[0]
                #expect(new.address != old.address)
                #expect(new.host != old.host)
                #expect(try await listed() == old.address)
                #expect(try await bench.reader("terminalHeartbeat", session: session).appCode == "OK", "the session lives on")
                await #expect(throws: (any Error).self) {
                    _ = try await HTTPCaller(address: old.address, port: old.port, host: old.host, trustRoots: bench.store.caPEM).call(
                        "GET", "/")
                }
                try await bench.store.move(listedAfter: 0)
                #expect(try await listed() == bench.store.readers[0].address)
            }
        }

        @Test func `another point of sale can take a reader`() async throws {
            try await StoreBench.with { bench async throws in
                let session = try await bench.activate()
                try bench.store.takeOver(collects: true)
                #expect(try await bench.reader("terminalHeartbeat", session: session).appCode == "INVALID_SESSION_TOKEN")
                let token = try await bench.connectionToken()
                #expect(try await bench.reader("activateTerminal", ReaderBench.activation(token: token)).appCode == "ILLEGAL_STATE")
                try bench.store.release()
                #expect(try await bench.reader("activateTerminal", ReaderBench.activation(token: token)).appCode == "OK")
            }
        }

        @Test(arguments: CertificateFlaw.allCases)
        func `a flawed certificate is not trusted, and a mended one is`(flaw: CertificateFlaw) async throws {
            try await StoreBench.with { bench async throws in
                let reader = bench.store.readers[0]
                #expect(try await bench.post("terminalHeartbeat", [:]).status == 200)
                try await bench.store.setCertificate(flaw)
                if flaw == .addressOnly {
                    // NIOSSL takes an IP entry for the name; a careful client looks at the names itself. Other clients refuse it here.
                    await #expect(throws: (any Error).self) {
                        _ = try await HTTPCaller(
                            address: "127.0.0.1", port: reader.port, host: "localhost", trustRoots: bench.store.caPEM
                        ).call("GET", "/")
                    }
                } else {
                    await #expect(throws: (any Error).self) { try await bench.post("terminalHeartbeat", [:]) }
                }
                try await bench.store.setCertificate(nil)
                #expect(try await bench.post("terminalHeartbeat", [:]).status == 200)
            }
        }
    }
}
