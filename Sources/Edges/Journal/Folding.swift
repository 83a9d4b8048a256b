import GRDB
import GatewayModel
import JSON
import Moments

extension JournalStore {
    /// The days of trade on which every event keeps what it changed.
    static let daysInDetail = 30
    /// An append waits while the rows of so many payments are replaced, and for one write to the disk. The rows were found beforehand.
    static let paymentsPerFold = 10
    /// One read goes through the events of so many payments in their index.
    static let paymentsPerPage = 200
    /// What happened to a payment's cart is searched for among so many events from the payment's first on. A payment may have an event
    /// weeks later; what happened to its cart meanwhile stays as it is, until compaction removes it.
    static let cartReach: Int64 = 4000

    /// The payments that could not be folded, and stay as they are.
    package struct Unfolded: Sendable, Equatable {
        /// How many they are.
        package var payments: Int
        /// The first of them, by its number in the journal.
        package var first: Int64
        /// The reason why the first could not be folded.
        package var failure: JournalFailure
    }

    /// Puts the events of each payment that ended before the newest 30 days of trade into one row, and what happened to its cart meanwhile.
    /// Of an event remain its number, time, kind, state, money and note; of the payment all that it came to. What a person may still have to
    /// look into stays as it is: what has not ended or is watched, and what has a warning, or an event on those days.
    ///
    /// The days are counted as ``compact(keepDays:removed:)`` counts them, without a clock. The rows are deleted and one is written rather
    /// than each made smaller: SQLite uses the room again only of pages that become empty.
    ///
    /// - Parameter left: called at most once, at the end, when the rows of some payments are damaged. The others are folded all the same.
    /// - Returns: how many payments were folded.
    @discardableResult
    package func fold(left tell: @Sendable (Unfolded) -> Void = { _ in }) async throws(JournalFailure) -> Int {
        guard let past = try await look({ database in try Past(database, keepDays: JournalStore.daysInDetail) }) ?? nil else { return 0 }
        let numbers = try await numbers(toFold: past)
        var outcome = FoldingOutcome()
        for start in stride(from: 0, to: numbers.count, by: JournalStore.paymentsPerFold) {
            let some = Array(numbers[start...].prefix(JournalStore.paymentsPerFold))
            guard let found = try await look({ database in try Foldable.find(some, past, database) }) else { break }
            outcome.failures += found.failures
            guard let step = try await step({ database in try Foldable.fold(found.payments, past, database) }) else { break }
            outcome.folded += step.folded
            outcome.failures += step.failures
            await Task.yield()
        }
        if let first = outcome.failures.first {
            tell(
                Unfolded(
                    payments: outcome.failures.count, first: first.number, failure: JournalStore.failure(first.error, path: path)))
        }
        return outcome.folded
    }

    /// The payments that may have to be folded, in their order.
    ///
    /// The pages follow the index of events by payment. Folded payments have no events, so that no page reads any of them.
    private func numbers(toFold past: Past) async throws(JournalFailure) -> [Int64] {
        var numbers: [Int64] = []
        var after = ""
        while let page = try await look({ [after] database in try FoldingPage(after: after, past, database) }) {
            numbers += page.numbers
            guard let last = page.last else { return numbers.sorted() }
            // A damaged index could lead back.
            guard after.utf8.lexicographicallyPrecedes(last.utf8) else { throw .corrupt(detail: "the index of events is out of order") }
            after = last
            await Task.yield()
        }
        return []
    }
}

/// Some of the payments that have events.
private struct FoldingPage: Sendable {
    /// Those that may have to be folded.
    var numbers: [Int64]
    /// The last payment of the page. It is nil on the page after the last.
    var last: String?

