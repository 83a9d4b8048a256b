import GRDB
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Journal

@Suite struct CompactionTests {
    let directory: TemporaryDirectory
    let store: JournalStore
    private static let day: Int64 = 86_400_000

    init() throws {
        directory = try TemporaryDirectory()
        store = try JournalStore(path: directory.journal)
    }

    /// A payment on each of so many days before the last one.
    private func trade(_ days: ClosedRange<Int>) throws {
        for day in days.reversed() {
            try Sample.run("d\(day)", cart: "c\(day)", at: Sample.time - Int64(day) * Self.day, in: store)
        }
    }

    private var kept: [String] {
        get throws { try store.list(limit: 1000).records.map(\.id.text) }
    }

    @Test func `the payments of the newest days of trade stay, and what has not ended`() async throws {
        _ = try store.append([
            Sample.entry(.unresolved, try Sample.payment("stuck", cart: "2", state: .unresolved, at: Sample.time - 900 * Self.day))
        ])
        try trade(0...5)
        #expect(try await store.compact(keepDays: 3) == 3)
        #expect(try kept == ["d0", "d1", "d2", "stuck"])
        #expect(try store.recall(cart: CartID(unchecked: "c5")) == nil)
        #expect(try store.recall(cart: CartID(unchecked: "c2")) != nil)
        #expect(try store.recall(cart: CartID(unchecked: "2")) != nil)
        #expect(try store.openPayments().map(\.id.text) == ["stuck"])
        #expect(try store.events(payment: PaymentID(unchecked: "d5"), limit: 10).isEmpty)
        #expect(try store.events(payment: PaymentID(unchecked: "stuck"), limit: 10).count == 1)
    }

    @Test func `days without trade are not counted, however many they are`() async throws {
        try Sample.run("before", cart: "1", at: Sample.time - 800 * Self.day, in: store)
        try Sample.run("after", cart: "2", at: Sample.time, in: store)
        #expect(try await store.compact(keepDays: 2) == 0)
        #expect(try kept == ["after", "before"])
    }

    @Test func `one row that was written with the clock ahead or behind erases nothing that is young`() async throws {
        try trade(1...2)
        try Sample.run("ahead", cart: "a", at: Sample.time + 800 * Self.day, in: store)
        try Sample.run("behind", cart: "b", at: 0, in: store)
        try Sample.run("d0", cart: "c0", at: Sample.time, in: store)
        #expect(try await store.compact(keepDays: 5) == 0)
        // The order in which they came counts, not what the clock said then.
        #expect(try await store.compact(keepDays: 3) == 2)
        #expect(try kept == ["d0", "behind", "ahead"])
        #expect(try await store.compact(keepDays: 1) == 2)
        #expect(try kept == ["d0"])
    }

