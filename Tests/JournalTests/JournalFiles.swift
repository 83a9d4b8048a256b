import FoundationEssentials
import Glibc
import TestSupport

extension TemporaryDirectory {
    var journal: String { file("journal.sqlite") }

    /// The journal's file and log as they are now, in a directory of their own: what a power cut would leave.
    func copy() throws -> TemporaryDirectory {
        let other = try sibling()
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
