import GatewayModel
import MarianaAPI
import Testing

/// Every call as it stands on the wire, and what is made of the published answers.
@Suite struct CallShapeTests {
    private let trace = "pay-1.7"
    private let limit = Duration.seconds(300)

    private func cart() throws -> CartID { try #require(CartID("123")) }

    @Test func `configuration names the cart or nothing`() async throws {
        let answer = #"{"stripe_publishable_api_key": "pk_test_abc123", "stripe_location_id": "tml_123"}"#
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            let found = try await backend.client.configuration(cart: cart(), trace: trace, deadline: limit)
            #expect(found == BackendConfiguration(publishableKey: PublishableKey(unchecked: "pk_test_abc123"), stripeLocation: "tml_123"))
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/configuration/")
            #expect(body == ["cart": "123"])
        }
        try await BackendHarness.run(script: { _ in
            .answer(200, #"{"stripe_publishable_api_key": "pk_live_1", "stripe_location_id": null}"#)
        }) {
            backend in
            let found = try await backend.client.configuration(cart: nil, trace: trace, deadline: limit)
            #expect(found.stripeLocation == nil)
            #expect(try backend.onlyRequest().body == [:])
        }
    }

    @Test func `connection_token is asked for a cart`() async throws {
        try await BackendHarness.run(script: { _ in .answer(200, #"{"stripe_connection_token": "pst_test_123abc_456def"}"#) }) { backend in
            let token = try await backend.client.connectionToken(cart: cart(), trace: trace, deadline: limit)
            #expect(token.secret.reveal() == "pst_test_123abc_456def")
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/connection_token/")
            #expect(body == ["cart": "123"])
        }
    }

    @Test func `payment_intent sends amounts as they were written`() async throws {
        let answer =
            #"{"stripe_payment_intent_id": "pi_abc213", "stripe_publishable_api_key": "pk_test_abc123", "client_secret": "pi_abc123_secret_456def"}"#
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            let intent = try await backend.client.paymentIntent(
                cart: cart(), amount: DecimalAmount("56.780"), accountBalance: DecimalAmount("12.3"), type: .terminal, trace: trace,
                deadline: limit)
            #expect(intent.id.text == "pi_abc213")
            #expect(intent.publishableKey.text == "pk_test_abc123")
            #expect(intent.clientSecret.secret.reveal() == "pi_abc123_secret_456def")
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/payment_intent/")
            #expect(body == ["cart": "123", "amount": "56.780", "account_balance_payment_amount": "12.3", "payment_type": "terminal"])
        }
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            _ = try await backend.client.paymentIntent(
                cart: cart(), amount: DecimalAmount("5"), accountBalance: nil, type: .card, trace: trace, deadline: limit)
            #expect(try backend.onlyRequest().body == ["cart": "123", "amount": "5", "payment_type": "card"])
        }
    }

    @Test(arguments: [
        (#"{"status": "Open", "order": null, "error": null}"#, CartStatus.open),
        (#"{"status": "Open"}"#, .open),
        (#"{"status": "Submitted", "order": "123"}"#, .submitted(order: OrderID(unchecked: "123"))),
        (#"{"status": "Submitted", "order": 4711}"#, .submitted(order: OrderID(unchecked: "4711"))),
        (#"{"status": "Submitted"}"#, .submitted(order: nil)),
        (#"{"status": "Submitted", "order": ""}"#, .submitted(order: nil)),
        (#"{"status": "Submitted", "order": {"id": 1}}"#, .submitted(order: nil)),
        (#"{"status": "Failed", "error": "Cool T-Shirt is out of stock :("}"#, .failed(error: "Cool T-Shirt is out of stock :(")),
        (#"{"status": "Failed", "error": ["a", "b"]}"#, .failed(error: nil)),
        (#"{"status": "Failed"}"#, .failed(error: nil)),
    ])
    func `payment_status says what became of a cart`(answer: String, status: CartStatus) async throws {
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            let found = try await backend.client.paymentStatus(cart: cart(), trace: trace, deadline: limit)
            #expect(found == status)
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/payment_status/")
            #expect(body == ["cart": "123"])
        }
    }

    @Test func `setup_intent keeps the published spelling`() async throws {
        let answer =
            #"{"stripe_setup_intent_id": "seti_abc213", "stripe_publishable_api_key": "pk_test_abc123", "client_secret": "seti_abc123_secret_456def"}"#
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            let intent = try await backend.client.setupIntent(user: "007", method: .terminal, trace: trace, deadline: limit)
            #expect(intent.id == "seti_abc213")
            #expect(intent.clientSecret.secret.reveal() == "seti_abc123_secret_456def")
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/setup_intent/")
            #expect(body == ["user": "007", "colletion_method": "terminal"])
        }
    }

    @Test func `store_payment_method keeps leading zeros and takes a number for the card`() async throws {
        try await BackendHarness.run(script: { _ in .answer(200, #"{"payment_method": "pm_1L2PfRI", "bankcard": 993}"#) }) { backend in
            let card = try await backend.client.storePaymentMethod(
                partner: "72341", paymentMethod: "pm_1L2PfRI", postalCode: "01234", user: "234510", name: "Jane Doe", trace: trace,
                deadline: limit)
            #expect(card == StoredCard(paymentMethod: "pm_1L2PfRI", bankcard: "993"))
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/store_payment_method/")
            #expect(
                body == ["partner": "72341", "payment_method": "pm_1L2PfRI", "postal_code": "01234", "user": "234510", "name": "Jane Doe"])
        }
        try await BackendHarness.run(script: { _ in .answer(200, #"{"payment_method": "pm_1", "bankcard": "9007199254740993"}"#) }) {
            backend in
            let card = try await backend.client.storePaymentMethod(
                partner: "1", paymentMethod: "pm_1", postalCode: "1", user: "1", name: nil, trace: trace, deadline: limit)
            #expect(card.bankcard == "9007199254740993")
            #expect(try backend.onlyRequest().body == ["partner": "1", "payment_method": "pm_1", "postal_code": "1", "user": "1"])
        }
    }

    @Test func `register_terminal is content with 204`() async throws {
        try await BackendHarness.run(script: { _ in .answer(204, "") }) { backend in
            try await backend.client.registerTerminal(
                location: "48717", code: "donkey-gecko-inspired", label: "Front Desk", trace: trace, deadline: limit)
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/register_terminal/")
            #expect(body == ["location": "48717", "registration_code": "donkey-gecko-inspired", "label": "Front Desk"])
        }
    }

    @Test func `terminal_readers is a bare array`() async throws {
        let answer = #"[{"terminal_id": "tmr_123", "label": "Front  Desk"}, {"terminal_id": "tmr_124", "label": 2}]"#
        try await BackendHarness.run(script: { _ in .answer(200, answer) }) { backend in
            let readers = try await backend.client.terminalReaders(location: "48717", trace: trace, deadline: limit)
            #expect(
                readers == [
                    BackendReader(id: ReaderID(unchecked: "tmr_123"), label: "Front  Desk"),
                    BackendReader(id: ReaderID(unchecked: "tmr_124"), label: "2"),
                ])
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/terminal_readers/")
            #expect(body == ["location": "48717"])
        }
        try await BackendHarness.run(script: { _ in .answer(200, "[]") }) { backend in
            let readers = try await backend.client.terminalReaders(location: "1", trace: trace, deadline: limit)
            #expect(readers.isEmpty)
        }
    }

    @Test(arguments: [#"{"terminal_id": "tmr_2", "label": ""}"#, #"{"terminal_id": "tmr_2"}"#, #"{"terminal_id": "tmr_2", "label": null}"#])
    func `a reader without a label is listed without one, and the others with theirs`(entry: String) async throws {
        try await BackendHarness.run(script: { _ in .answer(200, #"[{"terminal_id": "tmr_1", "label": "Bar"}, \#(entry)]"#) }) { backend in
            let readers = try await backend.client.terminalReaders(location: "1", trace: trace, deadline: limit)
            #expect(
                readers == [
                    BackendReader(id: ReaderID(unchecked: "tmr_1"), label: "Bar"),
                    BackendReader(id: ReaderID(unchecked: "tmr_2"), label: nil),
                ])
        }
    }

    @Test func `update_terminal and deregister_terminal name the reader`() async throws {
        let id = ReaderID(unchecked: "tmr_123")
        try await BackendHarness.run(script: { _ in .answer(204, "") }) { backend in
            try await backend.client.updateTerminal(id: id, label: "Bar \"2\"", trace: trace, deadline: limit)
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/update_terminal/")
            #expect(body == ["terminal_id": "tmr_123", "label": "Bar \"2\""])
        }
        try await BackendHarness.run(script: { _ in .answer(204, "") }) { backend in
            try await backend.client.deregisterTerminal(id: id, trace: trace, deadline: limit)
            let (path, body) = try backend.onlyRequest()
            #expect(path == "/api/stripe/v1/deregister_terminal/")
            #expect(body == ["terminal_id": "tmr_123"])
        }
    }
}
