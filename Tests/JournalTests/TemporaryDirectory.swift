import FoundationEssentials
import Glibc

/// A directory of its own for one test, removed with everything in it when the test lets go of it.
final class TemporaryDirectory: Sendable {
    let path: String

    private let inMemory: Bool

    /// - Parameter inMemory: where the system keeps files in memory, if it does: for tests that make thousands.
    init(inMemory: Bool = false) throws {
        self.inMemory = inMemory
        let shared = "/dev/shm"
        let parent =
            inMemory && FileManager.default.isWritableFile(atPath: shared) ? shared : FileManager.default.temporaryDirectory.path
        var template = Array((parent + "/readerd-journal-XXXXXX").utf8CString)
        self.path = try template.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, let made = mkdtemp(start) else { throw SystemError(code: errno) }
            return String(cString: made)
        }
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path): \(error)") }
    }

    var journal: String { path + "/journal.sqlite" }

    /// The journal's file and log as they are now, in a directory of their own: what a power cut would leave.
    func copy() throws -> TemporaryDirectory {
        let other = try TemporaryDirectory(inMemory: inMemory)
        for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: journal + suffix) {
            try FileManager.default.copyItem(atPath: journal + suffix, toPath: other.journal + suffix)
        }
        return other
    }
}

struct SystemError: Error {
    var code: Int32
}

enum Files {
    static func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path))) }

    static func write(_ bytes: some Sequence<UInt8>, to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

    static func truncate(_ path: String, to size: Int) throws {
        guard Glibc.truncate(path, size) == 0 else { throw SystemError(code: errno) }
    }

    static func mode(_ path: String) throws -> UInt32 {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw SystemError(code: errno) }
        return facts.st_mode & 0o7777
    }
}
