import GRDB
import GatewayModel
import JSON
import Moments

extension JournalStore {
    /// The days of trade on which every event keeps what it changed.
    static let daysInDetail = 30
    /// An append waits for a few milliseconds at most while so many payments are folded.
    static let paymentsPerFold = 10

    /// Puts the events of each payment that ended before the newest 30 days of trade into one row, and what happened to its cart meanwhile.
    /// Of an event remain its number, time, kind, state, money and note; of the payment all that it came to. What a person may still have to
    /// look into stays as it is: what has not ended or is watched, and what has a warning, or an event on those days.
    ///
    /// The days are counted as ``compact(keepDays:removed:)`` counts them, without a clock. The rows are deleted and one is written rather
    /// than each made smaller: SQLite uses the room again only of pages that become empty.
    ///
    /// - Returns: how many payments were folded.
    @discardableResult
    package func fold() async throws(JournalFailure) -> Int {
        guard let past = try read({ database in try Past(database, keepDays: JournalStore.daysInDetail) }) else { return 0 }
        // Folded payments have no events, so that this reads the index of the others alone.
        let numbers = try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT number FROM (SELECT payment, max(sequence) AS last FROM events WHERE payment IS NOT NULL GROUP BY payment)
                    CROSS JOIN payments ON id = payment
                    WHERE last < ? AND \(FoldingStep.condition) ORDER BY number
                    """, arguments: [past.next] + past.arguments)
        }
        var folded = 0
        for start in stride(from: 0, to: numbers.count, by: JournalStore.paymentsPerFold) {
            let some = Array(numbers[start...].prefix(JournalStore.paymentsPerFold))
            guard let step = try await step({ database in try FoldingStep.take(database, some, past) }) else { break }
            folded += step
            await Task.yield()
        }
        return folded
    }
}

private enum FoldingStep {
    static let condition = "\(Past.condition) AND json_extract(record, '$.warnings') IS NULL"

    /// Folds those of the payments that may still be folded. The result is their number.
    static func take(_ database: Database, _ numbers: [Int64], _ past: Past) throws -> Int {
        var through = try JournalStore.compactedThrough(database)
        var folded = 0
        for number in numbers {
            let found = try Row.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT id, cart, (SELECT min(sequence) FROM events WHERE payment = id) AS first,
                            (SELECT max(sequence) FROM events WHERE payment = id) AS last
                        FROM payments WHERE number = ? AND last < ? AND \(condition)
                        """), arguments: [number, past.next] + past.arguments
            ).map(StoredRow.init)
            guard let found else { continue }
            let last = try found.number("last").sequence()
            let events = try events(
                of: try found.text("id"), cart: try found.text("cart"), try found.number("first").sequence()...last, database)
            try fold("[" + events.map(String.init).joined(separator: ",") + "]", into: number, database)
            through = max(through, last)
            folded += 1
        }
        if folded > 0 { try JournalStore.note(compactedThrough: through, database) }
        return folded
    }

    /// The events of the payment, and what happened to its cart alone meanwhile.
    private static func events(
        of payment: String, cart: String, _ range: ClosedRange<Int64>, _ database: Database
    ) throws -> [Int64] {
        try Int64.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT sequence FROM events WHERE payment = ?
                    UNION ALL
                    SELECT sequence FROM events NOT INDEXED
                    WHERE sequence BETWEEN ? AND ? AND payment IS NULL AND kind = 'cart' AND cart = ? AND fact_key IS NULL
                    """), arguments: [payment, range.lowerBound, range.upperBound, cart])
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
