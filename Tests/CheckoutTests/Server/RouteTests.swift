import JSON
import CheckoutAPI
import CheckoutServer
import Glibc
import Testing

@Suite struct RouteTests {
    static let body = #"{"cart": "123", "amount": "56.78"}"#

    @Test func `every route answers with its resource`() async throws {
        try await withServer { server in
            let created = try await server.send("PUT", "/v1/payments/a.b_c-1", Self.body)
            #expect(created.status == 201)
            #expect(created.json?["id"] == "a.b_c-1" && created.json?["failure"] == .null)
            #expect(try await server.send("PUT", "/v1/payments/a.b_c-1", Self.body).status == 200)
            #expect(try await server.get("/v1/payments/a.b_c-1").json?["amount"] == "56.78")
            #expect(try await server.get("/v1/payments/other").code == "payment_not_found")
            #expect(try await server.send("POST", "/v1/payments/a.b_c-1/cancel", "").status == 202)
            #expect(try await server.send("POST", "/v1/payments/a.b_c-1/cancel", "{}").json?["cancel_requested"] == true)
            server.service.end("a.b_c-1")
            #expect(try await server.send("POST", "/v1/payments/a.b_c-1/cancel", "{}").code == "already_ended")
            #expect(
                try await server.send("POST", "/v1/payments/a.b_c-1/resolve", #"{"outcome": "failed", "note": "n"}"#).status == 200)
            #expect(
                try await server.get("/v1/payments/a.b_c-1").json?["warnings"] == [
                    ["code": "charged_twice", "message": "m", "remedy": "r"]
                ])
            let acknowledged = try await server.send("POST", "/v1/payments/a.b_c-1/acknowledge", #"{"note": "given back"}"#)
            #expect(acknowledged.status == 200 && acknowledged.json?["warnings"] == [])
            #expect(server.service.calls.last == "acknowledgePayment a.b_c-1 given back")
            for body in ["", "{}", #"{"note": ""}"#, #"{"note": "n", "by": "me"}"#] {
                #expect(try await server.send("POST", "/v1/payments/a.b_c-1/acknowledge", body).code == "invalid_request", "\(body)")
            }
            #expect(try await server.send("POST", "/v1/payments/other/acknowledge", #"{"note": "n"}"#).code == "payment_not_found")
            let list = try await server.get("/v1/payments?cart=12%203&state=timed_out&lane=x&limit=200&before=abc")
            #expect(list.status == 200 && names(list.json ?? .null) == ["payments"])
            #expect(server.service.calls.last == "payments 12 3 timed_out 200 abc")

            let cart = try await server.send("PUT", "/v1/carts/a%2F%20b", #"{"lane": "till-1"}"#)
            #expect(cart.status == 200 && cart.json?["warm"]?["currency"] == false)
            #expect(server.service.calls.last == "openCart a/ b till-1 -")
            #expect(try await server.send("PUT", "/v1/carts/1", "").status == 200)
            let display = #"{"currency": "usd", "total_minor": 5, "line_items": []}"#
            #expect(try await server.send("PUT", "/v1/carts/1/display", display).status == 204)
            #expect(server.service.lastDisplay == Display(currency: "usd", totalMinor: 5, lineItems: []))
            #expect(try await server.get("/v1/carts/1/status").text == #"{"order":"8812","status":"submitted"}"#)
            #expect(try await server.send("DELETE", "/v1/carts/1", "").status == 204)

            #expect(try await server.get("/v1/readers").text.contains("Front Desk"))
            #expect(try await server.get("/v1/readers?refresh=true").status == 200)
            #expect(server.service.calls.last == "readers true")
            #expect(try await server.get("/v1/readers/Front%20Desk").json?["reader"] == "tmr_123")
            #expect(try await server.get("/v1/devices").text.contains("no_public_protocol"))
            #expect(try await server.get("/v1/status").json?["can_take_payments"] == true)
            #expect(try await server.get("/v1/configuration").text == #"{"publishable_key":"pk_test_1"}"#)
            #expect(try await server.get("/v1/configuration?cart=7").text == #"{"publishable_key":"pk_test_1","stripe_location":"tml_1"}"#)
        }
    }

    @Test func `answers that hold a secret may not be kept`() async throws {
        try await withServer { server in
            let intent = try await server.send("POST", "/v1/intents/payment", Self.body)
            #expect(intent.status == 200 && intent.field("cache-control") == "no-store")
            #expect(intent.json?["client_secret"] == "pi_123_secret_x")
            let setup = try await server.send("POST", "/v1/intents/setup", #"{"user": "7"}"#)
            #expect(setup.status == 200 && setup.field("cache-control") == "no-store")
            let token = try await server.send("POST", "/v1/connection-tokens", #"{"cart": "7"}"#)
            #expect(token.text == #"{"token":"pst_7"}"# && token.field("cache-control") == "no-store")
        }
    }

    @Test func `the caller is who the kernel says it is`() async throws {
        try await withServer { server in
            let info = try await server.get("/v1/info")
            #expect(info.json?["caller"]?["pid"] == .number(JSONNumber(Int64(getpid()))))
            #expect(info.json?["caller"]?["uid"] == .number(JSONNumber(Int64(getuid()))))
            #expect(info.json?["caller"]?["role"] == "technician")
            var groups = [gid_t](repeating: 0, count: 1024)
            let count = getgroups(1024, &groups)
            #expect(server.service.callers.last?.groups == Array(groups.prefix(Int(count))))
            #expect(server.service.callers.last?.gid == getgid())
        }
    }

    @Test func `every answer carries the agent's version and the request's name`() async throws {
        try await withServer { server in
            let named = try await server.ask("GET /v1/info HTTP/1.1\r\nHost: x\r\nX-Request-Id: till 7\r\n\r\n")
            #expect(named.field("x-request-id") == "till 7" && named.field("readerd-version") == "1.2.3")
            #expect(server.service.callers.last?.requestID == "till 7")
            let longest = String(repeating: "x", count: 128)
            let long = try await server.ask("GET /v1/info HTTP/1.1\r\nHost: x\r\nX-Request-Id: \(longest)\r\n\r\n")
            #expect(long.field("x-request-id") == longest)
            for bad in [longest + "x", "é", ""] {
                let answer = try await server.ask("GET /v1/info HTTP/1.1\r\nHost: x\r\nX-Request-Id: \(bad)\r\n\r\n")
                #expect(answer.field("x-request-id")?.utf8.count == 16)
            }
            for answer in [try await server.get("/v1/nothing"), try await server.ask("\u{0}"), try await server.get("/v1/openapi.json")] {
                #expect(answer.field("readerd-version") == "1.2.3" && answer.field("x-request-id") != nil)
            }
        }
    }

    @Test func `a problem of the service is answered as it is`() async throws {
        try await withServer { server in
            server.service.refuse(
                Problem(.cartBusy, "Payment b runs.", remedy: "Wait for it.", payment: "b", readerState: .busy, candidates: ["x"]))
            let answer = try await server.send("PUT", "/v1/payments/a", Self.body)
            #expect(answer.status == 409 && answer.field("content-type") == "application/problem+json")
            #expect(
                answer.text
                    == #"{"candidates":["x"],"code":"cart_busy","detail":"Payment b runs.","payment":"b","reader_state":"busy","remedy":"Wait for it.","retryable":true,"status":409,"title":"The cart is busy","type":"urn:readerd:problem:cart_busy"}"#
            )
        }
    }

    @Test func `what is wrong with a request is said, and nothing reaches the service`() async throws {
        try await withServer { server in
            func refusal(_ method: String, _ target: String, _ body: String = "") async throws -> (Int, String?, [String]) {
                let answer = try await server.send(method, target, body)
                return (answer.status, answer.code, answer.wrongFields)
            }
            let cases: [(String, String, String, Int, String, [String])] = [
                ("GET", "/v1/info?x=1", "", 422, "invalid_request", ["x"]),
                ("GET", "/v1/payments/a?wait=121", "", 422, "invalid_request", ["wait"]),
                ("GET", "/v1/payments/a?wait=-1", "", 422, "invalid_request", ["wait"]),
                ("GET", "/v1/payments/a?wait=", "", 422, "invalid_request", ["wait"]),
                ("GET", "/v1/payments/a?wait=1&wait=1", "", 422, "invalid_request", ["wait"]),
                ("GET", "/v1/payments/a%20b?wiat=1", "", 422, "invalid_request", ["id", "wiat"]),
                ("GET", "/v1/payments/" + String(repeating: "x", count: 129), "", 422, "invalid_request", ["id"]),
                ("GET", "/v1/payments?limit=0&state=done&before=&cart=", "", 422, "invalid_request", ["cart", "state", "limit", "before"]),
                ("GET", "/v1/payments?limit=201", "", 422, "invalid_request", ["limit"]),
                ("GET", "/v1/events?topics=payments,foo", "", 422, "invalid_request", ["topics"]),
                ("GET", "/v1/readers?refresh=yes", "", 422, "invalid_request", ["refresh"]),
                ("GET", "/v1/payments/a?wait=%zz", "", 400, "malformed_request", []),
                ("GET", "/v1/payments/%zz", "", 400, "malformed_request", []),
                ("GET", "/v1/payments/%ff", "", 400, "malformed_request", []),
                ("GET", "/v1/info", "{}", 422, "invalid_request", ["body"]),
                ("DELETE", "/v1/carts/1", "{}", 422, "invalid_request", ["body"]),
                ("PUT", "/v1/payments/a", "", 422, "invalid_request", ["body"]),
                ("PUT", "/v1/payments/a", "{", 400, "malformed_request", []),
                ("PUT", "/v1/payments/a", "[]", 422, "invalid_request", ["body"]),
                ("PUT", "/v1/payments/a", #"{"cart": "1", "amount": "0", "lana": "x"}"#, 422, "invalid_request", ["amount", "lana"]),
                ("PUT", "/v1/payments/a?x=1", "[]", 422, "invalid_request", ["x"]),
                ("PUT", "/v1/carts/%01", "{}", 422, "invalid_request", ["cart"]),
                ("PUT", "/v1/carts/", "{}", 422, "invalid_request", ["cart"]),
                ("POST", "/v1/payments/a/cancel", #"{"x": 1}"#, 422, "invalid_request", ["x"]),
                ("GET", "/v1/nothing", "", 404, "not_found", []), ("GET", "/", "", 404, "not_found", []),
                ("GET", "/v1/info/", "", 404, "not_found", []), ("GET", "//v1/info", "", 404, "not_found", []),
                ("GET", "*", "", 404, "not_found", []), ("GET", "/v2/info", "", 404, "not_found", []),
            ]
            for (method, target, body, status, code, fields) in cases {
                let answer = try await refusal(method, target, body)
                #expect(answer.0 == status && answer.1 == code && answer.2 == fields, "\(method) \(target) \(body): \(answer)")
            }
            #expect(server.service.calls == [])
        }
    }

    @Test func `a route without the method says which it has`() async throws {
        try await withServer { server in
            for (method, target, allow) in [
                ("POST", "/v1/info", "GET, HEAD"), ("PATCH", "/v1/payments/a", "PUT, GET, HEAD"), ("OPTIONS", "/v1/carts/1", "PUT, DELETE"),
                ("FOO", "/v1/connection-tokens", "POST"),
            ] {
                let answer = try await server.send(method, target, "")
                #expect(
                    answer.status == 405 && answer.code == "method_not_allowed" && answer.field("allow") == allow, "\(method) \(target)")
            }
        }
    }

    @Test func `a body must say that it is JSON`() async throws {
        try await withServer { server in
            for type in ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=latin1", "application/jsonx"] {
                let answer = try await server.send("PUT", "/v1/payments/a", Self.body, type: type)
                #expect(answer.status == 415 && answer.code == "unsupported_media_type", "\(type)")
            }
            for type in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
                #expect(try await server.send("PUT", "/v1/payments/a", Self.body, type: type).status != 415, "\(type)")
            }
        }
    }

    @Test func `web pages are refused, whatever they ask`() async throws {
        try await withServer { server in
            for field in ["Origin: null", "Referer: http://x/", "oRiGiN:"] {
                for line in ["GET /v1/info", "GET /v1/nothing", "OPTIONS /v1/info"] {
                    let answer = try await server.ask("\(line) HTTP/1.1\r\nHost: x\r\n\(field)\r\n\r\n")
                    #expect(answer.status == 403 && answer.code == "browser_refused")
                    #expect(answer.field("access-control-allow-origin") == nil)
                }
            }
            #expect(server.service.calls == [])
        }
    }

    @Test func `each role may do what is its own and no more`() async throws {
        let body = Self.body
        let routes: [(Role, String, String, String)] = [
            (.monitor, "GET", "/v1/info", ""), (.monitor, "GET", "/v1/status", ""), (.monitor, "GET", "/v1/openapi.json", ""),
            (.monitor, "GET", "/v1/readers", ""), (.monitor, "GET", "/v1/payments", ""), (.monitor, "GET", "/v1/payments/a", ""),
            (.monitor, "GET", "/v1/readers/tmr_123", ""), (.checkout, "PUT", "/v1/payments/b", body),
            (.checkout, "PUT", "/v1/carts/1", "{}"),
            (.checkout, "DELETE", "/v1/carts/1", ""), (.checkout, "GET", "/v1/carts/1/status", ""),
            (.checkout, "PUT", "/v1/carts/1/display", #"{"currency": "usd", "total_minor": 5, "line_items": []}"#),
            (.checkout, "POST", "/v1/payments/a/cancel", ""), (.checkout, "GET", "/v1/configuration", ""),
            (.checkout, "POST", "/v1/intents/payment", body), (.checkout, "POST", "/v1/intents/setup", #"{"user": "1"}"#),
            (.checkout, "POST", "/v1/connection-tokens", #"{"cart": "1"}"#),
            (.technician, "POST", "/v1/payments/a/acknowledge", #"{"note": "n"}"#),
            (.technician, "POST", "/v1/payments/a/resolve", #"{"outcome": "failed", "note": "n"}"#),
        ]
        for role in Role.allCases {
            let service = FakeService()
            service.add(FakeService.payment("a", PaymentBody(cart: "1", amount: "1")))
            try await withServer(role: role, service: service) { server in
                for (needed, method, target, body) in routes {
                    let answer = try await server.send(method, target, body)
                    if role >= needed {
                        #expect(answer.status < 300, "\(role) \(method) \(target): \(answer.text)")
                    } else {
                        #expect(answer.code == "not_permitted", "\(role) \(method) \(target): \(answer.text)")
                    }
                }
                #expect(try await server.get("/v1/nothing").status == 404)
            }
        }
    }

    @Test func `who has no role is refused everything, unknown routes too`() async throws {
        try await withServer(role: nil) { server in
            for (method, target) in [
                ("GET", "/v1/info"), ("GET", "/v1/nothing"), ("POST", "/v1/info"), ("PUT", "/v1/payments/a"), ("GET", "/%zz"),
                ("GET", "/v1/info?x=1"),
            ] {
                let answer = try await server.send(method, target, "{")
                #expect(answer.status == 403 && answer.code == "not_permitted", "\(method) \(target)")
                #expect(answer.json?["remedy"] != nil)
            }
            #expect(server.service.calls == [])
        }
    }

    @Test(arguments: ["%20123", "123%20", "%20", "%20%20"])
    func `a cart with a blank at an end is refused wherever it is named`(cart: String) async throws {
        try await withServer { server in
            let written = cart.replacing("%20", with: " ")
            for (method, target, body) in [
                ("PUT", "/v1/payments/p", #"{"cart": "\#(written)", "amount": "5"}"#), ("PUT", "/v1/carts/\(cart)", "{}"),
                ("GET", "/v1/carts/\(cart)/status", ""), ("POST", "/v1/connection-tokens", #"{"cart": "\#(written)"}"#),
                ("POST", "/v1/intents/payment", #"{"cart": "\#(written)", "amount": "5"}"#),
            ] {
                let answer = try await server.send(method, target, body)
                #expect(answer.status == 422 && answer.code == "invalid_request", "\(method) \(target): \(answer.text)")
                #expect(answer.text.contains("no blank at its ends"), "\(answer.text)")
            }
            #expect(server.service.calls == [])
        }
    }

    @Test func `a monitor sees no card data`() async throws {
        let service = FakeService()
        service.add(FakeService.payment("a", PaymentBody(cart: "1", amount: "1")))
        for role in [Role.monitor, .checkout] {
            try await withServer(role: role, service: service) { server in
                let card: JSONValue = ["brand": "visa", "entry": "contactless", "last4": "4242"]
                let expected = role == .monitor ? JSONValue.null : card
                #expect(try await server.get("/v1/payments/a").json?["card"] == expected)
                guard case .array(let list)? = try await server.get("/v1/payments").json?["payments"] else {
                    Issue.record("no list")
                    return
                }
                #expect(list.map { $0["card"] } == [expected])
                #expect((try await server.get("/v1/payments/a").json?["receipt"] == .null) == (role == .monitor))
                #expect(list.map { $0["receipt"] == .null } == [role == .monitor])
            }
        }
    }
}
