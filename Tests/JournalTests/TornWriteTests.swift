import GRDB
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Journal

/// What a power cut leaves of the last transaction: any number of its bytes.
@Suite struct TornWriteTests {
    @Test func `a transaction that was cut short anywhere is absent, and those before it are whole`() throws {
        let directory = try TemporaryDirectory(inMemory: true)
        // Small pages make a transaction of few bytes, so that every one of them can be the last.
        let store = try JournalStore(path: directory.journal, schema: .current, pageSize: 512)
        let before = try Sample.payment("a", state: .authorizing)
        _ = try store.append([Sample.entry(.confirming, before, cart: Sample.cart("123", open: ["a"]))])
        let start = try Files.bytes(directory.journal + "-wal").count
        let after = try Sample.payment("a", state: .succeeded)
        _ = try store.append([Sample.entry(.ended, after, cart: Sample.cart("123"))])
        let end = try Files.bytes(directory.journal + "-wal").count
        let length = end - start
        try #require(length > 1000)

        // Every byte, as SQLite alone sees it.
        let torn = try directory.copy()
        let file = try Files.bytes(torn.journal)
        let log = try Files.bytes(torn.journal + "-wal")
        for size in start...end {
            try Files.write(file, to: torn.journal)
            try Files.write(log.prefix(size), to: torn.journal + "-wal")
            let database = try DatabaseQueue(path: torn.journal)
            let (state, last) = try database.read { database in
                (
                    try String.fetchOne(database, sql: "SELECT state FROM payments WHERE id = 'a'"),
                    try Int.fetchOne(database, sql: "SELECT max(sequence) FROM events")
                )
            }
            let expected = size == end ? after : before
            guard state == expected.state.rawValue, last == (size == end ? 2 : 1) else {
                Issue.record("cut after \(size - start) of \(length) bytes: \(state ?? "-"), last number \(last ?? 0)")
                return
            }
            try database.close()
        }

        // The store itself, at the edges of the log's frames and at many places between.
        let frame = 24 + 512
        for size in start...end where size % 59 == 0 || (size - 32) % frame < 2 || size == end {
            let torn = try directory.copy()
            try Files.truncate(torn.journal + "-wal", to: size)
            let survivor = try JournalStore(path: torn.journal)
            let whole = size == end
            #expect(try survivor.recall(payment: before.id) == (whole ? after : before), "cut after \(size - start) of \(length) bytes")
            #expect(try survivor.append([Sample.entry(.evidence, whole ? after : before)]) == [whole ? 3 : 2])
            try survivor.close()
        }
    }

    @Test func `a transaction with a changed byte is absent`() throws {
        let directory = try TemporaryDirectory(inMemory: true)
        let store = try JournalStore(path: directory.journal, schema: .current, pageSize: 512)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("a"))])
        let start = try Files.bytes(directory.journal + "-wal").count
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("b"))])
        let log = try Files.bytes(directory.journal + "-wal")
        for offset in stride(from: start, to: log.count, by: 97) {
            var changed = log
            changed[offset] ^= 0x10
            let torn = try directory.copy()
            try Files.write(changed, to: torn.journal + "-wal")
            let survivor = try JournalStore(path: torn.journal)
            #expect(try survivor.list(limit: 10).records.map(\.id.text) == ["a"], "changed byte \(offset - start)")
            try survivor.close()
        }
    }
}
