import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import StoreSimulator
import TestSupport
import Testing

/// The box's wall clock steps while the agent works, as when it finds a time server at last or somebody sets it by hand. What the agent waits
/// for is measured by a clock that does not step.
@Suite(.timeLimit(.minutes(30)))
struct ClockStepTests {
    /// The clock of one store's daemon.
    private struct Clock: Sendable {
        let file: String

        /// Sets it this many seconds from the true time.
        func step(to seconds: Int) throws {
            try Data("\(seconds)\n".utf8).write(to: URL(filePath: file), options: .atomic)
        }
    }

    private static func open(
        simulate: (inout StoreConfiguration) -> Void = { _ in }, _ body: @escaping @Sendable (Store, Clock) async throws -> Void
    ) async throws {
        let library = try ChildProcess.built("libClockStep.so")
        try await Store.open(starts: false, simulate: simulate) { store in
            let clock = Clock(file: store.directory.file("clock"))
            try clock.step(to: 0)
            store.setVariable("LD_PRELOAD", library)
            store.setVariable("CLOCK_STEP_FILE", clock.file)
            try await store.start()
            try await body(store, clock)
        }
    }

    /// Further back would be before the store's certificates.
    private static let back = -40 * 60
    private static let ahead = 2 * 86_400

    /// The clock that the daemon goes by.
    private static func expect(_ store: Store, isAbout seconds: Int, at location: SourceLocation = #_sourceLocation) async throws {
        let info = try await store.client.info()
        let now = Date.now.timeIntervalSince1970
        let shown = Double(info.startedAt.milliseconds) / 1000 + Double(info.uptimeSeconds)
        #expect(abs(shown - now - Double(seconds)) < 60, "the daemon's clock is \(shown - now) s off", sourceLocation: location)
    }

    @Test(arguments: [[ahead, back, ahead], [back, ahead, back]])
    func `a payment comes to the same end while the clock steps back and forth`(steps: [Int]) async throws {
        let slow = { (configuration: inout StoreConfiguration) in
            configuration.reader.cardAfter = 300
            configuration.reader.issuerAfter = 300
            configuration.backend.orderDelay = 400
        }
        try await Self.open(simulate: slow) { store, clock in
            let body = PaymentBody(cart: "1", amount: "12.34")
            _ = try await store.client.pay("c", body)
            for (step, state) in zip(steps, [Payment.State.waitingForCard, .authorizing, .finishing]) {
                try await store.sees(state, of: "c")
                try clock.step(to: step)
            }
            let paid = try await store.client.payment("c", wait: .seconds(30))
            #expect(paid.state == .succeeded)
            #expect(paid.timeline.map(\.state) == [.queued, .preparing, .waitingForCard, .authorizing, .finishing, .succeeded])
            store.expectHonest(paid)
            #expect(try await store.client.pay("c", body) == paid)
            // The next sale, with the clock where it was left.
            let next = try await store.payPatiently("d", cart: "2")
            #expect(next.state == .succeeded)
            store.expectHonest(next)
        }
    }

    @Test(arguments: [ahead, back])
    func `the time for the card is neither shorter nor longer for it`(step: Int) async throws {
        try await Self.open { store, clock in
            try store.simulator.script(CustomerScript(neverPresents: true))
            let began = ContinuousClock.now
            _ = try await store.client.pay("w", PaymentBody(cart: "1", amount: "12.34", timeoutSeconds: 5))
            try await store.payment("w", becomes: .waitingForCard)
            try clock.step(to: step)
            let ended = try await store.client.payment("w", wait: .seconds(60))
            #expect(ended.state == .timedOut)
            #expect(ContinuousClock.now - began >= .seconds(5), "the customer had the time that was promised")
            store.expectHonest(ended)
        }
    }

    @Test func `after a restart with the clock set back, what was paid is known and the newest is first`() async throws {
        try await Self.open { store, clock in
            try clock.step(to: Self.ahead)
            try await Self.expect(store, isAbout: 0)
            try await store.stop()
            try await store.start()
            try await Self.expect(store, isAbout: Self.ahead)
            let first = try await store.payPatiently("first", cart: "1")
            #expect(first.state == .succeeded)
            _ = try await store.client.pay("cut", PaymentBody(cart: "2", amount: "12.34"))
            await store.kill()
            try clock.step(to: Self.back)
            try await store.start()
            try await Self.expect(store, isAbout: Self.back)
            #expect(try await store.client.payment("first") == first)
            let cut = try await store.client.payment("cut", wait: .seconds(25))
            #expect(cut.state.isEnd || cut.state == .unresolved, "\(cut.state)")
            if cut.state.isEnd { store.expectHonest(cut) }
            let again = try await store.payPatiently("again", cart: "2")
            #expect(again.state == .succeeded || again.failure?.code == .cartPaid, "\(again)")
            store.expectHonest(again)
            #expect(try await store.client.payments().payments.map(\.id) == ["again", "cut", "first"])
        }
    }
}
