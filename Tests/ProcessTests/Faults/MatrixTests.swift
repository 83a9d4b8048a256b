import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// Every odd answer of every call. One daemon goes through all answers of a call, with a good payment after each: nothing may stick.
@Suite(.timeLimit(.minutes(30)))
struct MatrixTests {
    /// Every wait of the agent is short here, so that silence is found out within a test's time.
    private static let settings = [
        "timeouts.connect_s": "4", "timeouts.backend_s": "4", "timeouts.stripe_s": "4", "timeouts.reader_s": "3",
        "timeouts.confirm_s": "30",
    ]
    /// Two tries of the slowest call, the agent's own pauses, and a loaded machine.
    private static let deadline: Duration = .seconds(25)

    private static func open(
        _ call: String, deadline: Duration = deadline, at location: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Store, OddAnswer, _ cart: String) async throws -> Void
    ) async throws {
        try await Store.open(settings: settings, within: .seconds(150), at: location) { store in
            try await good("first", in: store)
            for answer in OddAnswer.allCases {
                let began = ContinuousClock.now
                try await body(store, answer, "odd-\(answer)")
                #expect(ContinuousClock.now - began < deadline, "\(call) \(answer) took too long")
                #expect(store.process?.end == nil, "\(call) \(answer) ended the daemon")
                store.simulator.clearFaults()
                store.simulator.clearScripts()
                try await good("after-\(answer)", in: store)
            }
        }
    }

    /// The agent, the backend and the reader are in order again.
    private static func good(_ name: String, in store: Store) async throws {
        let payment = try await store.payPatiently(name, cart: name)
        #expect(payment.state == .succeeded, "\(name): \(payment.failure?.message ?? "")")
        store.expectHonest(payment)
    }

    /// The reader restarts so quickly that nobody sees it: its session is gone.
    private static func dropSession(_ store: Store) async throws {
        try await store.simulator.powerOff()
        try await store.simulator.powerOn()
    }

    private static func backendFailure(_ answer: OddAnswer) -> Payment.FailureCode {
        switch answer {
        case .unauthorized: .backendUnauthorized
        case .forbidden, .rejected: .backendRejected
        case .serverError, .silence, .truncated: .backendUnavailable
        case .huge, .garbage: .backendInvalidAnswer
        }
    }

    private static func readerFailure(_ answer: OddAnswer) -> Payment.FailureCode { answer == .garbage ? .readerError : .readerLost }

    private static func expectNotTaken(
        _ payment: Payment, _ code: Payment.FailureCode, _ answer: OddAnswer, in store: Store,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(payment.state == .failed, "\(answer)", sourceLocation: location)
        #expect(payment.failure?.code == code, "\(answer): \(payment.failure?.message ?? "no failure")", sourceLocation: location)
        #expect(payment.money == .notTaken, "\(answer)", sourceLocation: location)
        store.expectHonest(payment, at: location)
        #expect(store.ledger.charges(cart: payment.cart).isEmpty, "\(answer)", sourceLocation: location)
    }

    // MARK: The backend

    @Test func `configuration`() async throws {
        try await Self.open("configuration") { store, answer, cart in
            store.simulator.fault(Fault("backend.configuration", answer.effect, times: nil))
            // It tells the currency early, and no more: the payment does without.
            let payment = try await store.pay(cart, cart: cart)
            #expect(payment.state == .succeeded, "\(answer): \(payment.failure?.message ?? "")")
            store.expectHonest(payment)
        }
    }

    @Test func `connection_token`() async throws {
        try await Self.open("connection_token") { store, answer, cart in
            try await Self.dropSession(store)
            store.simulator.fault(Fault("backend.connection_token", answer.effect, times: nil))
            let payment = try await store.pay(cart, cart: cart)
            Self.expectNotTaken(payment, Self.backendFailure(answer), answer, in: store)
        }
    }

    @Test func `payment_intent`() async throws {
        try await Self.open("payment_intent") { store, answer, cart in
            store.simulator.fault(Fault("backend.payment_intent", answer.effect, times: nil))
            let payment = try await store.pay(cart, cart: cart)
            Self.expectNotTaken(payment, Self.backendFailure(answer), answer, in: store)
        }
    }

    @Test func `payment_status`() async throws {
        try await Self.open("payment_status") { store, answer, cart in
            store.simulator.fault(Fault("backend.payment_status", answer.effect, times: nil))
            _ = try await store.client.pay(cart, PaymentBody(cart: cart, amount: "12.34"))
            try await store.ledger("\(answer): the charge") { $0.charges(cart: cart).count == 1 }
            let waiting = try await store.payment(cart, becomes: .finishing, .unresolved)
            #expect(waiting.money == .unknown, "\(answer)")
            store.simulator.clearFaults()
            let payment = try await store.client.payment(cart, wait: .seconds(20))
            #expect(payment.state == .succeeded, "\(answer)")
            store.expectHonest(payment)
        }
    }

    @Test func `terminal_readers`() async throws {
        try await Self.open("terminal_readers") { store, answer, cart in
            store.simulator.fault(Fault("backend.terminal_readers", answer.effect, times: nil))
            let problem = try await refusal { () async throws(ClientError) in try await store.client.readers(refresh: true) }
            let code: Problem.Code =
                switch answer {
                case .unauthorized: .backendUnauthorized
                case .forbidden: .backendForbidden
                case .rejected: .backendRejected
                case .serverError, .silence, .truncated: .backendUnavailable
                case .huge, .garbage: .backendInvalidAnswer
                }
            #expect(problem.code == code, "\(answer)")
            #expect(problem.remedy != nil)
            // A refused token is refused for everything, until it is accepted again.
            if answer == .unauthorized { store.simulator.clearFaults() }
            // The readers that are known go on serving.
            let payment = try await store.payPatiently(cart, cart: cart)
            #expect(payment.state == .succeeded, "\(answer)")
            store.expectHonest(payment)
        }
    }

    // MARK: Stripe

    @Test func `Stripe's list of readers`() async throws {
        try await Self.open("stripe.readers") { store, answer, cart in
            try await Self.dropSession(store)
            store.simulator.fault(Fault("stripe.readers", answer.effect, times: nil))
            let payment = try await store.pay(cart, cart: cart)
            Self.expectNotTaken(payment, .readerLost, answer, in: store)
        }
    }

    @Test func `Stripe's intent`() async throws {
        try await Self.open("stripe.payment_intent") { store, answer, cart in
            store.simulator.fault(Fault("stripe.payment_intent", answer.effect, times: nil))
            let payment = try await store.pay(cart, cart: cart)
            Self.expectNotTaken(payment, .intentFailed, answer, in: store)
        }
    }

    // MARK: The reader

    @Test func `activateTerminal`() async throws {
        try await Self.open("activateTerminal") { store, answer, cart in
            try await Self.dropSession(store)
            store.simulator.fault(Fault("reader.activateTerminal", answer.effect, times: nil))
            let payment = try await store.pay(cart, cart: cart)
            Self.expectNotTaken(payment, Self.readerFailure(answer), answer, in: store)
        }
    }

    @Test(arguments: ["collectPaymentMethod", "queryPaymentMethod"])
    func `asking for the card`(method: String) async throws {
        try await Self.open(method) { store, answer, cart in
            store.simulator.fault(Fault("reader.\(method)", answer.effect, times: nil))
            let payment = try await store.pay(cart, cart: cart)
            Self.expectNotTaken(payment, Self.readerFailure(answer), answer, in: store)
        }
    }

    @Test func `confirmPayment`() async throws {
        // Silence is waited out: an issuer may take as long.
        try await Self.open("confirmPayment", deadline: .seconds(75)) { store, answer, cart in
            store.simulator.fault(Fault("reader.confirmPayment", answer.effect, times: nil))
            _ = try await store.client.pay(cart, PaymentBody(cart: cart, amount: "12.34"))
            guard !answer.acts else {
                let payment = try await store.client.payment(cart, wait: .seconds(60))
                #expect(payment.state == .succeeded, "\(answer)")
                return store.expectHonest(payment)
            }
            let open = try await store.payment(cart, becomes: .unresolved, within: .seconds(50))
            #expect(open.money == .unknown, "\(answer)")
            #expect(store.ledger.charges(cart: cart).isEmpty, "\(answer)")
            store.simulator.clearFaults()
            let again = try await store.payPatiently("again-\(cart)", cart: cart)
            #expect(again.state == .succeeded, "\(answer)")
            store.expectHonest(again)
            let first = try await store.client.payment(cart, wait: .seconds(20))
            #expect(first.state == .failed && first.money == .notTaken, "\(answer)")
            store.expectHonest(first)
        }
    }

    @Test func `cancelCollectPaymentMethod`() async throws {
        try await Self.open("cancelCollectPaymentMethod") { store, answer, cart in
            try store.simulator.script(CustomerScript(neverPresents: true))
            store.simulator.fault(Fault("reader.cancelCollectPaymentMethod", answer.effect, times: nil))
            _ = try await store.client.pay(cart, PaymentBody(cart: cart, amount: "12.34"))
            try await store.payment(cart, becomes: .waitingForCard)
            try await store.client.cancelPayment(cart)
            let payment = try await store.client.payment(cart, wait: .seconds(20))
            // Without an acknowledgement the reader counts as lost; nothing was confirmed, so nothing is taken.
            #expect(payment.state == .failed, "\(answer)")
            #expect(payment.failure?.code == .readerLost, "\(answer): \(payment.failure?.message ?? "")")
            #expect(payment.money == .notTaken)
            store.expectHonest(payment)
        }
    }
}
