import GRDB
import GatewayModel
import Moments

extension JournalStore {
    /// The number of payments that one step may remove, so that an append waits for a few milliseconds at most.
    static let paymentsPerStep = 20
    static let othersPerStep = 200

    /// Keeps the payments of the newest `keepDays` dates on which one was created, and removes older ones that have ended, with their events, and carts
    /// that nothing refers to and that are as old. What has not ended stays, however old, and so does what a technician has resolved while the backend
    /// may yet say otherwise. A payment with an event of the kept days, such as a warning that was acknowledged late, goes when that is old
    /// too: with it would go every cursor up to that event.
    ///
    /// The count is of days of trade, in the order in which they were journaled, and uses no clock: one that is wrong by years, at this
    /// start or at an earlier one, erases nothing. Compaction works in small steps, between which appends go ahead. When the task is
    /// cancelled it stops after a step.
    ///
    /// - Parameter removed: called after each step that has removed payments.
    /// - Returns: how many payments were removed.
    @discardableResult
    package func compact(keepDays: Int, removed tell: @Sendable () -> Void = {}) async throws(JournalFailure) -> Int {
        let keepDays = max(keepDays, 1)
        guard let past = try await look({ database in try Past(database, keepDays: keepDays) }) ?? nil else { return 0 }
        var removed = 0
        while !Task.isCancelled {
            guard let step = try await step({ database in try CompactionStep.take(database, past) }) else { break }
            removed += step.payments
            if step.payments > 0 { tell() }
            if step.isLast { break }
            await Task.yield()
        }
        return removed
    }

    /// Reads for a long work, without a thread that waits. The result is nil when the task is cancelled.
    func look<Value: Sendable>(_ part: @escaping @Sendable (Database) throws -> Value) async throws(JournalFailure) -> Value? {
        guard !Task.isCancelled else { return nil }
        do {
            return try await pool.read(part)
        } catch is CancellationError {
            return nil
        } catch {
            throw JournalStore.failure(error, path: path)
        }
    }

    /// Does a part of a long work in a transaction of its own. The result is nil when the task is cancelled.
    func step<Value: Sendable>(_ part: @escaping @Sendable (Database) throws -> Value) async throws(JournalFailure) -> Value? {
        guard !Task.isCancelled else { return nil }
        try checkFiles()
        do {
            return try await pool.write(part)
        } catch is CancellationError {
            return nil
        } catch {
            throw JournalStore.failure(error, path: path)
        }
    }
}

/// The part of the journal that is older than the newest days of trade.
struct Past: Sendable {
    /// The sequence number of the newest payment that is older.
    var last: Int64
    /// The number of the payment after it: events from there on are of the days that are kept.
    var next: Int64
    /// The dates that are kept, as JSON.
    var days: String
    /// The first of those dates by the calendar.
    var firstDay: String

    /// Which payments have ended, were made on none of the days that are kept, and are not watched (SQL, with `arguments`).
    static let condition = """
        ended_ms IS NOT NULL AND substr(created, 1, 10) NOT IN (SELECT value FROM json_each(?))
            AND NOT EXISTS (SELECT 1 FROM facts WHERE key = ? || id AND (value = ? OR substr(value, 1, ?) = ?))
        """

    var arguments: StatementArguments {
        [
            days, StoredFacts.resolutionKey, StoredFacts.watchedResolution, StoredFacts.contradictedResolution.count,
            StoredFacts.contradictedResolution,
        ]
    }

