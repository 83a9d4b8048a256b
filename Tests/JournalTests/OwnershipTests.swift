import FoundationEssentials
import GatewayModel
import Moments
import Glibc
import TestSupport
import Testing

@testable import Journal

@Suite struct OwnershipTests {
    @Test func `a second owner is refused and told who the first is`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        #expect(throws: JournalFailure.locked(by: getpid())) { try JournalStore(path: directory.journal) }
        // The refusal did no harm to the first.
        _ = try store.append([Sample.entry(.accepted, try Sample.payment())])
        try store.close()
        let next = try JournalStore(path: directory.journal)
        #expect(try next.openPayments().count == 1)
        try next.close()
    }

    @Test func `a lock file that a dead process left behind is no obstacle`() throws {
        let directory = try TemporaryDirectory()
        try Files.write("999999\n".utf8, to: directory.path + "/readerd.lock")
        let store = try JournalStore(path: directory.journal)
        #expect(throws: JournalFailure.locked(by: getpid())) { try JournalStore(path: directory.journal) }
        try store.close()
    }

    @Test func `a failed opening leaves the directory free`() throws {
        let directory = try TemporaryDirectory()
        try Files.write("not a database, but long enough to be looked at".utf8, to: directory.journal)
        #expect(throws: JournalFailure.self) { try JournalStore(path: directory.journal) }
        _ = try JournalStore.setAside(directory.journal)
        let store = try JournalStore(path: directory.journal)
        try store.close()
    }

    @Test func `a file that is moved away under the store is noticed before anything is written`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("a"))])
        try FileManager.default.moveItem(atPath: directory.journal, toPath: directory.journal + ".moved")
        #expect {
            _ = try store.append([Sample.entry(.accepted, try Sample.payment("b"))])
        } throws: { error in
            guard case .moved(directory.journal)? = error as? JournalFailure else { return false }
            return (error as? JournalFailure)?.remedy?.contains("Put \(directory.journal) back") == true
        }
        try FileManager.default.moveItem(atPath: directory.journal + ".moved", toPath: directory.journal)
        #expect(try store.append([Sample.entry(.accepted, try Sample.payment("c"))]) == [2])
        try store.close()
    }

    @Test func `a log that is deleted under the store is noticed`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        try FileManager.default.removeItem(atPath: directory.journal + "-wal")
        #expect(throws: JournalFailure.self) { try store.append([Sample.entry(.accepted, try Sample.payment("b"))]) }
    }
}
