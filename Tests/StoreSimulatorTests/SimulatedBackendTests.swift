import JSON
import FoundationEssentials
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct SimulatedBackendTests {
        @Test func `a token is needed, and the right one`() async throws {
            try await StoreBench.with { bench async throws in
                #expect(try await bench.backend("configuration", token: "wrong").status == 401)
                #expect(
                    try await bench.backendRaw(
                        "POST", "/api/stripe/v1/configuration/", headers: ["Content-Type": "application/json"], body: "{}"
                    ).status == 401)
                #expect(try await bench.backend("configuration").status == 200)
                bench.store.refuseEveryone(403)
                #expect(try await bench.backend("configuration").status == 403)
                bench.store.refuseEveryone(nil)
                try bench.store.changeToken()
                #expect(try await bench.backend("configuration").status == 401)
                let token = try String(contentsOfFile: bench.store.tokenFile, encoding: .utf8).trimmed.split(separator: "\n").first
                #expect(try await bench.backend("configuration", token: String(try #require(token))).status == 200)
            }
        }

        @Test func `paths, methods and media types are the published ones`() async throws {
            try await StoreBench.with { bench async throws in
                let headers = ["Authorization": "Bearer \(bench.token)", "Content-Type": "application/json"]
                #expect(try await bench.backendRaw("POST", "/api/stripe/v1/configuration", headers: headers, body: "{}").status == 404)
                #expect(try await bench.backendRaw("POST", "/api/stripe/v1/refund/", headers: headers, body: "{}").status == 404)
                #expect(try await bench.backendRaw("GET", "/api/stripe/v1/configuration/", headers: headers).status == 200)
                #expect(try await bench.backendRaw("GET", "/api/stripe/v1/payment_status/", headers: headers).status == 405)
                let form = headers.merging(["Content-Type": "text/plain"]) { _, new in new }
                #expect(try await bench.backendRaw("POST", "/api/stripe/v1/payment_status/", headers: form, body: "{}").status == 415)
                #expect(try await bench.backend("configuration", headers: ["Accept": "text/html"]).status == 406)
            }
        }

        @Test(
            arguments: [
                ("connection_token", [:]), ("connection_token", ["cart": 123]), ("connection_token", ["cart": ""]),
                ("payment_intent", ["cart": "1"]), ("payment_intent", ["cart": "1", "amount": 5]),
                ("payment_intent", ["cart": "1", "amount": "0"]),
                ("payment_intent", ["cart": "1", "amount": "5.001"]),
                ("payment_intent", ["cart": "1", "amount": "5", "payment_type": "cash"]),
                ("payment_intent", ["cart": "1", "amount": "5", "account_balance_payment_amount": "-1"]), ("payment_status", [:]),
                ("setup_intent", [:]), ("setup_intent", ["user": "1", "collection_method": "terminal"]),
                ("setup_intent", ["user": "1", "colletion_method": "telepathy"]), ("store_payment_method", ["user": "1"]),
                ("store_payment_method", ["partner": "1", "payment_method": "card_1", "postal_code": "1", "user": "1"]),
                ("store_payment_method", ["partner": "1", "payment_method": "pm_1", "postal_code": 12345, "user": "1"]),
                ("register_terminal", ["location": "48717", "registration_code": "a-b-c", "label": "New"]),
                ("register_terminal", ["location": "1", "registration_code": "a-b-c", "label": "New"]),
                ("terminal_readers", ["location": "tml_1"]),
                ("update_terminal", ["terminal_id": "tmr_none", "label": "New"]), ("update_terminal", ["terminal_id": "tmr_none"]),
                ("deregister_terminal", ["terminal_id": "tmr_none"]), ("payment_status", ["cart": "1", "card": "2"]),
            ] as [(String, JSONValue)])
        func `an invalid request is refused with 422`(call: String, body: JSONValue) async throws {
            try await StoreBench.with { bench async throws in
                #expect(try await bench.backend(call, body).status == 422)
                #expect(bench.store.ledger().intents.isEmpty)
            }
        }

        @Test func `answers have the published shapes`() async throws {
            try await StoreBench.with { bench async throws in
                #expect(try bench.json(try await bench.backend("configuration"))["stripe_location_id"] == nil)
                #expect(
                    try bench.json(try await bench.backend("configuration", ["cart": "1"]))["stripe_location_id"]?.string?.hasPrefix("tml_")
                        == true)
                #expect(try await bench.connectionToken().hasPrefix("pst_test_"))
                let setup = try bench.json(try await bench.backend("setup_intent", ["user": "1", "colletion_method": "terminal"]))
                #expect(setup["client_secret"]?.string?.hasPrefix("seti_") == true)
                let stored = try bench.json(
                    try await bench.backend(
                        "store_payment_method", ["partner": "1", "payment_method": "pm_1", "postal_code": "01234", "user": "7"]))
                #expect(stored == ["payment_method": "pm_1", "bankcard": 993])
                #expect(bench.store.ledger().bankcards == [Bankcard(id: 993, user: "7", paymentMethod: "pm_1")])
                let list = try bench.json(try await bench.backend("terminal_readers", ["location": "48717"]))
                #expect(list.array?.count == 1)
                #expect(list[0]?["label"] == "Reader 1")
            }
        }

        @Test(arguments: [false, true])
        func `a repeated intent call makes a new one or returns the old one`(returnsSame: Bool) async throws {
            try await StoreBench.with {
                $0.backend.repeatReturnsSameIntent = returnsSame
            } _: { bench async throws in
                let first = try await bench.intent(cart: "1")
                let second = try await bench.intent(cart: "1")
                #expect((first.id == second.id) == returnsSame)
                let other = try await bench.intent(cart: "1", amount: "7.00")
                #expect(other.id != second.id)
                #expect(bench.store.ledger().intents.allSatisfy { $0.status == "requires_payment_method" }, "older ones stay chargeable")
                #expect(bench.store.ledger().intents.first?.isReplaced == true)
            }
        }

        @Test func `replaced intents are canceled when so configured`() async throws {
            try await StoreBench.with {
                $0.backend.cancelsReplacedIntents = true
            } _: { bench async throws in
                _ = try await bench.intent(cart: "1")
                _ = try await bench.intent(cart: "1")
                #expect(bench.store.ledger().intents(cart: "1").map(\.status) == ["canceled", "requires_payment_method"])
            }
        }

        @Test func `an order follows the charge and closes the cart`() async throws {
            try await StoreBench.with {
                $0.backend.orderDelay = 1000
                $0.backend.manualCapture = true
            } _: { bench async throws in
                #expect(try await bench.status(cart: "5")["status"] == "Open")
                let session = try await bench.activate()
                let answer = try await bench.pay(cart: "5", session: session)
                #expect(answer.content?["confirmed_payment_intent"]?["status"] == "requires_capture")
                #expect(bench.store.ledger().charges(cart: "5").map(\.captured) == [false])
                #expect(try await bench.store.waitUntil { $0.cart("5")?.status == "Submitted" })
                let status = try await bench.status(cart: "5")
                #expect(status["order"]?.string != nil)
                #expect(bench.store.ledger().charges(cart: "5").map(\.captured) == [true])
                #expect(bench.store.ledger().totalTaken(cart: "5") == 5600)
                #expect(try await bench.backend("payment_intent", ["cart": "5", "amount": "1"]).status == 422)
                #expect(try await bench.backend("connection_token", ["cart": "5"]).status == 422)
                #expect(try await bench.status(cart: "5")["status"] == "Submitted")
            }
        }

        @Test func `an order can fail, and be a number`() async throws {
            try await StoreBench.with {
                $0.backend.ordersAsIntegers = true
            } _: { bench async throws in
                bench.store.failOrder(cart: "5", error: "Out of stock")
                let session = try await bench.activate()
                _ = try await bench.pay(cart: "5", session: session)
                let failed = try await bench.status(cart: "5")
                #expect(failed["status"] == "Failed")
                #expect(failed["error"] == "Out of stock")
                bench.store.failOrder(cart: "5", error: nil)
                #expect(try await bench.status(cart: "5")["order"]?.int != nil)
            }
        }

        @Test func `a decline can leave Failed standing until the next charge`() async throws {
            try await StoreBench.with {
                $0.backend.declineLeavesFailed = true
            } _: { bench async throws in
                let session = try await bench.activate()
                let declined = try await bench.pay(cart: "5", amount: "1.05", minor: 105, session: session)
                #expect(declined.content?["decline_response"] != nil)
                #expect(try await bench.status(cart: "5")["status"] == "Failed")
                try bench.store.script(CustomerScript(outcome: .approve))
                _ = try await bench.pay(cart: "5", amount: "1.05", minor: 105, session: session, transaction: "tx-2")
                #expect(try await bench.status(cart: "5")["status"] == "Submitted")
            }
        }

        @Test func `unknown carts are refused when the carts are known`() async throws {
            try await StoreBench.with {
                $0.backend.carts = ["1"]
            } _: { bench async throws in
                #expect(try await bench.backend("connection_token", ["cart": "1"]).status == 200)
                #expect(try await bench.backend("connection_token", ["cart": "2"]).status == 422)
                #expect(try await bench.backend("payment_status", ["cart": "2"]).status == 422)
            }
        }

        @Test func `a reader is registered by its code once, renamed and deregistered`() async throws {
            try await StoreBench.with {
                $0.unregisteredReaders = 1
            } _: { bench async throws in
                let code = try #require(bench.store.readers.last?.registrationCode)
                let body: JSONValue = ["location": "48717", "registration_code": .string(code), "label": "Bar"]
                #expect(try await bench.backend("register_terminal", body).status == 204)
                #expect(try await bench.backend("register_terminal", body).status == 422)
                let list = try bench.json(try await bench.backend("terminal_readers", ["location": "48717"]))
                let id = try #require(list.array?.last?["terminal_id"]?.string)
                #expect(list.array?.last?["label"] == "Bar")
                #expect(try await bench.backend("update_terminal", ["terminal_id": .string(id), "label": "Desk"]).status == 204)
                #expect(bench.store.ledger().reader("Desk")?.id == id)
                _ = try await bench.activate(reader: 1)
                #expect(try await bench.backend("deregister_terminal", ["terminal_id": .string(id)]).status == 204)
                #expect(bench.store.ledger().reader("Desk") == nil)
                let token = try await bench.connectionToken()
                #expect(
                    try await bench.reader("activateTerminal", ReaderBench.activation(token: token), reader: 1).appCode == "UNAUTHORIZED")
                let serial = try #require(bench.store.readers.last?.serial)
                let next = try bench.store.newRegistrationCode(reader: serial)
                let again: JSONValue = ["location": "48717", "registration_code": .string(next), "label": "Bar"]
                #expect(try await bench.backend("register_terminal", again).status == 204)
            }
        }

        @Test func `equal labels are refused when so configured, and a registration can show late`() async throws {
            try await StoreBench.with {
                $0.unregisteredReaders = 1
                $0.backend.refusesEqualLabels = true
                $0.backend.registrationDelay = 1500
            } _: { bench async throws in
                let code = try #require(bench.store.readers.last?.registrationCode)
                func register(_ label: JSONValue) async throws -> Int {
                    try await bench.backend(
                        "register_terminal", ["location": "48717", "registration_code": .string(code), "label": label]
                    ).status
                }
                #expect(try await register("Reader 1") == 422)
                #expect(try await register("Reader 2") == 204)
                func listed() async throws -> Int {
                    try bench.json(try await bench.backend("terminal_readers", ["location": "48717"])).array?.count ?? 0
                }
                #expect(try await listed() == 1)
                let soon = bench.store.ledger().at + 1500
                #expect(try await bench.store.waitUntil { $0.at > soon })
                #expect(try await listed() == 2)
            }
        }

        @Test func `a refresh token is good once, and its access token for its time`() async throws {
            try await StoreBench.with { bench async throws in
                func refresh(_ token: String, secret: String? = nil) async throws -> HTTPAnswer {
                    let oauth = bench.store.oauth
                    return try await bench.backendRaw(
                        "POST", "/o/token/", headers: ["Content-Type": "application/x-www-form-urlencoded"],
                        body: "grant_type=refresh_token&refresh_token=\(token)&client_id=\(oauth.clientID)"
                            + "&client_secret=\(secret ?? oauth.clientSecret)")
                }
                #expect(try await refresh(bench.store.oauth.refreshToken, secret: "wrong").status == 401)
                let first = try bench.json(try await refresh(bench.store.oauth.refreshToken))
                let access = try #require(first["access_token"]?.string)
                #expect(try await bench.backend("configuration", token: access).status == 200)
                #expect(try await refresh(bench.store.oauth.refreshToken).status == 400)
                let next = try #require(first["refresh_token"]?.string)
                bench.store.behave { $0.accessTokenLifetime = 0 }
                let second = try bench.json(try await refresh(next))
                #expect(second["expires_in"] == 0)
                #expect(try await bench.backend("configuration", token: try #require(second["access_token"]?.string)).status == 401)
                bench.store.revokeTokens()
                #expect(try await bench.backend("configuration", token: access).status == 401)
            }
        }
    }
}
