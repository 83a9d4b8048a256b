import GRDB
import GatewayModel
import Moments
import Synchronization
import TestSupport
import Testing

@testable import Journal

@Suite(.serialized) struct StartTests {
    @Test func `a start reads none of 200,000 ended payments`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        try Sample.run("ended", cart: "1", in: store)
        _ = try store.append([Sample.entry(.unresolved, try Sample.payment("open", cart: "2", state: .unresolved))])
        // Two hundred thousand copies of the first, made by SQLite itself.
        try store.pool.write { database in
            try database.execute(
                sql: """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
                    INSERT INTO payments SELECT 1000 + i, 'p' || i, 'c' || i, lane, reader, state, money, created, ended, ended_ms + i,
                        json_set(record, '$.id', 'p' || i)
                    FROM n, payments WHERE id = 'ended';
                    INSERT INTO events (sequence, at, at_ms, kind, payment, cart, state, money, note, record)
                    SELECT number, at, at_ms, kind, p.id, p.cart, e.state, e.money, note, p.record
                    FROM payments p, events e WHERE p.number > 1000 AND e.sequence = 4;
                    """)
        }
        try store.close()
        try #require((FileIdentity(path: directory.journal)?.size ?? 0) > 100 << 20)

        // What a start reads must not grow with what has ended: it may search, and read the few rows that a partial index holds, but never go through
        // a table. That does not depend on how busy the machine is.
        let statements = Mutex<[String]>([])
        let opened = try JournalStore(path: directory.journal, schema: .current, pageSize: 4096) { database in
            database.trace { event in statements.withLock { $0.append(event.expandedDescription) } }
        }
        #expect(try opened.openPayments().map(\.id.text) == ["open"])
        #expect(try opened.list(limit: 2).records.map(\.id.text) == ["p200000", "p199999"])
        let selects = statements.withLock { $0 }.filter { $0.hasPrefix("SELECT") && $0.contains(" FROM ") && !$0.contains("sqlite_") }
        #expect(selects.count > 6, "\(selects)")
        for select in Set(selects) {
            let plan = try opened.pool.read { try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + select).map { $0["detail"] as String } }
            for step in plan where step.hasPrefix("SCAN") {
                let isBounded =
                    step == "SCAN facts" || step.contains("USING INDEX carts_open") || (step == "SCAN payments" && select.contains("LIMIT"))
                #expect(isBounded, "\(select): \(step)")
            }
        }
        try opened.close()
    }
}