    @Test func `four hundred starts on one day erase nothing`() async throws {
        try trade(0...2)
        for _ in 0..<400 { #expect(try await store.compact(keepDays: 3) == 0) }
        #expect(try kept.count == 3)
    }

    @Test(arguments: [
        ("watched", false), ("contradicted: the backend says that the order failed", false), ("settled", true), ("over", true),
    ])
    func `what a technician has resolved stays as long as it is watched`(value: String, goes: Bool) async throws {
        try trade(0...2)
        _ = try store.append([
            JournalEntry(kind: .fact, at: Sample.time, fact: .init(key: StoredFacts.resolutionKey + "d2", value: value))
        ])
        #expect(try await store.compact(keepDays: 2) == (goes ? 1 : 0))
        #expect(try kept.contains("d2") == !goes)
        #expect(try store.recall(cart: CartID(unchecked: "c2")) != nil || goes)
        #expect((try store.facts()[StoredFacts.resolutionKey + "d2"] == nil) == goes, "nothing is left that says so of nothing")
    }

    @Test func `a cursor into what was removed is known to be too old`() async throws {
        try trade(0...1)
        #expect(try store.oldestSequence() == 1)
        _ = try await store.compact(keepDays: 1)
        #expect(try store.oldestSequence() == 5)
        #expect(try store.newestSequence() == 8)
        #expect(try store.events(limit: 10).first?.sequence == 5)
    }

    @Test func `a payment with an event of late stays until that is old, and takes no cursor of late with it`() async throws {
        let old = Sample.time - 5 * Self.day
        var warned = try Sample.payment("warned", cart: "w", state: .succeeded, at: old)
        _ = warned.warn(.notJournaled)
        _ = try store.append([Sample.entry(.warned, warned, at: old)])
        try trade(0...3)
        warned.unwarn([.notJournaled])
        _ = try store.append([Sample.entry(.acknowledged, warned)])
        #expect(try await store.compact(keepDays: 2) == 2)
        #expect(try kept == ["d0", "d1", "warned"])
        #expect(try store.oldestSequence() == 10, "the first event of the days that are kept")
        for day in 1...2 { try Sample.run("n\(day)", cart: "n", at: Sample.time + Int64(day) * Self.day, in: store) }
        #expect(try await store.compact(keepDays: 2) == 3)
        #expect(try kept == ["n2", "n1"])
    }

    @Test func `the cart of a payment that stays, stays too, however the till writes it`() async throws {
        let old = Sample.time - 9 * Self.day
        let stuck = try Sample.payment("stuck", cart: "00A-1", state: .unresolved, at: old)
        var cart = Sample.cart("a-1", open: ["stuck"])
        cart.paid = true
        _ = try store.append([Sample.entry(.unresolved, stuck, cart: cart, at: old)])
        try trade(0...2)
        #expect(try await store.compact(keepDays: 1) == 2)
        #expect(try kept == ["d0", "stuck"])
        #expect(try store.recall(cart: stuck.request.cart) == cart)
        #expect(try store.recall(cart: CartID(unchecked: "c2")) == nil)
    }

    @Test func `numbers are never used again`() async throws {
        try trade(0...1)
        _ = try await store.compact(keepDays: 1)
        try store.close()
        let again = try JournalStore(path: directory.journal)
        #expect(try again.append([Sample.entry(.accepted, try Sample.payment("next"))]) == [9])
        try again.close()
    }

    @Test func `a cart stays while a payment of it stays`() async throws {
        try Sample.run("old", cart: "1", at: Sample.time - Self.day, in: store)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("late", cart: "1", at: Sample.time))])
        #expect(try await store.compact(keepDays: 1) == 1)
        #expect(try store.recall(cart: CartID(unchecked: "1")) != nil)
    }

    @Test func `events of no payment go too, facts stay`() async throws {
        for number in 0..<250 {
            _ = try store.append([JournalEntry(kind: .fact, at: Sample.time, fact: .init(key: "k\(number)", value: "v"))])
        }
        try trade(0...1)
        _ = try await store.compact(keepDays: 1)
        #expect(try store.events(limit: 10).map(\.record?.id.text) == ["d0", "d0", "d0", "d0"])
        #expect(try store.facts().count == 250)
    }

    @Test func `a cart without payments and a card set-up go when they are older than every day that is kept`() async throws {
        for (name, at) in [("old", Sample.time - 3 * Self.day), ("new", Sample.time)] {
            _ = try store.append([Sample.entry(.cart, cart: Sample.cart(name), at: at)])
            var setup = CardSetupRecord(
                id: CardSetupID(unchecked: name), request: CardSetupRequest(user: "1", partner: "1", postalCode: "1"),
                reader: ReaderID(unchecked: "tmr_1"), readerLabel: nil, at: at)
            setup.state = .succeeded
            setup.endedAt = at
            _ = try store.append([JournalEntry(kind: .cardSetup, at: at, cardSetup: setup)])
        }
        try trade(0...1)
        _ = try await store.compact(keepDays: 1)
        #expect(try store.recall(cart: CartID(unchecked: "old")) == nil)
        #expect(try store.recall(cart: CartID(unchecked: "new")) != nil)
        #expect(try store.recall(cardSetup: CardSetupID(unchecked: "old")) == nil)
        #expect(try store.recall(cardSetup: CardSetupID(unchecked: "new")) != nil)
    }

    @Test func `a display goes with its payment`() async throws {
        _ = try store.append([
            Sample.entry(.ended, try Sample.payment("a", state: .failed, at: Sample.time - Self.day, display: Sample.display))
        ])
        try trade(0...0)
        _ = try await store.compact(keepDays: 1)
        #expect(try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM displays") } == 0)
    }

    @Test func `at least a day is kept, whatever is asked`() async throws {
        try trade(0...1)
        #expect(try await store.compact(keepDays: -3) == 1)
        #expect(try kept == ["d0"])
    }

    @Test func `appends go ahead between the steps`() async throws {
        for batch in 0..<10 {
            let entries = try (0..<100).map {
                Sample.entry(.ended, try Sample.payment("o\(batch)-\($0)", state: .failed, at: Sample.time - Self.day))
            }
            _ = try store.append(entries)
        }
        try trade(0...0)
        let store = store
        async let removed = store.compact(keepDays: 1)
        var appended = 0
        for number in 0..<50 {
            appended += try store.append([Sample.entry(.accepted, try Sample.payment("n\(number)", at: Sample.time))]).count
        }
        #expect(try await removed == 1000)
        #expect(appended == 50)
        #expect(try kept.count == 51)
    }

    @Test func `a cancelled compaction stops after a step and leaves a sound journal`() async throws {
        let entries = try (0..<200).map { Sample.entry(.ended, try Sample.payment("o\($0)", state: .failed, at: Sample.time - Self.day)) }
        _ = try store.append(entries)
        try trade(0...0)
        let store = store
        let task = Task { try await store.compact(keepDays: 1) }
        task.cancel()
        let removed = try await task.value
        #expect(try kept.count == 201 - removed)
        #expect(removed.isMultiple(of: JournalStore.paymentsPerStep))
        #expect(try store.verify().isEmpty)
    }
}
