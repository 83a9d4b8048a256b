import FoundationEssentials
import GRDB
import GatewayModel
import Moments
import Glibc
import TestSupport
import Testing

@testable import Journal

/// Numbers in the file that cannot be: they are told, and never reckoned with.
@Suite struct BelievableTests {
    /// What somebody has done to the file while nobody used it.
    enum Change: String, CaseIterable {
        case sequenceAtItsEnd = "UPDATE sqlite_sequence SET seq = 9223372036854775807"
        case sequenceBelowZero = "UPDATE sqlite_sequence SET seq = -9223372036854775807"
        case eventAtItsEnd =
            "INSERT INTO events (sequence, at, at_ms, kind) VALUES (9223372036854775807, '2026-01-01T00:00:00.000Z', 1, 'fact')"
        case paymentAtItsEnd = "UPDATE payments SET number = 9223372036854775807 WHERE id = 'open'"
        case compactedAtItsEnd = "UPDATE meta SET value = '9223372036854775807' WHERE name = 'compacted_through'"
        case compactedBelowZero = "UPDATE meta SET value = '-9223372036854775808' WHERE name = 'compacted_through'"
        case eventBeforeTime =
            "INSERT INTO events (at, at_ms, kind) VALUES ('x', -9223372036854775808, 'fact')"
        case eventAfterTime = "INSERT INTO events (at, at_ms, kind) VALUES ('x', 9223372036854775807, 'fact')"
        case paymentBeforeTime =
            "UPDATE payments SET record = json_set(record, '$.createdAt', -9223372036854775808) WHERE id = 'open'"
        case paymentAfterTime = "UPDATE payments SET record = json_set(record, '$.updatedAt', 9223372036854775807) WHERE id = 'open'"
        case amount = "UPDATE payments SET record = json_set(record, '$.amountMinor', 9223372036854775807) WHERE id = 'open'"
        case fraction = "UPDATE payments SET record = json_set(record, '$.tipMinor', 1e15) WHERE id = 'open'"
        case cartAmount = "UPDATE carts SET record = json_set(record, '$.replaced', json('[9223372036854775807]'))"
        case identity = "UPDATE meta SET value = 'not-one' WHERE name = 'identity'"
    }

    private func journal() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        for number in 0..<3 { try Sample.run("p\(number)", cart: "c\(number)", in: store) }
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("open", cart: "7"))])
        try store.close()
        return directory
    }

    private func change(_ directory: TemporaryDirectory, _ sql: String) throws {
        let queue = try DatabaseQueue(path: directory.journal)
        try queue.writeWithoutTransaction { database in
            // Whoever changes the file by hand is held back by nothing.
            for trigger in try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
                try database.execute(sql: "DROP TRIGGER \(trigger)")
            }
            try database.execute(sql: sql)
        }
        try queue.close()
    }

    @Test(arguments: Change.allCases)
    func `a journal with numbers that cannot be is told as damaged, and set aside whole`(_ made: Change) throws {
        let directory = try journal()
        try change(directory, made.rawValue)
        #expect(throws: JournalFailure.self) {
            do {
                let store = try JournalStore(path: directory.journal)
                defer { do { try store.close() } catch { Issue.record(error) } }
                // What a start reads, and what is asked of it later.
                _ = try store.openCarts()
                _ = try store.recall(cart: CartID(unchecked: "7"))
                _ = try store.recall(cart: CartID(unchecked: "c0"))
                _ = try store.events(limit: 1000)
            } catch let failure as JournalFailure {
                guard case .corrupt = failure else {
                    Issue.record("\(failure)")
                    throw failure
                }
                throw failure
            }
        }
        let aside = try JournalStore.setAside(directory.journal)
        #expect(FileManager.default.fileExists(atPath: aside))
        let fresh = try JournalStore(path: directory.journal)
        _ = try fresh.append([Sample.entry(.accepted, try Sample.payment("new"))])
        try fresh.close()
    }

    @Test func `columns of another kind are told, and no trap`() throws {
        let directory = try journal()
        let store = try JournalStore(path: directory.journal)
        // A table without the rules of ours, as only a hand can make it.
        try store.pool.write { database in
            try database.execute(
                sql: """
                    DROP VIEW story;
                    CREATE TABLE other AS SELECT * FROM payments;
                    DROP TABLE payments;
                    ALTER TABLE other RENAME TO payments;
                    UPDATE payments SET number = 'seven' WHERE id = 'p0';
                    UPDATE payments SET record = NULL WHERE id = 'p1';
                    UPDATE payments SET record = x'ff00' WHERE id = 'p2';
                    UPDATE payments SET id = 12 WHERE id = 'open';
                    """)
        }
        for id in ["p0", "p1", "p2"] {
            #expect(throws: JournalFailure.self) { try store.recall(payment: PaymentID(unchecked: id)) }
        }
        #expect(throws: JournalFailure.self) { try store.list(limit: 10) }
        try store.close()
    }

    @Test func `the largest and the smallest that may be are kept and read`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        let (earliest, latest) = (WallTime(StoredNumber.times.lowerBound), WallTime(StoredNumber.times.upperBound))
        for (id, time) in [("first", earliest), ("last", latest)] {
            var payment = try Sample.payment(id, cart: id, at: time)
            payment.amountMinor = MinorUnits.largest
            payment.amountChargedMinor = MinorUnits.largest
            _ = try store.append([JournalEntry(kind: .accepted, at: time, payment: payment)])
            #expect(try store.recall(payment: payment.id) == payment)
        }
        #expect(try store.events(limit: 10).map(\.at) == [earliest, latest])
        try store.close()
    }

    @Test func `what could not be read again is not written`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        var payment = try Sample.payment("p")
        payment.amountChargedMinor = .max
        #expect {
            try store.append([Sample.entry(.accepted, payment)])
        } throws: { error in
            if case .refused? = error as? JournalFailure { true } else { false }
        }
        #expect(try store.recall(payment: payment.id) == nil)
        try store.close()
    }

    @Test func `numbers in texts are no numbers`() {
        func isBelievable(_ json: String) -> Bool { StoredNumber.areBelievable(in: json.utf8) }
        #expect(isBelievable(#"{"a":"9223372036854775807","b\"1234567890123456789":-999999999999999}"#))
        #expect(isBelievable(#"{"a":true,"b":null,"e":[1,2]}"#))
        #expect(!isBelievable(#"{"a":1000000000000000}"#))
        #expect(!isBelievable(#"{"a":-9223372036854775808}"#))
        #expect(!isBelievable(#"{"a":1.5}"#))
        #expect(!isBelievable(#"{"a":1e9}"#))
        #expect(!isBelievable(#"[0,1E400]"#))
    }

    @Test(arguments: ["journal.sqlite", "readerd.lock"])
    func `what is no file in the place of one is told, and not waited for`(name: String) throws {
        let directory = try TemporaryDirectory()
        let path = JournalStore.directory(of: directory.journal) + "/" + name
        for make in [{ mkfifo(path, 0o600) }, { mkdir(path, 0o700) }, { symlink("/dev/null", path) }] {
            try #require(make() == 0)
            #expect(throws: JournalFailure.self) { try JournalStore(path: directory.journal) }
            remove(path)
        }
    }
}
