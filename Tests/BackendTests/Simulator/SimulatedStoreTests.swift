import FoundationEssentials
import GatewayModel
import MarianaAPI
import StoreSimulator
import StripeAPI
import TestSupport
import Testing
import WebCall

/// The clients against the simulated store: its own authority, its own token file, its OAuth.
@Suite struct SimulatedStoreTests {
    private struct Parts: Sendable {
        var store: SimulatedStore
        var web: WebClient
        var backend: MarianaClient
        var stripe: StripeClient
        var folder: TemporaryDirectory
    }

    private let cart = CartID(unchecked: "4711")
    private let limit = Duration.seconds(300)

    private func run(_ configuration: StoreConfiguration = .init(), oauth: Bool = false, _ body: (Parts) async throws -> Void) async throws
    {
        let store = try await SimulatedStore.start(configuration)
        let folder = try TemporaryDirectory()
        let web = try WebClient(trustRoots: store.caFile, connectTimeout: .seconds(300))
        let outcome = await Outcome.of {
            let credential: any BackendCredential
            if oauth {
                let settings = try OAuthSettings(
                    tokenURL: store.oauth.tokenURL, clientID: store.oauth.clientID,
                    clientSecretFile: folder.write("client", store.oauth.clientSecret),
                    refreshTokenFile: folder.write("refresh", store.oauth.refreshToken), timeLimit: .seconds(300))
                credential = OAuthCredential(settings: settings, web: web)
            } else {
                credential = TokenFileCredential(path: store.tokenFile)
            }
            try await body(
                Parts(
                    store: store, web: web,
                    backend: MarianaClient(base: WebBase(store.backendURL), credential: credential, web: web),
                    stripe: StripeClient(base: WebBase(store.stripeURL), web: web), folder: folder))
            await credential.shutdown()
        }
        await web.shutdown()
        await store.stop()
        try folder.remove()
        try outcome.get()
    }

