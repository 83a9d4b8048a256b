import FoundationEssentials
import GRDB
import GatewayModel
import Moments
import TestSupport
import Testing

@testable import Journal

@Suite struct DamageTests {
    /// A journal that was closed in order, with some payments in it.
    private func journal(payments: Int = 30) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        for number in 0..<payments { try Sample.run("p\(number)", cart: "c\(number)", in: store) }
        try store.close()
        return directory
    }

    private func expectCorrupt(_ directory: TemporaryDirectory, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(sourceLocation: sourceLocation) {
            try JournalStore(path: directory.journal)
        } throws: { error in
            if case .corrupt? = error as? JournalFailure { true } else { false }
        }
    }

    @Test func `a file that is no database is corrupt`() throws {
        let directory = try TemporaryDirectory()
        try Files.write(String(repeating: "hello ", count: 1000).utf8, to: directory.journal)
        expectCorrupt(directory)
    }

    @Test func `a damaged page is found at the start`() throws {
        let directory = try journal()
        var bytes = try Files.bytes(directory.journal)
        let pages = bytes.count / 4096
        try #require(pages > 10)
        for page in stride(from: 2, to: pages, by: 1) {
            for offset in 0..<64 { bytes[page * 4096 + offset] = 0xa5 }
        }
        try Files.write(bytes, to: directory.journal)
        expectCorrupt(directory)
    }

    @Test func `a file that was cut short is found at the start`() throws {
        let directory = try journal()
        let size = try Files.bytes(directory.journal).count
        try Files.truncate(directory.journal, to: size / 2 / 4096 * 4096)
        expectCorrupt(directory)
    }

    @Test func `a record that cannot be read names what is wrong`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        try store.pool.write { try $0.execute(sql: "UPDATE payments SET record = '{\"id\": 5}'") }
        #expect {
            try store.openPayments()
        } throws: { error in
            if case .corrupt(let detail)? = error as? JournalFailure { detail.contains("record") } else { false }
        }
        try store.close()
        expectCorrupt(directory)
    }

    @Test func `a database of another program is left alone`() throws {
        let directory = try TemporaryDirectory()
        let other = try DatabaseQueue(path: directory.journal)
        try other.write { try $0.execute(sql: "CREATE TABLE theirs (a)") }
        try other.close()
        expectCorrupt(directory)
        let still = try DatabaseQueue(path: directory.journal)
        #expect(try still.read { try $0.tableExists("theirs") && !$0.tableExists("events") })
        try still.close()
    }

    @Test func `a journal that is set aside keeps every byte, and a new one begins`() throws {
        let directory = try journal()
        try Files.write(Files.bytes(directory.journal).map { $0 ^ 0x55 }, to: directory.journal)
        let damaged = try Files.bytes(directory.journal)
        expectCorrupt(directory)
        let aside = try JournalStore.setAside(directory.journal)
        #expect(aside.hasPrefix(directory.journal + ".aside-"))
        #expect(try Files.bytes(aside) == damaged)

        let store = try JournalStore(path: directory.journal)
        #expect(try store.openPayments().isEmpty)
        try store.close()
    }

    @Test func `a log goes with the journal that is set aside`() throws {
        let origin = try TemporaryDirectory()
        let store = try JournalStore(path: origin.journal)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        let directory = try origin.copy()
        let aside = try JournalStore.setAside(directory.journal)
        #expect(try Files.bytes(aside + "-wal") == Files.bytes(origin.journal + "-wal"))
        #expect(!FileManager.default.fileExists(atPath: directory.journal + "-wal"))
        // Nothing was lost: under its new name it is still a journal.
        let kept = try DatabaseQueue(path: aside)
        #expect(try kept.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM events") } == 1)
        try kept.close()
    }

    @Test func `a journal in use is not set aside`() throws {
        let directory = try journal()
        let store = try JournalStore(path: directory.journal)
        #expect(throws: JournalFailure.self) { try JournalStore.setAside(directory.journal) }
        try store.close()
    }

    @Test func `a log without its journal is never thrown away`() throws {
        let origin = try TemporaryDirectory()
        let store = try JournalStore(path: origin.journal)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        let directory = try origin.copy()
        try FileManager.default.removeItem(atPath: directory.journal)
        let log = try Files.bytes(directory.journal + "-wal")
        expectCorrupt(directory)
        #expect(try Files.bytes(directory.journal + "-wal") == log)
        let aside = try JournalStore.setAside(directory.journal)
        #expect(try Files.bytes(aside + "-wal") == log)
        let fresh = try JournalStore(path: directory.journal)
        try fresh.close()
    }

    @Test func `a sound journal has nothing to report`() throws {
        let directory = try journal()
        let store = try JournalStore(path: directory.journal)
        #expect(try store.verify().isEmpty)
        try store.close()
    }
}
