import FoundationEssentials
import GRDB
import GatewayModel
import Moments
import Glibc
import TestSupport
import Testing

@testable import Journal

@Suite struct FullDiskTests {
    @Test func `a full file refuses appends, keeps what it has, and takes more when there is room`() throws {
        let directory = try TemporaryDirectory()
        let store = try JournalStore(path: directory.journal)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("first"))])
        try store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 40") }
        var written = 1
        var failure: JournalFailure?
        while failure == nil, written < 10_000 {
            do {
                _ = try store.append([Sample.entry(.accepted, try Sample.payment("p\(written)"))])
                written += 1
            } catch {
                failure = error as? JournalFailure ?? .io(detail: "\(error)")
            }
        }
        #expect(failure == .full)
        #expect(try store.list(limit: 1000).records.count == written)
        #expect(try store.recall(payment: PaymentID(unchecked: "first")) != nil)

        try store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 100000") }
        #expect(try store.append([Sample.entry(.accepted, try Sample.payment("last"))]) == [Int64(written) + 1])
        #expect(try store.verify().isEmpty)
        try store.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a small disk"))
    func `a full disk refuses appends and the probe, and the store goes on when there is room`() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        let store = try JournalStore(path: disk.path + "/journal.sqlite")
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("first"))])
        try disk.fill()
        var written = 1
        var failure: JournalFailure?
        while failure == nil, written < 1000 {
            do {
                _ = try store.append([Sample.entry(.accepted, try Sample.payment("p\(written)"))])
                written += 1
            } catch {
                failure = error as? JournalFailure ?? .io(detail: "\(error)")
            }
        }
        #expect(failure == .full)
        #expect(throws: JournalFailure.full) { try store.probe() }
        #expect(try store.list(limit: 1000).records.count == written)

        try disk.makeRoom()
        try store.probe()
        #expect(try store.append([Sample.entry(.accepted, try Sample.payment("last"))]).count == 1)
        #expect(try store.verify().isEmpty)
        try store.close()
        let again = try JournalStore(path: disk.path + "/journal.sqlite")
        #expect(try again.list(limit: 1000).records.count == written + 1)
        try again.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a small disk"))
    func `a disk that becomes read-only is named as such`() throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let path = disk.path + "/journal.sqlite"
        let store = try JournalStore(path: path)
        _ = try store.append([Sample.entry(.accepted, try Sample.payment("first"))])
        try store.close()
        try disk.remount(readOnly: true)
        #expect {
            try JournalStore(path: path)
        } throws: { error in
            if case .readOnly? = error as? JournalFailure { true } else { false }
        }
        try disk.remount(readOnly: false)
        let again = try JournalStore(path: path)
        #expect(try again.openPayments().count == 1)
        try again.close()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount a small disk"))
    func `a disk that is full at the first start is named as such`() throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        try disk.fill()
        #expect(throws: JournalFailure.full) { try JournalStore(path: disk.path + "/journal.sqlite") }
        try disk.makeRoom()
        let store = try JournalStore(path: disk.path + "/journal.sqlite")
        #expect(try store.append([Sample.entry(.accepted, try Sample.payment("first"))]) == [1])
        try store.close()
    }

    @Test(.disabled(if: geteuid() == 0, "root may write any file; the read-only disk above stands for it"))
    func `a read-only file is named as such`() throws {
        let directory = try TemporaryDirectory()
        try JournalStore(path: directory.journal).close()
        #expect(chmod(directory.journal, 0o400) == 0)
        #expect {
            try JournalStore(path: directory.journal)
        } throws: { error in
            if case .readOnly? = error as? JournalFailure { true } else { false }
        }
    }
}

/// A file system of its own in memory, mounted for one test.
final class SmallDisk: Sendable {
    let path: String
    private let directory: TemporaryDirectory

    /// Whether this process may mount: root with the capability for it.
    static let isPossible: Bool = {
        do {
            _ = try SmallDisk(bytes: 1 << 20)
            return true
        } catch {
            return false
        }
    }()

    init(bytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/disk"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else { throw SystemError(code: errno) }
    }

    deinit { _ = umount2(path, Int32(MNT_DETACH)) }

    func remount(readOnly: Bool) throws {
        let flags = UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0)
        guard mount("tmpfs", path, "tmpfs", flags, nil) == 0 else { throw SystemError(code: errno) }
    }

    /// Takes all room that is left.
    func fill() throws {
        let file = open(path + "/filler", O_WRONLY | O_CREAT, 0o600)
        guard file >= 0 else { throw SystemError(code: errno) }
        defer { _ = close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(file, block, block.count) > 0 {}
    }

    func makeRoom() throws {
        guard unlink(path + "/filler") == 0 else { throw SystemError(code: errno) }
    }
}