    @Test func `a payment's calls fit together`() async throws {
        try await run { parts in
            let configuration = try await parts.backend.configuration(cart: cart, trace: "p.1", deadline: limit)
            #expect(configuration.stripeLocation == parts.store.configuration.stripeLocation)
            let token = try await parts.backend.connectionToken(cart: cart, trace: "p.2", deadline: limit)
            let listed = try await parts.stripe.listReaders(
                token: token, location: configuration.stripeLocation, trace: "p.3", deadline: limit
            ).readers
            let known = try await parts.backend.terminalReaders(location: parts.store.configuration.location, trace: "p.4", deadline: limit)
            #expect(listed.map(\.id) == known.map(\.id))
            #expect(listed.first?.serial == parts.store.readers.first?.serial)
            let intent = try await parts.backend.paymentIntent(
                cart: cart, amount: DecimalAmount("56.78"), accountBalance: nil, type: .terminal, trace: "p.5", deadline: limit)
            let facts = try await parts.stripe.readIntent(
                id: intent.id, key: intent.publishableKey, secret: intent.clientSecret, trace: "p.6", deadline: limit)
            #expect(
                facts == IntentFacts(id: intent.id, status: .requiresPaymentMethod, amountMinor: 5678, currency: Currency(unchecked: "usd"))
            )
            let status = try await parts.backend.paymentStatus(cart: cart, trace: "p.7", deadline: limit)
            #expect(status == .open)
            #expect(parts.store.ledger().calls.map(\.requestID) == (1...7).map { "p.\($0)" })

            let wrong = ClientSecret(Secret("\(intent.id.text)_secret_other1"))
            let refused = try await failure { () async throws(CallFailure) in
                try await parts.stripe.readIntent(id: intent.id, key: intent.publishableKey, secret: wrong, trace: "p.8", deadline: limit)
            }
            #expect(refused.rejectedStatus == 400)
            let stranger = try await failure { () async throws(CallFailure) in
                try await parts.stripe.listReaders(token: ConnectionToken(Secret("pst_test_unknown1")), trace: "p.9", deadline: limit)
            }
            #expect(stranger.isUnauthorized)
            #expect(stranger.detail.contains("api_key_invalid: Invalid API Key provided."))
        }
    }

    @Test func `a reader comes, is renamed and goes`() async throws {
        var configuration = StoreConfiguration()
        configuration.readers = 0
        configuration.unregisteredReaders = 1
        try await run(configuration) { parts in
            let location = parts.store.configuration.location
            let code = try #require(parts.store.readers.first?.registrationCode)
            let none = try await parts.backend.terminalReaders(location: location, trace: "r.1", deadline: limit)
            #expect(none.isEmpty)
            try await parts.backend.registerTerminal(location: location, code: code, label: "Front Desk", trace: "r.2", deadline: limit)
            let one = try await parts.backend.terminalReaders(location: location, trace: "r.3", deadline: limit)
            #expect(one.map(\.label) == ["Front Desk"])
            let id = try #require(one.first?.id)
            try await parts.backend.updateTerminal(id: id, label: "Bar", trace: "r.4", deadline: limit)
            let renamed = try await parts.backend.terminalReaders(location: location, trace: "r.5", deadline: limit)
            #expect(renamed == [BackendReader(id: id, label: "Bar")])
            try await parts.backend.deregisterTerminal(id: id, trace: "r.6", deadline: limit)
            let gone = try await parts.backend.terminalReaders(location: location, trace: "r.7", deadline: limit)
            #expect(gone.isEmpty)
            let again = try await failure { () async throws(CallFailure) in
                try await parts.backend.registerTerminal(location: location, code: code, label: "Bar", trace: "r.8", deadline: limit)
            }
            #expect(again.rejectedStatus == 422)
        }
    }

    @Test func `a card is kept`() async throws {
        try await run { parts in
            let intent = try await parts.backend.setupIntent(user: "007", method: .terminal, trace: "c.1", deadline: limit)
            #expect(intent.id.hasPrefix("seti_"))
            let card = try await parts.backend.storePaymentMethod(
                partner: "1", paymentMethod: "pm_kept1", postalCode: "01234", user: "007", name: "Jane Doe", trace: "c.2", deadline: limit)
            #expect(card.paymentMethod == "pm_kept1")
            #expect(parts.store.ledger().bankcards.map(\.user) == ["007"])
        }
    }

    @Test func `single-use refresh tokens are rotated`() async throws {
        try await run(oauth: true) { parts in
            let first = try parts.folder.read("refresh")
            _ = try await parts.backend.configuration(cart: nil, trace: "o.1", deadline: limit)
            let second = try parts.folder.read("refresh")
            #expect(second != first)
            // The backend refuses the access token once: it is renewed with the second refresh token.
            parts.store.fault(Fault("backend.configuration", .status(401, body: "expired")))
            _ = try await parts.backend.configuration(cart: nil, trace: "o.2", deadline: limit)
            #expect(try parts.folder.read("refresh") != second)
            #expect(parts.store.ledger().count("backend.token") == 2)
        }
    }

    @Test func `a refresh whose answer is lost after it took effect needs a person`() async throws {
        try await run(oauth: true) { parts in
            parts.store.fault(Fault("backend.token", .loseAnswer))
            let failed = try await failure { () async throws(CallFailure) in
                try await parts.backend.configuration(cart: nil, trace: "o.1", deadline: limit)
            }
            #expect(failed.isUnauthorized)
            #expect(failed.detail.contains("log in to the backend again"))
            #expect(parts.store.ledger().count("backend.token") == 2)
        }
    }

    @Test func `every fault has its failure`() async throws {
        try await run { parts in
            func status(_ effect: FaultEffect, deadline: Duration? = nil) async throws -> CallFailure {
                // A good call first, so that a short deadline is not spent on connecting.
                _ = try await parts.backend.paymentStatus(cart: cart, trace: "f.1", deadline: limit)
                // A question whose answer is lost is asked again: the fault lasts.
                parts.store.fault(Fault("backend.payment_status", effect, times: nil))
                defer { parts.store.clearFaults() }
                return try await failure { () async throws(CallFailure) in
                    try await parts.backend.paymentStatus(cart: cart, trace: "f.2", deadline: deadline ?? limit)
                }
            }
            for effect in [FaultEffect.silence, .actThenSilence] {
                let failed = try await status(effect, deadline: .seconds(4))
                #expect(failed.mayHaveActed == true, "\(effect)")
            }
            for effect in [FaultEffect.close, .loseAnswer, .truncate, .garbageBytes, .status(503, body: "down")] {
                let failed = try await status(effect, deadline: .seconds(3))
                #expect(failed.mayHaveActed == true, "\(effect)")
            }
            for effect in [FaultEffect.garbage, .huge, .answer("{}"), .answer(#"{"status": "Perhaps"}"#), .status(302, body: "")] {
                let failed = try await status(effect, deadline: .seconds(3))
                #expect(failed.isInvalidAnswer, "\(effect)")
            }
            let forbidden = try await status(.status(403, body: "no"))
            #expect(forbidden.isForbidden)
            let rejected = try await status(.status(422, body: "no such cart"))
            #expect(rejected.rejectedStatus == 422)
            let unauthorized = try await status(.status(401, body: "no"))
            #expect(unauthorized.isUnauthorized)
            #expect(unauthorized.detail.contains(parts.store.tokenFile))
        }
    }
}
