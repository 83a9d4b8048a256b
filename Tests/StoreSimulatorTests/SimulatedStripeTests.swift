import JSON
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct SimulatedStripeTests {
        @Test func `readers are listed page by page for a connection token`() async throws {
            try await StoreBench.with {
                $0.readers = 3
            } _: { bench async throws in
                let token = try await bench.connectionToken()
                let first = try bench.json(try await bench.stripe("/v1/terminal/readers?limit=2", bearer: token))
                #expect(first["has_more"] == true)
                #expect(first["data"]?.array?.count == 2)
                let last = try #require(first["data"]?[1]?["id"]?.string)
                let second = try bench.json(try await bench.stripe("/v1/terminal/readers?limit=2&starting_after=\(last)", bearer: token))
                #expect(second["has_more"] == false)
                #expect(second["data"]?.array?.count == 1)
                let reader = try #require(second["data"]?[0])
                let known = try #require(bench.store.readers.last)
                #expect(reader["id"]?.string == known.id)
                #expect(reader["serial_number"]?.string == known.serial)
                let address = try #require(reader["ip_address"]?.string)
                let domain = try #require(reader["base_url"]?.string)
                #expect(known.host == "\(address.split(separator: ".").joined(separator: "-")).\(domain)")
                #expect(try #require(reader["last_seen_at"]?.int) > 1_700_000_000_000, "milliseconds")
                #expect(reader["status"] == "online")
            }
        }

        @Test(arguments: [
            "limit=0", "limit=101", "limit=x", "starting_after=tmr_none", "colour=red",
        ])
        func `a wrong query is refused`(query: String) async throws {
            try await StoreBench.with { bench async throws in
                let token = try await bench.connectionToken()
                #expect(try await bench.stripe("/v1/terminal/readers?\(query)", bearer: token).status == 400)
            }
        }

        @Test func `who asks must be known`() async throws {
            try await StoreBench.with { bench async throws in
                let intent = try await bench.intent(cart: "1")
                for (bearer, code) in [
                    (nil, "api_key_missing"), ("pst_test_unknown", "api_key_invalid"), (intent.key, "secret_key_required"),
                ] as [(String?, String)] {
                    let answer = try await bench.stripe("/v1/terminal/readers", bearer: bearer)
                    #expect(answer.status == 401)
                    #expect(try bench.json(answer)["error"]?["code"]?.string == code)
                }
                let token = try await bench.connectionToken()
                bench.store.expireConnectionTokens()
                let answer = try await bench.stripe("/v1/terminal/readers", bearer: token)
                #expect(answer.status == 401)
                #expect(try bench.json(answer)["error"]?["code"] == "api_key_expired")
            }
        }

        @Test func `a spent token still lists and reads, and an offline reader is listed too`() async throws {
            try await StoreBench.with { bench async throws in
                let token = try await bench.connectionToken()
                #expect(try await bench.reader("activateTerminal", ReaderBench.activation(token: token)).appCode == "OK")
                try await bench.store.powerOff()
                let list = try bench.json(try await bench.stripe("/v1/terminal/readers", bearer: token))
                #expect(list["data"]?[0]?["status"] == "offline")
                try bench.store.setListedStatus("online")
                let lie = try bench.json(try await bench.stripe("/v1/terminal/readers?status=online", bearer: token))
                #expect(lie["data"]?.array?.count == 1)
            }
        }

        @Test func `an intent is read with its own secret only`() async throws {
            try await StoreBench.with { bench async throws in
                let intent = try await bench.intent(cart: "1")
                let other = try await bench.intent(cart: "2")
                let good = try bench.json(
                    try await bench.stripe("/v1/payment_intents/\(intent.id)?client_secret=\(intent.secret)", bearer: intent.key))
                #expect(good["amount"] == 5600)
                #expect(good["currency"] == "usd")
                #expect(good["status"] == "requires_payment_method")
                let token = try await bench.connectionToken()
                #expect(
                    try await bench.stripe("/v1/payment_intents/\(intent.id)?client_secret=\(intent.secret)", bearer: token).status == 200)
                #expect(
                    try await bench.stripe("/v1/payment_intents/\(intent.id)?client_secret=\(other.secret)", bearer: intent.key).status
                        == 400)
                #expect(try await bench.stripe("/v1/payment_intents/\(intent.id)", bearer: intent.key).status == 400)
                #expect(try await bench.stripe("/v1/payment_intents/pi_none?client_secret=x", bearer: intent.key).status == 404)
                #expect(try await bench.stripe("/v1/charges", bearer: intent.key).status == 404)
                bench.store.payWithForm(intent: intent.id)
                let paid = try bench.json(
                    try await bench.stripe("/v1/payment_intents/\(intent.id)?client_secret=\(intent.secret)", bearer: intent.key))
                #expect(paid["status"] == "succeeded")
                #expect(bench.store.payWithForm(intent: intent.id) == nil, "an intent is charged once")
            }
        }
    }
}
