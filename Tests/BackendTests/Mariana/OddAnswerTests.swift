import GatewayModel
import MarianaAPI
import Testing
import WebCall

/// Answers that lack what the call needs: each is an error that names the call and the field, and shows nothing of the answer.
@Suite struct OddAnswerTests {
    enum Call: String, Sendable {
        case configuration, connectionToken, paymentIntent, paymentStatus, setupIntent, storePaymentMethod, terminalReaders
    }

    private static func make(_ call: Call, _ client: MarianaClient) async throws(CallFailure) {
        let cart = CartID(unchecked: "1")
        let trace = "pay-1.7"
        let limit = Duration.seconds(300)
        switch call {
        case .configuration: _ = try await client.configuration(cart: cart, trace: trace, deadline: limit)
        case .connectionToken: _ = try await client.connectionToken(cart: cart, trace: trace, deadline: limit)
        case .paymentIntent:
            let amount: DecimalAmount
            do {
                amount = try DecimalAmount("1.00")
            } catch {
                throw .rejected(status: 0, detail: "the test's amount is no amount")
            }
            _ = try await client.paymentIntent(
                cart: cart, amount: amount, accountBalance: nil, type: .terminal, trace: trace, deadline: limit)
        case .paymentStatus: _ = try await client.paymentStatus(cart: cart, trace: trace, deadline: limit)
        case .setupIntent: _ = try await client.setupIntent(user: "1", method: .manual, trace: trace, deadline: limit)
        case .storePaymentMethod:
            _ = try await client.storePaymentMethod(
                partner: "1", paymentMethod: "pm_1", postalCode: "1", user: "1", name: nil, trace: trace, deadline: limit)
        case .terminalReaders: _ = try await client.terminalReaders(location: "1", trace: trace, deadline: limit)
        }
    }

