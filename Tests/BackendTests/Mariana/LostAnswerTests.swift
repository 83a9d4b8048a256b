import GatewayModel
import Moments
import MarianaAPI
import StripeAPI
import Testing
import WebCall

/// One lost answer ends no sale: questions are asked again, what makes something once more, and what moves something never.
@Suite struct LostAnswerTests {
    private static let cart = CartID(unchecked: "1")
    private static let id = IntentID(unchecked: "pi_1")

    enum Question: String, Sendable, CaseIterable {
        case configuration, terminalReaders, paymentStatus, stripeReaders, readIntent

        var answer: String {
            switch self {
            case .configuration: #"{"stripe_publishable_api_key": "pk_test_1", "stripe_location_id": "tml_1"}"#
            case .terminalReaders: #"[{"terminal_id": "tmr_1", "label": "a"}]"#
            case .paymentStatus: #"{"status": "Open"}"#
            case .stripeReaders: #"{"data": [{"id": "tmr_1"}], "has_more": false}"#
            case .readIntent: #"{"id": "pi_1", "status": "requires_payment_method", "amount": 100, "currency": "usd"}"#
            }
        }

        func ask(_ backend: BackendHarness, _ limit: Duration) async throws(CallFailure) {
            let stripe = StripeClient(base: backend.harness.base, web: backend.harness.web)
            switch self {
            case .configuration: _ = try await backend.client.configuration(cart: cart, trace: "t", deadline: limit)
            case .terminalReaders: _ = try await backend.client.terminalReaders(location: "1", trace: "t", deadline: limit)
            case .paymentStatus: _ = try await backend.client.paymentStatus(cart: cart, trace: "t", deadline: limit)
            case .stripeReaders:
                _ = try await stripe.listReaders(token: ConnectionToken(Secret("pst_test_1")), trace: "t", deadline: limit)
            case .readIntent:
                _ = try await stripe.readIntent(
                    id: id, key: PublishableKey(unchecked: "pk_test_1"), secret: ClientSecret(Secret("pi_1_secret_HIDDEN")), trace: "t",
                    deadline: limit)
            }
        }
    }

    /// Answers the first requests with trouble, and what follows as it should be.
    private static func script(_ trouble: [ScriptedServer.Reply], then answer: String) -> ScriptedServer.Script {
        { trouble.indices.contains($0.number - 1) ? trouble[$0.number - 1] : .answer(200, answer) }
    }

