import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30)))
struct CardSetupTests {
    private static let body = CardSetupBody(user: "77", partner: "72341", postalCode: "01234", name: "A. Customer", lane: "till-1")

    /// A store with an open cart: without one there is no connection token.
    private static func open(
        settings: [String: String] = [:], _ body: @escaping @Sendable (Store) async throws -> Void
    ) async throws {
        try await Store.open(settings: settings) { store in
            _ = try await store.client.openCart("900", CartBody(lane: "till-1"))
            try await body(store)
        }
    }

    @Test func `a card is read, made and stored once, and no money moves`() async throws {
        try await Self.open { store in
            let setup = try await store.client.keepCard("k-1", Self.body, wait: .seconds(30))
            #expect(setup.state == .succeeded)
            #expect(setup.setupIntent?.hasPrefix("seti_") == true)
            #expect(setup.timeline.map(\.state) == [.queued, .preparing, .waitingForCard, .authorizing, .finishing, .succeeded])
            #expect(store.ledger.bankcards.map(\.user) == ["77"])
            #expect(store.ledger.bankcards.first.map { String($0.id) } == setup.bankcard)
            #expect(store.ledger.savedCards.first == setup.paymentMethod)
            #expect(store.ledger.charges.isEmpty)
            let again = try await store.client.keepCard("k-1", Self.body)
            #expect(again == setup)
            await #expect(throws: ClientError.self) {
                try await store.client.keepCard("k-1", CardSetupBody(user: "78", partner: "72341", postalCode: "01234"))
            }
            try await store.stop()
            try await store.start()
            #expect(try await store.client.cardSetup("k-1") == setup, "the journal knows it")
            #expect(store.ledger.bankcards.count == 1)
        }
    }

    @Test func `a contactless card cannot be kept, and the failure says it`() async throws {
        try await Self.open { store in
            try store.simulator.script(CustomerScript(entry: "CONTACTLESS"))
            let setup = try await store.client.keepCard("k-2", Self.body, wait: .seconds(30))
            #expect(setup.state == .failed)
            #expect(setup.failure?.code == .cardNotSupported)
            #expect(setup.failure?.remedy?.contains("insert") == true)
            #expect(store.ledger.bankcards.isEmpty)
            #expect(try await store.pay("k-2p", cart: "900").state == .succeeded, "the reader serves the next")
        }
    }

    @Test func `the customer and the till can cancel`() async throws {
        try await Self.open { store in
            try store.simulator.script(CustomerScript(cancelsAfter: 30), CustomerScript(neverPresents: true))
            let first = try await store.client.keepCard("k-3", Self.body, wait: .seconds(30))
            #expect(first.state == .canceledByCustomer)
            _ = try await store.client.keepCard("k-4", Self.body)
            try await eventually("the card is asked for") { try await store.client.cardSetup("k-4").state == .waitingForCard }
            #expect(try await store.client.cancelCardSetup("k-4").cancelRequested)
            #expect(try await store.client.cardSetup("k-4", wait: .seconds(30)).state == .canceled)
            #expect(store.ledger.readers.first?.state == "IDLE")
            #expect(store.ledger.savedCards.isEmpty)
        }
    }

    @Test func `a lost answer to storing leaves the payment method, which can be stored by itself`() async throws {
        try await Self.open(settings: ["timeouts.backend_s": "1"]) { store in
            store.simulator.fault(Fault("backend.store_payment_method", .close))
            let setup = try await store.client.keepCard("k-5", Self.body, wait: .seconds(30))
            #expect(setup.state == .failed)
            #expect(setup.failure?.code == .backendUnavailable)
            let method = try #require(setup.paymentMethod)
            #expect(store.ledger.savedCards == [method])
            let stored = try await store.client.storeBankcard(
                BankcardBody(user: "77", partner: "72341", paymentMethod: method, postalCode: "01234"))
            #expect(store.ledger.bankcards.map(\.paymentMethod) == [method])
            #expect(store.ledger.bankcards.first.map { String($0.id) } == stored.bankcard)
        }
    }

    @Test func `a payment waits for the reader until the card set-up has left it`() async throws {
        try await Self.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.keepCard("k-6", Self.body)
            try await eventually("the card is asked for") { try await store.client.cardSetup("k-6").state == .waitingForCard }
            let queued = try await store.client.pay("k-6p", PaymentBody(cart: "900", amount: "12.34", lane: "till-1"))
            #expect(queued.state == .queued)
            try await store.client.cancelCardSetup("k-6")
            let paid = try await store.client.payment("k-6p", wait: .seconds(30))
            #expect(paid.state == .succeeded)
            store.expectHonest(paid)
        }
    }

    @Test func `a power cut while the card is awaited ends it, and the reader serves again`() async throws {
        try await Self.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.keepCard("k-7", Self.body)
            try await eventually("the card is asked for") { try await store.client.cardSetup("k-7").state == .waitingForCard }
            await store.kill()
            try await store.start()
            let setup = try await store.client.cardSetup("k-7", wait: .seconds(30))
            #expect(setup.state == .failed)
            #expect(setup.failure?.code == .agentRestarted)
            #expect(try await store.payPatiently("k-7p", cart: "900").state == .succeeded)
            #expect(store.ledger.savedCards.isEmpty)
        }
    }

    @Test func `without a cart there is no connection token, and the refusal says so`() async throws {
        try await Store.open { store in
            _ = try await store.client.readers()
            do throws(ClientError) {
                _ = try await store.client.keepCard("k-8", Self.body)
                Issue.record("it should have been refused")
            } catch {
                guard case .problem(let problem) = error else { throw error }
                #expect(problem.code == .noCart)
                #expect(problem.detail.contains("no live session"))
                #expect(problem.remedy?.contains("Set maintenance_cart") == true && problem.remedy?.contains("carts open") == true)
            }
        }
    }

    @Test func `with a maintenance cart a card is kept and no cart is open`() async throws {
        try await Store.open(settings: ["maintenance_cart": quoted("m-1")]) { store in
            _ = try await store.client.readers()
            let setup = try await store.client.keepCard("k-9", Self.body, wait: .seconds(30))
            #expect(setup.state == .succeeded, "\(setup.failure?.message ?? "")")
            #expect(store.ledger.savedCards.count == 1)
        }
    }

    @Test func `a live session outlasts its cart, and a card is kept over it`() async throws {
        try await Store.open { store in
            _ = try await store.client.openCart("900", CartBody(lane: "till-1"))
            try await eventually("the reader is ready") { try await store.client.readers().contains { $0.state == .ready } }
            try await store.client.closeCart("900")
            let tokens = store.ledger.tokens.count
            let setup = try await store.client.keepCard("k-10", Self.body, wait: .seconds(30))
            #expect(setup.state == .succeeded, "\(setup.failure?.message ?? "")")
            #expect(store.ledger.tokens.count == tokens, "no token was asked for")
        }
    }
}
