import GRDB
import GatewayModel
import Moments
import Synchronization
import TestSupport
import Testing

@testable import Journal

/// The events of payments that ended long ago, put together.
@Suite struct FoldingTests {
    let directory: TemporaryDirectory
    let store: JournalStore
    private static let day: Int64 = 86_400_000
    static let detail = JournalStore.daysInDetail

    init() throws {
        directory = try TemporaryDirectory(inMemory: true)
        store = try JournalStore(path: directory.journal)
    }

    /// A payment on each of so many days before the last one.
    func trade(_ days: ClosedRange<Int>) throws {
        for day in days.reversed() { try Sample.run("d\(day)", cart: "c\(day)", at: at(day), in: store) }
    }

    func at(_ day: Int) -> WallTime { Sample.time - Int64(day) * Self.day }

    var folded: [String] {
        get throws {
            try store.pool.read { try String.fetchAll($0, sql: "SELECT id FROM stories JOIN payments USING (number) ORDER BY number") }
        }
    }

    var story: [String] {
        get throws {
            try store.pool.read { try Row.fetchAll($0, sql: "SELECT * FROM story") }
                .map { row in row.map { "\($0.0)=\($0.1)" }.joined(separator: " ") }
        }
    }

    func number(_ sql: String) throws -> Int { try store.pool.read { try Int.fetchOne($0, sql: sql) ?? 0 } }

    private func pagesInUse() throws -> Int { try number("PRAGMA page_count") - number("PRAGMA freelist_count") }

    func replaceStories(by text: String) throws {
        try store.pool.write { try $0.execute(sql: "UPDATE stories SET events = ?", arguments: [text]) }
    }

