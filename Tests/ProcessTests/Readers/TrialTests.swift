import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import TestSupport
import Testing

/// The first hour with a reader, against readers that are broken in six ways, and one that is well.
@Suite(.timeLimit(.minutes(30)))
struct TrialTests {
    /// What is broken, at which step it shows, and what is said of it.
    struct Broken: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var step: TrialStep.Name
        var words: String
        var remedy: String
        var breaks: @Sendable (SimulatedStore) async throws -> Void
    }

    static let broken: [Broken] = [
        Broken(testDescription: "switched off", step: .reach, words: "does not answer", remedy: "is on") {
            try await $0.powerOff(reader: nil, finishesAuthorisation: false)
        },
        Broken(testDescription: "expired certificate", step: .certificate, words: "has expired", remedy: "clock") {
            try await $0.setCertificate(.expired, reader: nil)
        },
        Broken(testDescription: "another interface", step: .activate, words: "does not serve the interface", remedy: "Update readerd") {
            $0.fault(Fault("reader.activateTerminal", .status(404, body: "not here"), times: nil))
        },
        Broken(testDescription: "no heartbeat", step: .heartbeat, words: "no such method", remedy: "Restart the reader") {
            $0.fault(Fault("reader.terminalHeartbeat", .appError("INVALID_REQUEST", message: "no such method"), times: nil))
        },
        Broken(testDescription: "no display", step: .display, words: "unknown currency", remedy: "Restart the reader") {
            $0.fault(Fault("reader.setReaderDisplay", .appError("INVALID_REQUEST", message: "unknown currency"), times: nil))
        },
        Broken(testDescription: "no collect", step: .collectCancel, words: "what card", remedy: "Try again") {
            $0.fault(Fault("reader.collectPaymentMethod", .appError("INVALID_REQUEST", message: "what card"), times: nil))
        },
    ]

    private static func reader(_ store: Store) throws -> String { try #require(store.simulator.readers.first?.id) }

    private static func run(_ store: Store, _ body: TrialBody) async throws -> (steps: [TrialStep], summary: TrialSummary) {
        var steps: [TrialStep] = []
        var summary: TrialSummary?
        for try await line in store.client.trial(try reader(store), body) {
            switch line {
            case .step(let step): steps.append(step)
            case .summary(let told): summary = told
            case .heartbeat, .end: break
            }
        }
        return (steps, try #require(summary))
    }

    @Test(arguments: broken) func `a broken reader fails at the step that is broken, and it is said how`(_ broken: Broken) async throws {
        try await Store.open { store in
            try await broken.breaks(store.simulator)
            let (steps, summary) = try await Self.run(store, TrialBody(cart: "1", amount: "1.00"))
            let failed = try #require(steps.first { $0.status == .fail })
            #expect(failed.step == broken.step)
            #expect(failed.detail.contains(broken.words), "\(failed.detail)")
            #expect(failed.remedy?.contains(broken.remedy) == true, "\(failed.remedy ?? "no remedy")")
            #expect(failed.sent != nil && failed.received != nil && !failed.expected.isEmpty)
            #expect(steps.prefix { $0.step != failed.step }.allSatisfy { $0.status == .pass })
            #expect(summary.fail >= 1 && steps.map(\.step) == TrialStep.Name.allCases)
            print("trial \(broken.testDescription): \(failed.step.rawValue): \(failed.detail) → \(failed.remedy ?? "")")
        }
    }

    @Test func `a reader that is well passes every step, and is paid once`() async throws {
        try await Store.open(simulate: { $0.reader.cardAfter = 700 }) { store in
            let (steps, summary) = try await Self.run(store, TrialBody(cart: "1", amount: "1.00"))
            for step in steps { #expect(step.status == .pass, "\(step.step.rawValue): \(step.detail)") }
            #expect(steps.map(\.step) == TrialStep.Name.allCases)
            #expect(summary.pass == 9 && summary.payments.count == 2)
            let confirm = try #require(steps.last)
            #expect(confirm.sent?.hasPrefix("confirmPayment ") == true && confirm.received?.contains("RPC_OK") == true)
            #expect(steps.first { $0.step == .activate }?.received?.contains("client_version") == true)
            #expect(store.ledger.charges(cart: "1").count == 1)
            let paid = try await store.client.payment(try #require(summary.payments.last))
            #expect(paid.state == .succeeded)
            store.expectHonest(paid)
            let file = try #require(summary.recording)
            let recording = try Recording(try #require(bytes(ofFile: file)))
            let replayed = try await ReplayedStore.start(recording, directory: store.directory.file("replay"), atOnce: true)
            await replayed.stop()
            #expect(store.ledger.charges(cart: "1").count == 1)
        }
    }

    @Test func `without an amount no step that takes money is tried`() async throws {
        try await Store.open { store in
            let (steps, summary) = try await Self.run(store, TrialBody(cart: "1"))
            #expect(steps.filter { $0.status == .skipped }.map(\.step) == [.collectCancel, .collectRead, .confirm])
            #expect(summary.fail == 0 && summary.payments.isEmpty && store.ledger.intents.isEmpty)
        }
    }

    @Test func `a reader that a payment has is not tried`() async throws {
        try await Store.open { store in
            try store.simulator.script(CustomerScript(neverPresents: true))
            _ = try await store.client.pay("p-1", PaymentBody(cart: "1", amount: "2.00"))
            try await store.payment("p-1", becomes: .waitingForCard)
            await #expect(throws: ClientError.self) { _ = try await Self.run(store, TrialBody(cart: "2")) }
            _ = try await store.client.cancelPayment("p-1")
            try await store.payment("p-1", becomes: .canceled)
        }
    }
}
