import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

/// The power is cut, or the agent is asked to stop, at points all over a payment: where the named moments of `KillTests` leave gaps.
@Suite(.timeLimit(.minutes(30)))
struct SweepTests {
    enum Point: Sendable, CustomStringConvertible {
        /// After this part of the time that a payment takes here.
        case time(Double)
        /// When so many calls have reached the store since it was asked for.
        case calls(Int)
        /// When the journal has so many rows of it.
        case rows(Int)

        var description: String {
            switch self {
            case .time(let part): "\(Int(part * 100)) % of its time"
            case .calls(let count): "call \(count)"
            case .rows(let count): "row \(count)"
            }
        }
    }

    private static func points(times: Int, calls: ClosedRange<Int>, rows: ClosedRange<Int>) -> [Point] {
        let spread: [Point] = (0..<times).map { .time((Double($0) + 0.5) / Double(times) * 1.2) }
        return spread + calls.map(Point.calls) + rows.map(Point.rows)
    }

    static let kills = points(times: 40, calls: 1...16, rows: 1...8)
    static let stops = points(times: 14, calls: 2...7, rows: 2...6)
    /// Stores side by side; each goes through its share of the points, one payment after the other on the same reader.
    private static let stores = 4

    @Test func `there are enough points`() {
        #expect(Self.kills.count >= 60)
        #expect(Self.stops.count >= 20)
    }

    @Test(arguments: 0..<stores)
    func `killed at any moment of a payment, it charges once at most, and every answer is the ledger's`(share: Int) async throws {
        try await Self.sweep(Self.kills, "k", share) { store in await store.kill() }
    }

    @Test(arguments: 0..<stores)
    func `stopped at any moment of a payment, it charges once at most, and every answer is the ledger's`(share: Int) async throws {
        try await Self.sweep(Self.stops, "s", share) { store in try await store.stop() }
    }

    private static func sweep(
        _ points: [Point], _ prefix: String, _ share: Int, _ end: @escaping @Sendable (Store) async throws -> Void
    ) async throws {
        let brisk = { (configuration: inout StoreConfiguration) in
            configuration.reader.cardAfter = 80
            configuration.reader.issuerAfter = 120
            configuration.backend.orderDelay = 60
        }
        try await Store.open(within: .seconds(400), simulate: brisk) { store in
            // From a cold start, as every other of them: how long one takes on this machine now.
            let clock = ContinuousClock()
            let began = clock.now
            #expect(try await store.payPatiently("\(prefix)-first", cart: "first").state == .succeeded)
            let span = clock.now - began
            for number in stride(from: share, to: points.count, by: stores) {
                let point = points[number]
                do {
                    try await interrupt(store, "\(prefix)-\(number)", cart: "\(number)", at: point, of: span) { try await end(store) }
                } catch {
                    Issue.record("\(prefix)-\(number), at \(point): \(error)")
                    throw error
                }
            }
        }
    }

    /// Returns at the point, or when the payment cannot get there any more.
    private static func reach(_ point: Point, in store: Store, _ id: String, of span: Duration, _ first: Task<Payment?, Never>) async throws
    {
        switch point {
        case .time(let part):
            // The point is a moment, and nothing that could be waited for.
            try await Task.sleep(for: span * part)
        case .calls(let count):
            let before = store.ledger.counts.values.reduce(0) { $0 + $1.count }
            _ = try await store.simulator.waitUntil(within: .seconds(10)) { ledger in
                ledger.counts.values.reduce(0) { $0 + $1.count } >= before + count
            }
        case .rows(let count):
            guard await first.value != nil else { return }
            var seen = 0
            for try await _ in store.client.paymentEvents(id) {
                seen += 1
                if seen == count { return }
            }
        }
    }

    private static func interrupt(
        _ store: Store, _ id: String, cart: String, at point: Point, of span: Duration, _ end: () async throws -> Void
    ) async throws {
        let body = PaymentBody(cart: cart, amount: "12.34")
        let client = store.client
        let first = Task<Payment?, Never> {
            do throws(ClientError) {
                return try await client.pay(id, body)
            } catch {
                // Cut off, or refused: the repeated request finds out.
                return nil
            }
        }
        defer { first.cancel() }
        try await reach(point, in: store, id, of: span, first)
        try await end()
        let acknowledged = await first.value
        try await store.start()

        if acknowledged != nil {
            let known = try await store.client.payment(id)
            #expect(known.id == id, "\(id), at \(point): what was answered is known after the restart")
        }
        // The till repeats what it asked, with the same id and body.
        var payment = try await beginPatiently(store, id, body)
        if !payment.state.isEnd { payment = try await store.client.payment(id, wait: .seconds(payment.state == .unresolved ? 3 : 25)) }
        if payment.state == .unresolved {
            // "confirming" was on disk, and nobody can know whether the confirm had left. Taking the cart again is safe, and ends it.
            let again = try await store.payPatiently(id + "-again", cart: cart)
            #expect(again.state == .succeeded || again.failure?.code == .cartPaid, "\(id), at \(point): \(again)")
            store.expectHonest(again)
            payment = try await store.client.payment(id, wait: .seconds(25))
        }
        #expect(payment.state.isEnd, "\(id), at \(point), has not ended: \(payment.state)")
        store.expectHonest(payment)
        let charges = store.ledger.charges(cart: cart).count
        #expect(charges <= 1, "\(id), at \(point): \(charges) charges")
        let isPaid = try await store.client.payments(cart: cart).payments.contains { $0.money == .taken }
        #expect(isPaid == (charges == 1), "\(id), at \(point): the payments of the cart say paid: \(isPaid), the ledger: \(charges)")
        #expect(try await store.client.pay(id, body) == payment, "\(id), at \(point): an ended payment never changes")
    }

    private static func beginPatiently(_ store: Store, _ id: String, _ body: PaymentBody) async throws -> Payment {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            do throws(ClientError) {
                return try await store.client.pay(id, body)
            } catch {
                guard case .problem = error, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
