import GRDB
import GatewayModel
import Moments
import Synchronization

/// One event of the journal, and the payment after it.
package struct StoredEvent: Sendable, Equatable {
    /// The sequence number rises from event to event, and is never used again.
    package var sequence: Int64
    package var at: WallTime
    package var kind: JournalKind
    /// The payment after the event. It is nil for an event of a cart, or a fact.
    package var record: PaymentRecord?
    package var note: String?

    /// The event as it is read again, once it is on disk under this number.
    init(_ entry: JournalEntry, sequence: Int64) {
        self.init(
            sequence: sequence, at: entry.at, kind: entry.kind, record: entry.payment, note: entry.note.map { JournalStore.note($0) })
    }

    init(sequence: Int64, at: WallTime, kind: JournalKind, record: PaymentRecord?, note: String?) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.record = record
        self.note = note
    }
}

extension JournalStore {
    /// The events after a sequence number, in order.
    ///
    /// Of a payment's folded events ``fold(left:)`` has kept state and money, and of the record what it came to. Events of all payments are given
    /// from ``oldestSequence()`` on, where nothing is folded.
    ///
    /// - Parameters:
    ///   - after: the sequence number. Nil asks for everything from the oldest event that is kept.
    ///   - payment: the payment whose events are wanted. Nil asks for those of all.
    ///   - limit: the most events that are given, kept within 1 to 1000.
    package func events(after: Int64? = nil, payment: PaymentID? = nil, limit: Int) throws(JournalFailure) -> [StoredEvent] {
        let limit = min(max(limit, 1), 1000)
        return try read { database in
            let folded = try payment.flatMap { try FoldedStory(of: $0, database) }?.events(after: after ?? 0, limit: limit) ?? []
            guard folded.count < limit else { return folded }
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT sequence, at_ms, kind, payment, note, record, change FROM events
                        WHERE sequence > ? \(payment == nil ? "" : "AND payment = ?") ORDER BY sequence LIMIT ?
                        """),
                arguments: StatementArguments([after ?? 0]) + (payment.map { [$0.text] } ?? []) + [limit - folded.count])
            return folded + (try JournalStore.events(of: rows, database))
        }
    }

    /// Works as ``events(after:payment:limit:)``, but of memory alone. The result is nil when the journal has to be read.
    package func newestEvents(after: Int64, payment: PaymentID? = nil, limit: Int) -> [StoredEvent]? {
        newest.withLock { $0.next(min(max(limit, 1), 1000), after: after, of: payment) }
    }

    /// The sequence number from which on no event is missing or folded. A cursor below `oldestSequence() - 1` is too old for a replay.
    package func oldestSequence() throws(JournalFailure) -> Int64 {
        // The number is within the bounds of a sequence, so that the sum does not overflow.
        try read { database in try JournalStore.compactedThrough(database) + 1 }
    }

    /// The sequence number of the newest event, or 0 before the first. A cursor above it does not belong to this journal.
    package func newestSequence() throws(JournalFailure) -> Int64 {
        try read { database in
            // The counter and the rows are both read, for a change to the one need not have changed the other.
            let numbers = try Row.fetchAll(
                database,
                sql: "SELECT seq FROM sqlite_sequence WHERE name = 'events' UNION ALL SELECT coalesce(max(sequence), 0) FROM events"
            ).map { try StoredRow($0).number("seq").sequence() }
            return numbers.max() ?? 0
        }
    }

    static func compactedThrough(_ database: Database) throws -> Int64 {
        let text = try String.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'compacted_through'")
        guard let text, let number = Int64(text) else { throw JournalFailure.corrupt(detail: "it does not say what was compacted") }
        return try StoredNumber(number, "compacted_through").sequence()
    }

    static func note(compactedThrough sequence: Int64, _ database: Database) throws {
        try database.execute(sql: "UPDATE meta SET value = ? WHERE name = 'compacted_through'", arguments: [String(sequence)])
    }

    private static func events(of rows: [Row], _ database: Database) throws -> [StoredEvent] {
        let coder = RecordCoder()
        var chain = RecordChain(database)
        // A payment's display is read once, however many of its events are in the answer.
        var displays: [String: String?] = [:]
        return try rows.map { row in
            let row = StoredRow(row)
            var record: PaymentRecord?
            if let id = try row.textIfAny("payment"), let text = try chain.record(of: id, in: row) {
                let display: String?
                if let known = displays[id] {
                    display = known
                } else {
                    display = try String.fetchOne(
                        database.cachedStatement(sql: "SELECT display FROM displays WHERE payment = ?"), arguments: [id])
                    displays[id] = .some(display)
                }
                record = try coder.payment(text, display: display)
            }
            return StoredEvent(
                sequence: try row.number("sequence").sequence(), at: try row.number("at_ms").time(), kind: try kind(of: row.text("kind")),
                record: record, note: try row.textIfAny("note"))
        }
    }

    static func kind(of name: String) throws(JournalFailure) -> JournalKind {
        guard let kind = JournalKind(rawValue: name) else {
            throw .corrupt(detail: bounded("it has an event of the unknown kind \(name)"))
        }
        return kind
    }
}
