import GRDB
import GatewayCore

extension JournalStore {
    /// How much one step may remove, so that an append waits for a few milliseconds at most.
    static let paymentsPerStep = 20
    static let othersPerStep = 200

    /// Removes payments that ended more than `keepDays` days ago, with their events, and carts that nothing refers to and that are as old. What has
    /// not ended stays, however old. Works in small steps, between which appends go ahead; when the task is cancelled it stops after a step.
    ///
    /// - Returns: how many payments were removed.
    @discardableResult
    package func compact(keepDays: Int, now: WallTime) async throws(JournalFailure) -> Int {
        let cutoff = now - WallTime(max(keepDays, 1)) * 86_400_000
        var removed = 0
        while !Task.isCancelled {
            try checkFiles()
            let step: CompactionStep
            do {
                step = try await pool.write { database in try CompactionStep.take(database, before: cutoff) }
            } catch is CancellationError {
                break
            } catch {
                throw JournalStore.failure(error, path: path)
            }
            removed += step.payments
            if step.isLast { break }
            await Task.yield()
        }
        return removed
    }
}

/// What one transaction of compaction removed.
private struct CompactionStep: Sendable {
    var payments: Int
    var others: Int

    var isLast: Bool { payments < JournalStore.paymentsPerStep && others < JournalStore.othersPerStep }

    static func take(_ database: Database, before cutoff: WallTime) throws -> CompactionStep {
        var through = try JournalStore.compactedThrough(database)
        let ids = try String.fetchAll(
            database, sql: "SELECT id FROM payments WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?",
            arguments: [cutoff, JournalStore.paymentsPerStep])
        for id in ids {
            let last = try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM events WHERE payment = ?", arguments: [id])
            through = max(through, last ?? 0)
            for sql in [
                "DELETE FROM events WHERE payment = ?", "DELETE FROM displays WHERE payment = ?", "DELETE FROM payments WHERE id = ?",
            ] {
                try database.cachedStatement(sql: sql).execute(arguments: [id])
            }
        }
        var others = 0
        let loose = try Int64.fetchAll(
            database, sql: "SELECT sequence FROM events WHERE payment IS NULL AND at_ms < ? ORDER BY at_ms LIMIT ?",
            arguments: [cutoff, JournalStore.othersPerStep])
        for sequence in loose {
            through = max(through, sequence)
            try database.cachedStatement(sql: "DELETE FROM events WHERE sequence = ?").execute(arguments: [sequence])
        }
        others = loose.count
        try database.execute(
            sql: """
                DELETE FROM carts WHERE cart IN (
                    SELECT cart FROM carts
                    WHERE busy = 0 AND updated_ms < ? AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.cart = carts.cart)
                    ORDER BY updated_ms LIMIT ?)
                """,
            arguments: [cutoff, JournalStore.othersPerStep])
        others = max(others, database.changesCount)
        try database.execute(
            sql: "DELETE FROM card_setups WHERE number IN (SELECT number FROM card_setups WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?)",
            arguments: [cutoff, JournalStore.othersPerStep])
        others = max(others, database.changesCount)
        if !ids.isEmpty || !loose.isEmpty {
            try database.execute(sql: "UPDATE meta SET value = ? WHERE name = 'compacted_through'", arguments: [String(through)])
        }
        return CompactionStep(payments: ids.count, others: others)
    }
}
