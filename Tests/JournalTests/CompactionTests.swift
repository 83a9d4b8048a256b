import GRDB
import GatewayCore
import Testing

@testable import Journal

@Suite struct CompactionTests {
    let directory: TemporaryDirectory
    let store: JournalStore
    private let day: WallTime = 86_400_000

    init() throws {
        directory = try TemporaryDirectory()
        store = try JournalStore(path: directory.journal)
    }

    @Test func `only what ended long ago is removed`() async throws {
        let now = Sample.time
        try Sample.run("old", cart: "1", at: now - 401 * day, in: store)
        _ = try store.append([Sample.entry(.unresolved, try Sample.payment("stuck", cart: "2", state: .unresolved, at: now - 900 * day))])
        _ = try store.append([
            Sample.entry(.cart, cart: Sample.cart("2", open: ["stuck"]), at: now - 900 * day)
        ])
        try Sample.run("new", cart: "3", at: now - 399 * day, in: store)

        #expect(try await store.compact(keepDays: 400, now: now) == 1)
        #expect(try store.list(limit: 10).records.map(\.id.text) == ["new", "stuck"])
        #expect(try store.recall(cart: CartID(unchecked: "1")) == nil)
        #expect(try store.recall(cart: CartID(unchecked: "2")) != nil)
        #expect(try store.recall(cart: CartID(unchecked: "3")) != nil)
        #expect(try store.openPayments().map(\.id.text) == ["stuck"])
        #expect(try store.events(payment: PaymentID(unchecked: "old"), limit: 10).isEmpty)
        #expect(try store.events(payment: PaymentID(unchecked: "stuck"), limit: 10).count == 1)
    }

    @Test func `a cursor into what was removed is known to be too old`() async throws {
        try Sample.run("old", cart: "1", at: Sample.time - 401 * day, in: store)
        try Sample.run("new", cart: "2", at: Sample.time, in: store)
        #expect(try store.oldestSequence() == 1)
        _ = try await store.compact(keepDays: 400, now: Sample.time)
        #expect(try store.oldestSequence() == 5)
        #expect(try store.newestSequence() == 8)
        #expect(try store.events(limit: 10).first?.sequence == 5)
    }

    @Test func `numbers are never used again, even when nothing is left`() async throws {
        try Sample.run("old", cart: "1", at: Sample.time - 401 * day, in: store)
        _ = try await store.compact(keepDays: 400, now: Sample.time)
        #expect(try store.events(limit: 10).isEmpty)
        #expect(try store.newestSequence() == 4)
        try store.close()
        let again = try JournalStore(path: directory.journal)
        #expect(try again.append([Sample.entry(.accepted, try Sample.payment("next"))]) == [5])
        try again.close()
    }

    @Test func `a cart stays while a payment of it stays`() async throws {
        try Sample.run("old", cart: "1", at: Sample.time - 401 * day, in: store)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("late", cart: "1", at: Sample.time))])
        #expect(try await store.compact(keepDays: 400, now: Sample.time) == 1)
        #expect(try store.recall(cart: CartID(unchecked: "1")) != nil)
    }

    @Test func `events of no payment go too, facts stay`() async throws {
        for number in 0..<250 {
            _ = try store.append([
                JournalEntry(kind: .fact, at: Sample.time - 500 * day, fact: .init(key: "k\(number)", value: "v"))
            ])
        }
        _ = try await store.compact(keepDays: 400, now: Sample.time)
        #expect(try store.events(limit: 10).isEmpty)
        #expect(try store.facts().count == 250)
    }

    @Test func `a display goes with its payment`() async throws {
        _ = try store.append([
            Sample.entry(.ended, try Sample.payment("a", state: .failed, at: Sample.time - 500 * day, display: Sample.display))
        ])
        _ = try await store.compact(keepDays: 400, now: Sample.time)
        #expect(try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM displays") } == 0)
    }

    @Test func `at least a day is kept, whatever is asked`() async throws {
        try Sample.run("today", cart: "1", at: Sample.time - 3_600_000, in: store)
        #expect(try await store.compact(keepDays: -3, now: Sample.time) == 0)
    }

    @Test func `appends go ahead between the steps`() async throws {
        let old = Sample.time - 500 * day
        for batch in 0..<10 {
            let entries = try (0..<100).map { Sample.entry(.ended, try Sample.payment("o\(batch)-\($0)", state: .failed, at: old)) }
            _ = try store.append(entries)
        }
        let store = store
        async let removed = store.compact(keepDays: 400, now: Sample.time)
        var appended = 0
        for number in 0..<50 {
            appended += try store.append([Sample.entry(.accepted, try Sample.payment("n\(number)", at: Sample.time))]).count
        }
        #expect(try await removed == 1000)
        #expect(appended == 50)
        #expect(try store.list(limit: 1000).records.count == 50)
    }

    @Test func `a cancelled compaction stops after a step and leaves a sound journal`() async throws {
        let old = Sample.time - 500 * day
        let entries = try (0..<200).map { Sample.entry(.ended, try Sample.payment("o\($0)", state: .failed, at: old)) }
        _ = try store.append(entries)
        let store = store
        let task = Task { try await store.compact(keepDays: 400, now: Sample.time) }
        task.cancel()
        let removed = try await task.value
        #expect(try store.list(limit: 1000).records.count == 200 - removed)
        #expect(removed.isMultiple(of: JournalStore.paymentsPerStep))
        #expect(try store.verify().isEmpty)
    }
}