    @Test(arguments: Question.allCases)
    func `a question is asked again when its answer is cut off, or is somebody's trouble`(_ question: Question) async throws {
        let trouble: [ScriptedServer.Reply] = [
            .bytesThenCut(""), .answer(500, "oops"), .bytesThenCut("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
            .answer(502, "<html>"),
        ]
        try await BackendHarness.run(script: Self.script(trouble, then: question.answer)) { backend in
            try await question.ask(backend, .seconds(300))
            #expect(backend.harness.server.received.count == 5)
        }
    }

    @Test(arguments: Question.allCases)
    func `a question that silence answers is asked beside itself, and what comes first counts`(_ question: Question) async throws {
        try await BackendHarness.run(script: Self.script([.silence], then: question.answer)) { backend in
            try await question.ask(backend, .seconds(36))
            #expect(backend.harness.server.received.count == 2)
        }
    }

    @Test func `a server that asks to wait longer than there is time is not asked again`() async throws {
        try await BackendHarness.run(script: { _ in .answer(429, "slow down", headers: [("Retry-After", "70")]) }) { backend in
            let failed = try await failure { () async throws(CallFailure) in
                try await backend.client.paymentStatus(cart: Self.cart, trace: "t", deadline: .seconds(60))
            }
            #expect(failed.detail.hasSuffix("(it asks to wait 70 s)"))
            #expect(backend.harness.server.received.count == 1)
        }
    }

    @Test(arguments: [400, 403, 404, 422])
    func `a refusal is an answer`(_ status: Int) async throws {
        try await BackendHarness.run(script: { _ in .answer(status, "no") }) { backend in
            _ = try await failure { () async throws(CallFailure) in
                try await backend.client.paymentStatus(cart: Self.cart, trace: "t", deadline: .seconds(60))
            }
            #expect(backend.harness.server.received.count == 1)
        }
    }

    @Test func `tokens and intents are asked for once more, and no further`() async throws {
        let tokenAnswer = #"{"stripe_connection_token": "pst_test_1"}"#
        let intentAnswer = #"{"stripe_payment_intent_id": "pi_2", "stripe_publishable_api_key": "pk_1", "client_secret": "pi_2_secret_x"}"#
        let amount = try DecimalAmount("1.00")
        func token(_ backend: BackendHarness) async throws(CallFailure) {
            _ = try await backend.client.connectionToken(cart: Self.cart, trace: "t", deadline: .seconds(60))
        }
        func intent(_ backend: BackendHarness) async throws(CallFailure) -> BackendIntent {
            try await backend.client.paymentIntent(
                cart: Self.cart, amount: amount, accountBalance: nil, type: .terminal, trace: "t", deadline: .seconds(60))
        }
        try await BackendHarness.run(script: Self.script([.bytesThenCut("")], then: tokenAnswer)) { try await token($0) }
        try await BackendHarness.run(script: Self.script([.answer(502, "")], then: intentAnswer)) { backend in
            let made = try await intent(backend)
            #expect(made.id == IntentID(unchecked: "pi_2"))
        }
        try await BackendHarness.run(script: { _ in .bytesThenCut("") }) { backend in
            let failed = try await failure { () async throws(CallFailure) in try await intent(backend) }
            #expect(failed.mayHaveActed == true)
            #expect(backend.harness.server.received.count == 2)
        }
    }

    enum Move: String, Sendable, CaseIterable {
        case register, relabel, deregister, setupIntent, storeCard

        func make(_ client: MarianaClient) async throws(CallFailure) {
            let (reader, limit) = (ReaderID(unchecked: "tmr_1"), Duration.seconds(60))
            switch self {
            case .register: try await client.registerTerminal(location: "1", code: "a-b-c", label: "x", trace: "t", deadline: limit)
            case .relabel: try await client.updateTerminal(id: reader, label: "x", trace: "t", deadline: limit)
            case .deregister: try await client.deregisterTerminal(id: reader, trace: "t", deadline: limit)
            case .setupIntent: _ = try await client.setupIntent(user: "1", method: .terminal, trace: "t", deadline: limit)
            case .storeCard:
                _ = try await client.storePaymentMethod(
                    partner: "1", paymentMethod: "pm_1", postalCode: "1", user: "1", name: nil, trace: "t", deadline: limit)
            }
        }
    }

    @Test(arguments: Move.allCases)
    func `what moves something is never made again`(_ move: Move) async throws {
        try await BackendHarness.run(script: { _ in .bytesThenCut("") }) { backend in
            let failed = try await failure { () async throws(CallFailure) in try await move.make(backend.client) }
            #expect(failed.mayHaveActed == true)
            #expect(backend.harness.server.received.count == 1)
        }
    }

    @Test func `one 401 refuses no credential, two do`() async throws {
        try await BackendHarness.run(script: Self.script([.answer(401, "who?")], then: Question.paymentStatus.answer)) { backend in
            try await Question.paymentStatus.ask(backend, .seconds(60))
            try await backend.client.deregisterTerminal(id: ReaderID(unchecked: "tmr_1"), trace: "t", deadline: .seconds(60))
            #expect(backend.harness.server.received.count == 3)
        }
        try await BackendHarness.run(script: { _ in .answer(401, "who?") }) { backend in
            let failed = try await failure { () async throws(CallFailure) in try await Question.paymentStatus.ask(backend, .seconds(60)) }
            #expect(failed.isUnauthorized && failed.detail.hasSuffix("; fix it"))
            #expect(backend.harness.server.received.count == 2)
        }
    }
}
