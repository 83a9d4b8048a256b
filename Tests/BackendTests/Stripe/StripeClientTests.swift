import GatewayModel
import Moments
import NIOHTTP1
import StripeAPI
import Testing
import WebCall

@Suite struct StripeClientTests {
    private let token = ConnectionToken(Secret("pst_test_HIDDEN1"))
    private let key = PublishableKey(unchecked: "pk_test_1")
    private let secret = ClientSecret(Secret("pi_1_secret_HIDDEN2"))
    private let id = IntentID(unchecked: "pi_1")

    private func run(
        _ script: @escaping ScriptedServer.Script, _ body: (StripeClient, Harness) async throws -> Void
    ) async throws {
        try await Harness.run(script: script) { try await body(StripeClient(base: $0.base, web: $0.web), $0) }
    }

    private func list(_ client: StripeClient) async throws(CallFailure) -> [StripeReader] {
        try await client.listReaders(token: token, trace: "pay-1.8", deadline: .seconds(300)).readers
    }

    private func read(_ client: StripeClient, within limit: Duration = .seconds(300)) async throws(CallFailure) -> IntentFacts {
        try await client.readIntent(id: id, key: key, secret: secret, trace: "pay-1.9", deadline: limit)
    }

    private static func entry(_ id: String) -> String { #"{"id": "\#(id)"}"# }

    @Test func `a reader is read with what is known of it`() async throws {
        let body = #"""
            {"object": "list", "has_more": false, "data": [{"id": "tmr_1", "object": "terminal.reader", "serial_number": "STR-1",
            "device_type": "stripe_s700", "label": "Front Desk", "ip_address": "192.168.1.5", "action": null, "metadata": {},
            "base_url": "https://abc.device.stripe-terminal-local-reader.net/", "status": "online", "last_seen_at": 1700000000123,
            "device_sw_version": "2.29", "livemode": false}]}
            """#
        try await run({ _ in .answer(200, body) }) { client, harness in
            let readers = try await list(client)
            #expect(
                readers == [
                    StripeReader(
                        id: ReaderID(unchecked: "tmr_1"), serial: "STR-1", model: "stripe_s700", label: "Front Desk",
                        address: "192.168.1.5",
                        baseURL: "abc.device.stripe-terminal-local-reader.net", status: "online", lastSeenAt: 1_700_000_000_123,
                        software: "2.29", livemode: false)
                ])
            let received = try #require(harness.server.received.first)
            #expect(received.method == "GET")
            #expect(received.uri == "/v1/terminal/readers?limit=100")
            #expect(received.headers["authorization"] == ["Bearer pst_test_HIDDEN1"])
            #expect(received.headers["x-request-id"] == ["pay-1.8"])
        }
    }

    @Test func `an odd reader hides no other`() async throws {
        let body = #"""
            {"data": [{"label": "no id"}, {"id": ""}, {"id": null}, {"id": 7}, "tmr_9", null, {"id": "tmr_../x"},
            {"id": "tmr_1", "last_seen_at": "yesterday", "ip_address": null, "livemode": "no", "label": ["a"], "status": ""}]}
            """#
        try await run({ _ in .answer(200, body) }) { client, _ in
            let readers = try await list(client)
            #expect(readers.map(\.id.text) == ["tmr_1"])
            #expect(readers.first?.lastSeenAt == nil)
            #expect(readers.first?.status == nil)
            #expect(readers.first?.label == nil)
        }
    }

    @Test func `the list is followed page by page`() async throws {
        try await run({ received in
            switch received.number {
            case 1: .answer(200, #"{"has_more": true, "data": [\#(Self.entry("tmr_1")), \#(Self.entry("tmr_2"))]}"#)
            case 2: .answer(200, #"{"has_more": true, "data": [\#(Self.entry("tmr_3")), {"label": "no id"}]}"#)
            default: .answer(200, #"{"has_more": false, "data": [\#(Self.entry("tmr_4"))]}"#)
            }
        }) { client, harness in
            let readers = try await list(client)
            #expect(readers.map(\.id.text) == ["tmr_1", "tmr_2", "tmr_3", "tmr_4"])
            #expect(
                harness.server.received.map(\.uri) == [
                    "/v1/terminal/readers?limit=100", "/v1/terminal/readers?limit=100&starting_after=tmr_2",
                    "/v1/terminal/readers?limit=100&starting_after=tmr_3",
                ])
        }
    }

    @Test func `a list without an end is left after fifty pages, one that goes in circles at once, and neither is called whole`()
        async throws
    {
        func listing(_ client: StripeClient) async throws(CallFailure) -> StripeReaderList {
            try await client.listReaders(token: token, trace: "pay-1.8", deadline: .seconds(300))
        }
        try await run({ .answer(200, #"{"has_more": true, "data": [\#(Self.entry("tmr_\($0.number)"))]}"#) }) { client, harness in
            let list = try await listing(client)
            #expect(list.readers.count == 50 && !list.isWhole)
            #expect(harness.server.received.count == 50)
        }
        try await run({ _ in .answer(200, #"{"has_more": true, "data": [\#(Self.entry("tmr_1"))]}"#) }) { client, harness in
            let list = try await listing(client)
            #expect(list.readers.count == 1 && !list.isWhole)
            #expect(harness.server.received.count == 2)
        }
        try await run({ _ in .answer(200, #"{"has_more": true, "data": []}"#) }) { client, _ in
            let list = try await listing(client)
            #expect(list == StripeReaderList([], isWhole: false))
        }
    }

    @Test func `eleven hundred readers are read whole, and one location's by its name`() async throws {
        let pages: ScriptedServer.Script = { received in
            let after = received.uri.split(separator: "=").last.flatMap { Int($0.dropFirst("tmr_".count)) } ?? 0
            let first = received.uri.contains("starting_after") ? after + 1 : 0
            let entries = (first..<min(first + 100, 1_100)).map { Self.entry("tmr_\($0)") }.joined(separator: ",")
            return .answer(200, #"{"has_more": \#(first + 100 < 1_100), "data": [\#(entries)]}"#)
        }
        try await run(pages) { client, harness in
            let list = try await client.listReaders(token: token, trace: "pay-1.8", deadline: .seconds(300))
            #expect(list.readers.count == 1_100 && list.isWhole)
            #expect(harness.server.received.count == 11)
        }
        try await run({ _ in .answer(200, #"{"has_more": false, "data": [\#(Self.entry("tmr_1"))]}"#) }) { client, harness in
            let list = try await client.listReaders(token: token, location: "tml_1 x", trace: "pay-1.8", deadline: .seconds(300))
            #expect(list.readers.count == 1 && list.isWhole)
            #expect(harness.server.received.map(\.uri) == ["/v1/terminal/readers?limit=100&location=tml_1%20x"])
        }
    }

    @Test func `a list that breaks off is told as far as it was read`() async throws {
        try await run({
            $0.number == 1 ? .answer(200, #"{"has_more": true, "data": [\#(Self.entry("tmr_1"))]}"#) : .answer(503, "later")
        }) { client, _ in
            let list = try await client.listReaders(token: token, trace: "pay-1.8", deadline: .seconds(20))
            #expect(list.readers.map(\.id.text) == ["tmr_1"] && !list.isWhole)
        }
    }

    @Test(arguments: ["{}", #"{"data": null}"#, #"{"data": {}}"#, "[]", "", "nonsense", #"{"data": [}"#])
    func `what is no list is refused`(body: String) async throws {
        try await run({ _ in .answer(200, body) }) { client, _ in
            let failed = try await failure { () async throws(CallFailure) in try await list(client) }
            #expect(failed.isInvalidAnswer)
            #expect(failed.detail.hasPrefix("terminal/readers: "))
        }
    }

    @Test func `an intent is read with its key and its secret`() async throws {
        let body = #"{"id": "pi_1", "object": "payment_intent", "amount": 5678, "currency": "USD", "status": "requires_payment_method"}"#
        try await run({ _ in .answer(200, body) }) { client, harness in
            let facts = try await read(client)
            #expect(facts == IntentFacts(id: id, status: .requiresPaymentMethod, amountMinor: 5678, currency: Currency(unchecked: "usd")))
            let received = try #require(harness.server.received.first)
            #expect(received.method == "GET")
            #expect(received.uri == "/v1/payment_intents/pi_1?client_secret=pi_1_secret_HIDDEN2")
            #expect(received.headers["authorization"] == ["Bearer pk_test_1"])
            #expect(received.headers["x-request-id"] == ["pay-1.9"])
        }
    }

    @Test func `whole numbers are taken as texts too`() async throws {
        let body = #"{"id": "pi_1", "amount": "5678", "currency": "usd", "status": "succeeded", "added_in_2031": {"a": [1]}}"#
        try await run({ _ in .answer(200, body) }) { client, _ in
            let facts = try await read(client)
            #expect(facts.amountMinor == 5678 && facts.status == .succeeded)
        }
        let list = #"{"data": [{"id": "tmr_1", "last_seen_at": "1700000000123", "ip_address": " 192.168.1.5 ", "livemode": true}], "x": 1}"#
        try await run({ _ in .answer(200, list) }) { client, _ in
            let reader = try await self.list(client).first
            #expect(reader?.lastSeenAt == 1_700_000_000_123 && reader?.address == "192.168.1.5" && reader?.livemode == true)
        }
    }

    @Test func `a status that is new stays what it is`() async throws {
        try await run({ _ in .answer(200, #"{"id": "pi_1", "amount": 0, "currency": "jpy", "status": "on_the_moon"}"#) }) { client, _ in
            let facts = try await read(client)
            #expect(facts.status == .other("on_the_moon"))
        }
    }

    @Test(arguments: [
        (#"{"amount": 1, "currency": "usd", "status": "succeeded"}"#, "payment_intents: the answer has no id"),
        (
            #"{"id": "pi_2", "amount": 1, "currency": "usd", "status": "succeeded"}"#,
            "payment_intents: the answer is about another intent than pi_1"
        ),
        (#"{"id": "pi_1", "currency": "usd", "status": "succeeded"}"#, "payment_intents: the answer has no amount"),
        (#"{"id": "pi_1", "amount": null, "currency": "usd", "status": "succeeded"}"#, "payment_intents: the answer has no amount"),
        (
            #"{"id": "pi_1", "amount": "1 or 2", "currency": "usd", "status": "succeeded"}"#,
            "payment_intents: amount has not the form that it should have"
        ),
        (#"{"id": "pi_1", "amount": -1, "currency": "usd", "status": "succeeded"}"#, "payment_intents: amount is negative in the answer"),
        (
            #"{"id": "pi_1", "amount": 1, "currency": "usdollar", "status": "succeeded"}"#,
            "payment_intents: the answer has no currency of three letters"
        ),
        (#"{"id": "pi_1", "amount": 1, "status": "succeeded"}"#, "payment_intents: the answer has no currency of three letters"),
        (#"{"id": "pi_1", "amount": 1, "currency": "usd"}"#, "payment_intents: the answer has no status"),
        (#"{"id": "pi_1", "amount": 1, "currency": "usd", "status": ""}"#, "payment_intents: the answer has no status"),
    ])
    func `an intent that is not what was asked for is refused`(body: String, detail: String) async throws {
        try await run({ _ in .answer(200, body) }) { client, _ in
            let failed = try await failure { () async throws(CallFailure) in try await read(client) }
            #expect(failed == .invalidAnswer(detail: detail))
        }
    }

    @Test(arguments: ["1.5", "99999999999999999999999", "1e400", "true"])
    func `an amount that is no whole number is refused`(amount: String) async throws {
        try await run({ _ in .answer(200, #"{"id": "pi_1", "amount": \#(amount), "currency": "usd", "status": "succeeded"}"#) }) {
            client, _ in
            let failed = try await failure { () async throws(CallFailure) in try await read(client) }
            #expect(failed.isInvalidAnswer)
        }
    }

    @Test func `a refusal of Stripe's is told with its code`() async throws {
        let body =
            #"{"error": {"type": "invalid_request_error", "code": "api_key_expired", "message": "Expired API Key provided: pst_test_HIDDEN1"}}"#
        try await run({ _ in .answer(401, body) }) { client, harness in
            let failed = try await failure { () async throws(CallFailure) in try await list(client) }
            #expect(
                failed
                    == .unauthorized(
                        detail:
                            "terminal/readers: \(harness.base.place) answered 401: api_key_expired: Expired API Key provided: <redacted>"))
        }
        try await run({ _ in .answer(400, #"{"error": {"type": "invalid_request_error", "message": "Bad."}}"#) }) { client, _ in
            let failed = try await failure { () async throws(CallFailure) in try await list(client) }
            #expect(failed.rejectedStatus == 400)
            #expect(failed.detail.hasSuffix("invalid_request_error: Bad."))
        }
    }

    @Test func `the client secret is in no failure`() async throws {
        let answers: [ScriptedServer.Reply] = [
            .answer(
                404,
                #"{"error": {"code": "resource_missing", "message": "No such intent: /v1/payment_intents/pi_1?client_secret=pi_1_secret_HIDDEN2"}}"#
            ),
            .answer(500, "GET /v1/payment_intents/pi_1?client_secret=pi_1_secret_HIDDEN2 failed"),
            .answer(302, "", headers: [("Location", "/login?next=client_secret=pi_1_secret_HIDDEN2")]),
            .answer(200, #"{"id": "pi_1_secret_HIDDEN2"}"#), .answer(200, "pi_1_secret_HIDDEN2"),
            .bytesThenCut("pi_1_secret_HIDDEN2\r\n\r\n"),
            .bytesThenCut(""),
        ]
        for answer in answers {
            try await run({ _ in answer }) { client, _ in
                let failed = try await failure { () async throws(CallFailure) in try await read(client, within: .seconds(8)) }
                #expect(!"\(failed)".contains("HIDDEN"))
            }
        }
    }
}