    /// The result is nil when there are no more days than are kept. This goes through the payments of those days alone, newest first.
    init?(_ database: Database, keepDays: Int) throws {
        let next = try database.cachedStatement(
            sql: """
                SELECT number, substr(created, 1, 10) AS day FROM payments
                WHERE number < ? AND day NOT IN (SELECT value FROM json_each(?)) ORDER BY number DESC LIMIT 1
                """)
        var kept: [String] = []
        var last = Int64.max
        repeat {
            guard let row = try Row.fetchOne(next, arguments: [last, Self.json(kept)]).map(StoredRow.init) else { return nil }
            let day = try row.text("day")
            guard day.utf8.allSatisfy(Self.isOfDate) else { throw JournalFailure.corrupt(detail: "a payment was created on no day") }
            last = try row.number("number").sequence()
            kept.append(day)
        } while kept.count <= keepDays
        kept.removeLast()
        self.last = last
        self.next = try Int64.fetchOne(database, sql: "SELECT min(number) FROM payments WHERE number > ?", arguments: [last]) ?? last
        self.days = Self.json(kept)
        self.firstDay = kept.min() ?? ""
    }

    private static func json(_ days: [String]) -> String { "[" + days.map { "\"\($0)\"" }.joined(separator: ",") + "]" }

    private static func isOfDate(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// What one transaction of compaction removed.
private struct CompactionStep: Sendable {
    var payments: Int
    var others: Int

    var isLast: Bool { payments < JournalStore.paymentsPerStep && others < JournalStore.othersPerStep }

    static func take(_ database: Database, _ past: Past) throws -> CompactionStep {
        var through = try JournalStore.compactedThrough(database)
        let ids = try String.fetchAll(
            database,
            sql: """
                SELECT id FROM payments WHERE number <= ? AND \(Past.condition)
                    AND coalesce((SELECT max(sequence) FROM events WHERE payment = id), 0) < ?
                ORDER BY number LIMIT ?
                """,
            arguments: [past.last] + past.arguments + [past.next, JournalStore.paymentsPerStep])
        for id in ids {
            let last = try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM events WHERE payment = ?", arguments: [id])
            through = max(through, last ?? 0)
            for sql in [
                "DELETE FROM events WHERE payment = ?", "DELETE FROM displays WHERE payment = ?",
                "DELETE FROM stories WHERE number = (SELECT number FROM payments WHERE id = ?)", "DELETE FROM payments WHERE id = ?",
            ] {
                try database.cachedStatement(sql: sql).execute(arguments: [id])
            }
            try database.cachedStatement(sql: "DELETE FROM facts WHERE key = ?").execute(arguments: [StoredFacts.resolutionKey + id])
        }
        var others = 0
        let loose = try Int64.fetchAll(
            database, sql: "SELECT sequence FROM events WHERE payment IS NULL AND sequence <= ? ORDER BY sequence LIMIT ?",
            arguments: [past.last, JournalStore.othersPerStep])
        for sequence in loose {
            through = max(through, sequence)
            try database.cachedStatement(sql: "DELETE FROM events WHERE sequence = ?").execute(arguments: [sequence])
        }
        others = loose.count
        // Neither of these has a number. They are past when they are older by the calendar than every day that is kept. A cart's row has the
        // form that all its spellings share; of the payments that are past too, only few are left when the carts' turn comes.
        if ids.count < JournalStore.paymentsPerStep {
            try database.execute(
                sql: """
                    DELETE FROM carts WHERE cart IN (
                        SELECT cart FROM carts
                        WHERE substr(updated, 1, 10) < ? AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.cart = carts.cart)
                            AND lower(ltrim(trim(cart), '0')) NOT IN (
                                SELECT lower(ltrim(trim(cart), '0')) FROM payments WHERE number <= ?)
                        ORDER BY updated_ms LIMIT ?)
                    """,
                arguments: [past.firstDay, past.last, JournalStore.othersPerStep])
            others = max(others, database.changesCount)
        }
        try database.execute(
            sql: """
                DELETE FROM card_setups WHERE number IN (
                    SELECT number FROM card_setups WHERE number <= ? AND substr(ended, 1, 10) < ? ORDER BY number LIMIT ?)
                """,
            arguments: [past.last, past.firstDay, JournalStore.othersPerStep])
        others = max(others, database.changesCount)
        if !ids.isEmpty || !loose.isEmpty {
            try JournalStore.note(compactedThrough: through, database)
        }
        return CompactionStep(payments: ids.count, others: others)
    }
}