    init(after: String, _ past: Past, _ database: Database) throws {
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT payment, number FROM (
                        SELECT payment, max(sequence) AS last FROM events WHERE payment > ? GROUP BY payment ORDER BY payment LIMIT ?)
                    LEFT JOIN payments ON id = payment AND last < ? AND \(Past.condition)
                    ORDER BY payment
                    """), arguments: [after, JournalStore.paymentsPerPage, past.next] + past.arguments)
        numbers = rows.compactMap { $0["number"] }
        last = try rows.last.map { try StoredRow($0).text("payment") }
    }
}

/// What became of some payments.
private struct FoldingOutcome: Sendable {
    var folded = 0
    var failures: [(number: Int64, error: any Error)] = []
}

/// A payment that may be folded.
private struct Foldable: Sendable {
    private static let condition = "\(Past.condition) AND json_extract(record, '$.warnings') IS NULL"

    private let number: Int64
    private let last: Int64
    /// The sequence numbers of its events and its cart's, as JSON. They were found before the file is held, for events never change.
    private let events: String

    /// The result is nil when the payment may not be folded now.
    private init?(_ number: Int64, _ past: Past, _ database: Database) throws {
        let found = try Row.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT id, cart, (SELECT min(sequence) FROM events WHERE payment = id) AS first,
                        (SELECT max(sequence) FROM events WHERE payment = id) AS last
                    FROM payments WHERE number = ? AND last < ? AND \(Self.condition)
                    """), arguments: [number, past.next] + past.arguments
        ).map(StoredRow.init)
        guard let found else { return nil }
        let (first, last) = (try found.number("first").sequence(), try found.number("last").sequence())
        guard first <= last else { throw JournalFailure.corrupt(detail: "a payment's last event comes before its first") }
        // A cart's own event has the form that all spellings of the cart share, and the payment has the till's.
        let events = try Int64.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT sequence FROM events WHERE payment = ?
                    UNION ALL
                    SELECT sequence FROM events NOT INDEXED
                    WHERE sequence BETWEEN ? AND ? AND payment IS NULL AND kind = 'cart' AND fact_key IS NULL
                        AND lower(ltrim(trim(cart), '0')) = lower(ltrim(trim(?), '0'))
                    """),
            arguments: [try found.text("id"), first, min(last, first + JournalStore.cartReach), try found.text("cart")])
        self.number = number
        self.last = last
        self.events = "[" + events.map(String.init).joined(separator: ",") + "]"
    }

    /// Those of the payments that may be folded now.
    static func find(
        _ numbers: [Int64], _ past: Past, _ database: Database
    ) throws -> (payments: [Foldable], failures: [(number: Int64, error: any Error)]) {
        var payments: [Foldable] = []
        var failures: [(number: Int64, error: any Error)] = []
        for number in numbers {
            do {
                if let payment = try Foldable(number, past, database) { payments.append(payment) }
            } catch  where isOfRows(error) {
                failures.append((number, error))
            }
        }
        return (payments, failures)
    }

    /// Folds those of the payments that may still be folded, each as a whole or not at all.
    static func fold(_ payments: [Foldable], _ past: Past, _ database: Database) throws -> FoldingOutcome {
        var through = try JournalStore.compactedThrough(database)
        var outcome = FoldingOutcome()
        for payment in payments {
            do {
                guard try payment.mayStillBeFolded(past, database) else { continue }
                try database.inSavepoint {
                    try fold(payment.events, into: payment.number, database)
                    return .commit
                }
                through = max(through, payment.last)
                outcome.folded += 1
            } catch  where isOfRows(error) {
                outcome.failures.append((payment.number, error))
            }
        }
        if outcome.folded > 0 { try JournalStore.note(compactedThrough: through, database) }
        return outcome
    }

    /// Whether nothing has happened to the payment since its events were found.
    private func mayStillBeFolded(_ past: Past, _ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database.cachedStatement(
                sql: """
                    SELECT 1 FROM payments
                    WHERE number = ? AND (SELECT max(sequence) FROM events WHERE payment = id) = ? AND \(Self.condition)
                    """), arguments: [number, last] + past.arguments) ?? false
    }

    /// Whether the error lies in the rows of one payment, so that others may do without it. What the disk says concerns all of them.
    private static func isOfRows(_ error: any Error) -> Bool {
        switch error {
        case let failure as JournalFailure:
            switch failure {
            case .corrupt, .refused: true
            case .full, .readOnly, .locked, .newerSchema, .moved, .io: false
            }
        case let error as DatabaseError:
            [.SQLITE_ERROR, .SQLITE_CORRUPT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG].contains(error.resultCode)
        default: error is RowDecodingError
        }
    }

    /// Puts the events of these sequence numbers, which are given as JSON, into the payment's story. A payment that was folded before, and had
    /// a later event, has a story to which they are added.
    private static func fold(_ events: String, into number: Int64, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO stories (number, events)
                SELECT ?, json_group_array(json(event)) FROM (
                    SELECT
                        CASE
                            WHEN fact_key IS NOT NULL
                                THEN json_array(sequence, at_ms, kind, state, money, note, fact_key || ' = ' || fact_value)
                            WHEN note IS NOT NULL THEN json_array(sequence, at_ms, kind, state, money, note)
                            ELSE json_array(sequence, at_ms, kind, state, money)
                        END AS event
                    FROM events WHERE sequence IN (SELECT value FROM json_each(?)) ORDER BY sequence)
                WHERE true
                ON CONFLICT (number) DO UPDATE SET events = substr(events, 1, length(events) - 1) || ',' || substr(excluded.events, 2)
                """
        ).execute(arguments: [number, events])
        try database.cachedStatement(sql: "DELETE FROM events WHERE sequence IN (SELECT value FROM json_each(?))")
            .execute(arguments: [events])
    }
}