    @Test(arguments: [
        (Call.configuration, "{}", "configuration: the answer has no stripe_publishable_api_key"),
        (.configuration, #"{"stripe_publishable_api_key": null}"#, "configuration: the answer has no stripe_publishable_api_key"),
        (.configuration, #"{"stripe_publishable_api_key": ""}"#, "configuration: stripe_publishable_api_key is empty in the answer"),
        (
            .configuration, #"{"stripe_publishable_api_key": "sk_live_SECRET1"}"#,
            "configuration: stripe_publishable_api_key does not look like pk_…"
        ),
        (
            .configuration, #"{"stripe_publishable_api_key": ["pk_SECRET1"]}"#,
            "configuration: stripe_publishable_api_key has not the form that it should have"
        ),
        (
            .configuration, #"{"stripe_publishable_api_key": true}"#,
            "configuration: stripe_publishable_api_key has not the form that it should have"
        ),
        (
            .configuration, #"{"stripe_publishable_api_key": 1.5}"#,
            "configuration: stripe_publishable_api_key has not the form that it should have"
        ),
        (.connectionToken, "{}", "connection_token: the answer has no stripe_connection_token"),
        (.connectionToken, #"{"stripe_connection_token": ""}"#, "connection_token: stripe_connection_token is empty in the answer"),
        (
            .connectionToken, #"{"stripe_connection_token": "tok_SECRET1"}"#,
            "connection_token: stripe_connection_token does not look like pst_…"
        ),
        (
            .connectionToken, #"{"stripe_connection_token": "pst_SECRET1\r\nX: y"}"#,
            "connection_token: stripe_connection_token does not look like pst_…"
        ),
        (.connectionToken, #"{"stripe_connection_token": "pst_"}"#, "connection_token: stripe_connection_token does not look like pst_…"),
        (
            .paymentIntent, #"{"stripe_publishable_api_key": "pk_1", "client_secret": "pi_1_secret_SECRET1"}"#,
            "payment_intent: the answer has no stripe_payment_intent_id"
        ),
        (
            .paymentIntent, #"{"stripe_payment_intent_id": "pi_1", "stripe_publishable_api_key": "pk_1"}"#,
            "payment_intent: the answer has no client_secret"
        ),
        (
            .paymentIntent, #"{"stripe_payment_intent_id": "pi_1", "client_secret": "pi_1_secret_SECRET1"}"#,
            "payment_intent: the answer has no stripe_publishable_api_key"
        ),
        (
            .paymentIntent,
            #"{"stripe_payment_intent_id": "../x", "stripe_publishable_api_key": "pk_1", "client_secret": "pi_1_secret_SECRET1"}"#,
            "payment_intent: stripe_payment_intent_id does not look like pi_…"
        ),
        (
            .paymentIntent,
            #"{"stripe_payment_intent_id": "pi_1/../2", "stripe_publishable_api_key": "pk_1", "client_secret": "pi_1_secret_SECRET1"}"#,
            "payment_intent: stripe_payment_intent_id does not look like pi_…"
        ),
        (
            .paymentIntent,
            #"{"stripe_payment_intent_id": "pi_1", "stripe_publishable_api_key": "pk_1", "client_secret": "seti_1_secret_SECRET1"}"#,
            "payment_intent: client_secret does not look like pi_…"
        ),
        (
            .paymentIntent, #"{"stripe_payment_intent_id": "pi_1", "stripe_publishable_api_key": "pk_1", "client_secret": "pi_1_secret_"}"#,
            "payment_intent: client_secret does not look like pi_…_secret_…"
        ),
        (.paymentStatus, "{}", "payment_status: the answer has no status"),
        (.paymentStatus, #"{"status": null, "order": "1"}"#, "payment_status: the answer has no status"),
        (.paymentStatus, #"{"status": ""}"#, "payment_status: status is empty in the answer"),
        (
            .paymentStatus, #"{"status": "submitted", "order": "1"}"#,
            "payment_status: status is \"submitted\", which is none of Open, Submitted, Failed"
        ),
        (.paymentStatus, #"{"status": {"word": "Open"}}"#, "payment_status: status has not the form that it should have"),
        (
            .setupIntent, #"{"stripe_setup_intent_id": "seti_1", "stripe_publishable_api_key": "pk_1"}"#,
            "setup_intent: the answer has no client_secret"
        ),
        (.setupIntent, "{}", "setup_intent: the answer has no stripe_setup_intent_id"),
        (.storePaymentMethod, #"{"payment_method": "pm_1"}"#, "store_payment_method: the answer has no bankcard"),
        (.storePaymentMethod, #"{"bankcard": 1}"#, "store_payment_method: the answer has no payment_method"),
        (
            .terminalReaders, #"[{"terminal_id": "tmr_1", "label": "a"}, {"label": "b"}]"#,
            "terminal_readers: the answer has no [1].terminal_id"
        ),
        (.terminalReaders, #"[{"terminal_id": "xyz", "label": "a"}]"#, "terminal_readers: [0].terminal_id does not look like tmr_…"),
        (.terminalReaders, #"{"terminals": []}"#, "terminal_readers: the answer has not the form that it should have"),
        (.terminalReaders, "null", "terminal_readers: the answer has not the form that it should have"),
        (.configuration, "", "configuration: the answer is not JSON"),
        (.configuration, "<html>SECRET1</html>", "configuration: the answer is not JSON"),
        (.connectionToken, #"{"stripe_connection_token": "pst_SECRET1""#, "connection_token: the answer is not JSON"),
    ])
    func `an answer without what the call needs is refused by name`(call: Call, answer: String, detail: String) async throws {
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            let failed = try await failure { () async throws(CallFailure) in try await Self.make(call, backend.client) }
            #expect(failed == .invalidAnswer(detail: detail))
        }
    }

    @Test func `deep and huge JSON is refused without a crash`() async throws {
        let bodies = [
            String(repeating: "[", count: 200_000), String(repeating: #"{"a":"#, count: 100_000),
            #"{"status": "# + String(repeating: "9", count: 100_000) + "}", #"{"status": "\ud800"}"#,
        ]
        try await BackendHarness.run(script: { .answer(200, bodies[$0.number - 1]) }) { backend in
            for _ in bodies {
                let failed = try await failure { () async throws(CallFailure) in try await Self.make(.paymentStatus, backend.client) }
                #expect(failed.isInvalidAnswer)
            }
        }
    }

    @Test func `a call that wants no body is content with any`() async throws {
        try await BackendHarness.run(script: { _ in .answer(200, "thanks") }) { backend in
            try await backend.client.deregisterTerminal(id: ReaderID(unchecked: "tmr_1"), trace: "pay-1.7", deadline: .seconds(30))
        }
    }

    @Test func `a 401 comes with what to do`() async throws {
        try await BackendHarness.run(script: { _ in .answer(401, "{\"detail\": \"Invalid token fixed-token-1.\"}") }) { backend in
            let failed = try await failure { () async throws(CallFailure) in try await Self.make(.configuration, backend.client) }
            #expect(
                failed
                    == .unauthorized(
                        detail:
                            "configuration: \(backend.harness.base.place) answered 401: {\"detail\": \"Invalid token <redacted>.\"}; fix it"
                    ))
            #expect(backend.harness.server.received.count == 2, "one 401 alone refuses no credential")
        }
    }
}