    private func plan(_ sql: String) throws -> [String] {
        try store.pool.read { try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] } }
    }

    @Test func `payments that ended before the newest thirty days of trade are folded, and all others keep every step`() async throws {
        try trade(0...Self.detail + 1)
        #expect(try await store.fold() == 2)
        #expect(try folded == ["d31", "d30"])
        #expect(try number("SELECT count(*) FROM events") == 4 * Self.detail)
        #expect(try await store.fold() == 0)
        try Sample.run("more", cart: "more", at: at(0), in: store)
        #expect(try await store.fold() == 0, "another payment of a day is no other day")
    }

    @Test func `a folded payment is what it was, in the list and by itself`() async throws {
        var full = try Sample.fullPayment()
        full.unwarn([.chargedAmountDiffers])
        full.createdAt = at(Self.detail)
        full.endedAt = at(Self.detail)
        _ = try store.append([Sample.entry(.ended, full)])
        try trade(0...Self.detail - 1)
        let before = try store.list(limit: 1000).records
        #expect(try await store.fold() == 1)
        #expect(try store.list(limit: 1000).records == before)
        #expect(try store.recall(payment: full.id) == full)
        #expect(try store.events(payment: full.id, limit: 10).map(\.record) == [full])
    }

    @Test func `the story that a person reads is the same before and after`() async throws {
        var failed = try Sample.payment("failed", cart: "f", state: .unresolved, at: at(40))
        _ = try store.append([Sample.entry(.unresolved, failed, at: at(40) + 999, note: "it's – „unknown“\n \"why\"")])
        failed.state = .failed
        failed.endedAt = at(40)
        failed.failure = PaymentFailure(code: .readerLost, message: "gone")
        _ = try store.append([
            Sample.entry(.cart, cart: Sample.cart("f"), at: at(40) + 5, note: "pi_1 is not charged"),
            Sample.entry(.cart, cart: Sample.cart("other"), at: at(40) + 5, note: "pi_2 is charged"),
        ])
        let fact = JournalEntry.Fact(key: StoredFacts.resolutionKey + "failed", value: "settled")
        _ = try store.append([JournalEntry(kind: .ended, at: at(40) + 1, payment: failed, fact: fact)])
        _ = try store.append([JournalEntry(kind: .evidence, at: -1, payment: failed, fact: fact, note: "both")])
        try trade(0...Self.detail + 3)
        let (before, events) = (try story, try store.events(payment: failed.id, limit: 10))
        #expect(before.contains { $0.contains("reader_lost") })
        #expect(try await store.fold() == 5)
        #expect(try folded.count == 5)
        #expect(try story == before)
        #expect(try number("SELECT count(*) FROM events WHERE kind = 'cart'") == 1, "the cart's own event has gone into the story")
        let after = try store.events(payment: failed.id, limit: 10)
        #expect(after.map(\.sequence) == events.map(\.sequence) && after.map(\.at) == events.map(\.at))
        #expect(after.map(\.kind) == events.map(\.kind) && after.map(\.note) == events.map(\.note))
        #expect(after.map(\.record?.state) == events.map(\.record?.state) && after.map(\.record?.money) == events.map(\.record?.money))
        #expect(after.last?.record == events.last?.record)
        let plan = try plan("SELECT * FROM story WHERE payment = 'failed'")
        #expect(!plan.contains { $0.contains("SCAN events") || $0.contains("SCAN payments") || $0.contains("SCAN stories") }, "\(plan)")
    }

    @Test func `an event of a folded payment tells of no end that had not come`() async throws {
        var payment = try Sample.payment("p", at: at(Self.detail))
        for (kind, state) in [
            (JournalKind.accepted, PaymentState.queued), (.collecting, .waitingForCard), (.confirming, .authorizing), (.ended, .succeeded),
        ] {
            let time = at(Self.detail) + Int64(payment.timeline.count) * 10
            payment.state = state
            payment.updatedAt = time
            payment.timeline.append(TimelineEntry(state: state, at: time))
            if state == .authorizing {
                (payment.money, payment.confirmingAt) = (.unknown, time)
                payment.card = CardSummary(brand: "visa", last4: "4242", entry: "chip")
            }
            if state == .succeeded {
                (payment.money, payment.endedAt, payment.order) = (.taken, time, OrderID(unchecked: "8812"))
                (payment.authorized, payment.amountChargedMinor) = (true, 5678)
                payment.receipt = CardReceipt(applicationName: "VISA CREDIT", aid: "A0000000031010", cvm: "approval")
            }
            _ = try store.append([Sample.entry(kind, payment, at: time)])
        }
        try trade(0...Self.detail - 1)
        let before = try store.events(payment: payment.id, limit: 10)
        #expect(try await store.fold() == 1)
        let after = try store.events(payment: payment.id, limit: 10)
        #expect(after == before, "of this payment all can be told, for nothing else has changed on its way")
        #expect(try store.events(after: 2, payment: payment.id, limit: 1) == [before[2]])
        #expect(try store.events(after: 4, payment: payment.id, limit: 1).isEmpty)
    }

    @Test func `a clock that is wrong by years folds nothing that is young`() async throws {
        try Sample.run("ahead", cart: "a", at: Sample.time + 800 * Self.day, in: store)
        try Sample.run("behind", cart: "b", at: 0, in: store)
        try trade(0...Self.detail - 3)
        for _ in 0..<3 { #expect(try await store.fold() == 0) }
        // The order in which they came counts, not what the clock said then.
        try Sample.run("next", cart: "n", at: Sample.time + Self.day, in: store)
        #expect(try await store.fold() == 1)
        #expect(try folded == ["ahead"])
        // Days that come back are days that are kept.
        try Sample.run("again", cart: "g", at: 0, in: store)
        #expect(try await store.fold() == 0)
    }

    @Test func `what has not ended, is watched, warns, or had an event of late is folded when that is over`() async throws {
        let old = at(100)
        try Sample.run("watched", cart: "1", at: old, in: store)
        let resolution = StoredFacts.resolutionKey + "watched"
        var warned = try Sample.payment("warned", cart: "2", state: .succeeded, at: old)
        _ = warned.warn(.notJournaled)
        var open = try Sample.payment("open", cart: "3", state: .unresolved, at: old)
        _ = try store.append([
            Sample.entry(.warned, warned, at: old), Sample.entry(.unresolved, open, at: old),
            JournalEntry(kind: .fact, at: old, fact: .init(key: resolution, value: StoredFacts.watchedResolution)),
        ])
        try trade(0...Self.detail)
        #expect(try await store.fold() == 1)
        #expect(try folded == ["d30"])
        warned.unwarn([.notJournaled])
        (open.state, open.money, open.endedAt) = (.failed, .notTaken, Sample.time)
        _ = try store.append([
            Sample.entry(.acknowledged, warned), Sample.entry(.ended, open),
            JournalEntry(kind: .fact, at: Sample.time, fact: .init(key: resolution, value: "settled")),
        ])
        #expect(try await store.fold() == 1)
        #expect(try folded == ["watched", "d30"], "of the others something was said of late")
        #expect(try store.oldestSequence() < store.newestSequence() - 100, "a cursor of late is not lost for their sake")
        for day in 1...Self.detail { try Sample.run("n\(day)", cart: "n", at: Sample.time + Int64(day) * Self.day, in: store) }
        _ = try await store.fold()
        #expect(try Set(folded).isSuperset(of: ["watched", "warned", "open", "d30", "d0"]))
    }

    @Test func `a cursor into what was folded is known to be too old`() async throws {
        try trade(0...Self.detail)
        #expect(try store.oldestSequence() == 1)
        _ = try await store.fold()
        #expect(try store.oldestSequence() == 5)
        #expect(try store.events(after: try store.oldestSequence() - 1, limit: 10).first?.sequence == 5)
    }

    @Test func `what is said of a folded payment later is told after its story, and folded too`() async throws {
        try trade(0...Self.detail)
        _ = try await store.fold()
        let id = PaymentID(unchecked: "d30")
        var payment = try #require(try store.recall(payment: id))
        _ = payment.warn(.notJournaled)
        _ = try store.append([Sample.entry(.warned, payment, note: "late")])
        payment.unwarn([.notJournaled])
        _ = try store.append([Sample.entry(.acknowledged, payment)])
        let kinds: [JournalKind] = [.accepted, .collecting, .confirming, .ended, .warned, .acknowledged]
        #expect(try store.events(payment: id, limit: 10).map(\.kind) == kinds)
        #expect(try store.events(payment: id, limit: 10).suffix(2).map(\.record?.warnings.count) == [1, 0])
        #expect(try store.events(after: 3, payment: id, limit: 2).map(\.kind) == [.ended, .warned])
        for day in 1...Self.detail { try Sample.run("n\(day)", cart: "n", at: Sample.time + Int64(day) * Self.day, in: store) }
        let before = try story
        _ = try await store.fold()
        #expect(try number("SELECT count(*) FROM events WHERE payment = 'd30'") == 0)
        #expect(try store.events(payment: id, limit: 10).map(\.kind) == kinds)
        #expect(try story == before)
    }

    @Test func `compaction removes the story with its payment`() async throws {
        try trade(0...Self.detail + 1)
        _ = try await store.fold()
        #expect(try await store.compact(keepDays: Self.detail + 1) == 1)
        #expect(try folded == ["d30"])
        #expect(try store.events(payment: PaymentID(unchecked: "d31"), limit: 10).isEmpty)
    }

    @Test func `folding that was interrupted leaves each payment whole or folded, and goes on at the next start`() async throws {
        for number in 0..<60 { try Sample.run("o\(number)", cart: "c", at: at(Self.detail), in: store) }
        try trade(0...Self.detail - 1)
        let before = try story
        let store = store
        let task = Task { try await store.fold() }
        while try folded.isEmpty { await Task.yield() }
        task.cancel()
        let done = try await task.value
        #expect(done > 0 && done.isMultiple(of: JournalStore.paymentsPerFold))
        // What a power cut would leave now.
        let left = try directory.copy()
        let survivor = try JournalStore(path: left.journal)
        for number in 0..<60 { #expect(try survivor.events(payment: PaymentID(unchecked: "o\(number)"), limit: 10).count == 4) }
        #expect(try survivor.verify().isEmpty)
        #expect(try await survivor.fold() == 60 - done)
        try survivor.close()
        #expect(try story == before)
    }

    @Test func `appends go ahead between the steps`() async throws {
        for number in 0..<200 { try Sample.run("o\(number)", cart: "c", at: at(Self.detail), in: store) }
        try trade(0...Self.detail - 1)
        let store = store
        async let folded = store.fold()
        for number in 0..<50 { try Sample.run("n\(number)", cart: "n", in: store) }
        #expect(try await folded == 200)
        #expect(try store.events(payment: PaymentID(unchecked: "n49"), limit: 10).count == 4)
    }

    @Test func `the room of what was folded is used again`() async throws {
        for number in 0..<300 { try Sample.run("o\(number)", cart: "c", at: at(Self.detail), in: store) }
        try trade(0...Self.detail - 1)
        let before = try pagesInUse()
        #expect(try await store.fold() == 300)
        let after = try pagesInUse()
        #expect(after < before * 3 / 4, "\(before) pages, then \(after)")
        let file = try number("PRAGMA page_count")
        for number in 0..<50 { try Sample.run("n\(number)", cart: "n", in: store) }
        #expect(try number("PRAGMA page_count") == file, "the file does not grow meanwhile")
    }

    @Test(arguments: [("0012", "12"), ("A-1", "a-1"), (" 7", "7"), ("000", "0"), ("12", "12")])
    func `the events of a cart go into the story, however the till writes the cart`(cart: String, lock: String) async throws {
        try await runWithCart(cart, row: CartID(unchecked: cart).lock.text)
        #expect(CartID(unchecked: cart).lock.text == lock)
        #expect(try await store.fold() == 1)
        #expect(try number("SELECT count(*) FROM events WHERE kind = 'cart'") == 1, "the other cart's")
        #expect(try number("SELECT count(*) FROM story WHERE what = 'cart' AND number < 4") == 2)
    }

    @Test func `the events of a cart that an older version wrote as the till did go into the story too`() async throws {
        try await runWithCart("0012", row: "0012")
        #expect(try await store.fold() == 1)
        #expect(try number("SELECT count(*) FROM events WHERE kind = 'cart'") == 1)
    }

    /// A payment of long ago, with an event of its cart and one of another meanwhile.
    private func runWithCart(_ cart: String, row: String) async throws {
        let old = at(Self.detail)
        _ = try store.append([
            Sample.entry(.accepted, try Sample.payment("p", cart: cart, at: old), at: old),
            Sample.entry(.cart, cart: Sample.cart(row), at: old), Sample.entry(.cart, cart: Sample.cart("other"), at: old),
            Sample.entry(.ended, try Sample.payment("p", cart: cart, state: .failed, at: old), at: old),
        ])
        try trade(0...Self.detail - 1)
    }

    @Test func `the events of a cart are not searched for while appends wait`() async throws {
        let writes = Mutex<[String]>([])
        let directory = try TemporaryDirectory(inMemory: true)
        let store = try JournalStore(path: directory.journal, schema: .current, pageSize: 4096) { database in
            guard !database.configuration.readonly else { return }
            database.trace { event in writes.withLock { $0.append(event.expandedDescription) } }
        }
        for day in (0...Self.detail).reversed() { try Sample.run("d\(day)", cart: "c\(day)", at: at(day), in: store) }
        writes.withLock { $0 = [] }
        #expect(try await store.fold() == 1)
        let statements = writes.withLock { $0 }
        #expect(statements.contains { $0.contains("INSERT INTO stories") })
        #expect(!statements.contains { $0.contains("NOT INDEXED") || $0.contains("'cart'") }, "\(statements)")
    }

    @Test func `of a payment with a very late event, the cart's events are searched for only among the first thousands`() async throws {
        let old = at(100)
        var warned = try Sample.payment("warned", cart: "2", state: .succeeded, at: old)
        _ = warned.warn(.notJournaled)
        let cart = Sample.entry(.cart, cart: Sample.cart("2"), at: old)
        _ = try store.append([Sample.entry(.warned, warned, at: old), cart])
        let fact = JournalEntry(kind: .fact, at: old, fact: .init(key: "key", value: "value"))
        _ = try store.append([JournalEntry](repeating: fact, count: Int(JournalStore.cartReach)))
        warned.unwarn([.notJournaled])
        _ = try store.append([cart, Sample.entry(.acknowledged, warned, at: old)])
        try trade(0...Self.detail - 1)
        let before = try story
        #expect(try await store.fold() == 1)
        #expect(try store.events(payment: warned.id, limit: 10).map(\.kind) == [.warned, .acknowledged])
        #expect(try number("SELECT count(*) FROM events WHERE kind = 'cart'") == 1)
        #expect(try story == before)
    }

    @Test func `payments are gone through in pages, and folded in their order`() async throws {
        let count = JournalStore.paymentsPerPage * 2
        for number in 0..<count {
            let payment = try Sample.payment("o\(number)", state: .failed, at: at(Self.detail))
            _ = try store.append([Sample.entry(.ended, payment, at: at(Self.detail))])
        }
        try trade(0...Self.detail - 1)
        let store = store
        let task = Task { try await store.fold() }
        while try folded.isEmpty { await Task.yield() }
        task.cancel()
        let done = try await task.value
        #expect(try folded == (0..<done).map { "o\($0)" })
        #expect(try await store.fold() == count - done)
        #expect(try folded == (0..<count).map { "o\($0)" })
    }

    @Test func `folding that is cancelled at its beginning folds nothing`() async throws {
        try trade(0...Self.detail)
        let store = store
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.fold()
        }
        #expect(try await task.value == 0)
        #expect(try folded.isEmpty)
    }
}
