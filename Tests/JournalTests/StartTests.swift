import GRDB
import GatewayCore
import Testing

@testable import Journal

@Suite(.serialized) struct StartTests {
    @Test func `a start with 200,000 ended payments takes less than 150 ms`() throws {
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
                    INSERT INTO events SELECT number, at, at_ms, kind, p.id, p.cart, e.state, e.money, note, e.record, NULL, NULL, NULL, NULL
                    FROM payments p, events e WHERE p.number > 1000 AND e.sequence = 4;
                    """)
        }
        try store.close()
        try #require((FileIdentity(path: directory.journal)?.size ?? 0) > 100 << 20)

        let clock = ContinuousClock()
        var best = Duration.seconds(10)
        for _ in 0..<3 {
            var opened: JournalStore?
            let took = try clock.measure {
                opened = try JournalStore(path: directory.journal)
                #expect(try opened?.openPayments().map(\.id.text) == ["open"])
            }
            best = min(best, took)
            #expect(try opened?.list(limit: 2).records.map(\.id.text) == ["p200000", "p199999"])
            try opened?.close()
        }
        print("start with 200,000 ended payments: \(best)")
        #expect(best < .milliseconds(150))
    }
}