/// What is kept of the events of a folded payment.
struct FoldedStory {
    private static let bounds = JSONParser.Bounds(depth: 3, values: 1_000_000)

    private let events: [JSONValue]
    /// The payment as its last event left it.
    private let record: PaymentRecord

    /// The result is nil when the payment is not folded.
    init?(of payment: PaymentID, _ database: Database) throws {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT events, record, display FROM payments JOIN stories ON stories.number = payments.number
                LEFT JOIN displays ON payment = id WHERE id = ?
                """, arguments: [payment.text]
        ).map(StoredRow.init)
        guard let row else { return nil }
        record = try RecordCoder().payment(try row.text("record"), display: try row.textIfAny("display"))
        do {
            guard let events = try JSONParser.parse(Array(try row.text("events").utf8), bounds: Self.bounds).array else {
                throw JournalFailure.corrupt(detail: "a payment's story is no list")
            }
            self.events = events
        } catch let error as JSONSyntaxError {
            throw JournalFailure.corrupt(detail: "a payment's story cannot be read: \(error)")
        }
    }

    func events(after sequence: Int64, limit: Int) throws(JournalFailure) -> [StoredEvent] {
        var found: [StoredEvent] = []
        // Without a state, an event is one of the cart alone.
        for event in events where found.count < limit && event[3] != .null {
            let event = try stored(event)
            if event.sequence > sequence { found.append(event) }
        }
        return found
    }

    private func stored(_ event: JSONValue) throws(JournalFailure) -> StoredEvent {
        guard let sequence = event[0]?.integer, let at = event[1]?.integer, let kind = event[2]?.string,
            let state = event[3]?.string.flatMap(PaymentState.init), let money = event[4]?.string.flatMap(MoneyState.init)
        else { throw .corrupt(detail: "an event in a payment's story cannot be read") }
        let time = try StoredNumber(at, "at_ms").time()
        return StoredEvent(
            sequence: try StoredNumber(sequence, "sequence").sequence(), at: time, kind: try JournalStore.kind(of: kind),
            record: record.recalled(in: state, money, at: time), note: event[5]?.string)
    }
}

extension PaymentRecord {
    /// The payment as far as it is known how it was at an event. What tells of its end is left out before the end; what it came to know on
    /// its way, such as its intent, is there from the beginning.
    fileprivate func recalled(in state: PaymentState, _ money: MoneyState, at time: WallTime) -> PaymentRecord {
        var past = self
        past.state = state
        past.money = money
        let reached = timeline.lastIndex { $0.state == state && $0.at <= time } ?? timeline.lastIndex { $0.state == state }
        if let reached { past.timeline = Array(timeline[...reached]) }
        guard !state.isEnd else { return past }
        past.updatedAt = time
        past.endedAt = nil
        past.failure = nil
        past.resolvedBy = nil
        past.order = nil
        past.amountChargedMinor = nil
        past.receipt = nil
        past.authorized = false
        if let confirmingAt, confirmingAt > time {
            past.confirmingAt = nil
            past.card = nil
        }
        return past
    }
}
