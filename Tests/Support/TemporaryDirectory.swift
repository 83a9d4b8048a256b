import FoundationEssentials
import Glibc

/// A directory of one test's own, removed with it. Its path is short: a socket's may have 107 bytes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// - Parameter inMemory: whether it is where the system keeps files in memory, if it does, for tests that make thousands.
    package convenience init(inMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let isThere = inMemory && FileManager.default.isWritableFile(atPath: memory)
        try self.init(in: isThere ? memory : FileManager.default.temporaryDirectory.path)
    }

    private init(in parent: String) throws {
        let name = "rdp-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        path = URL(filePath: parent).appending(path: name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do { try remove() } catch { print("not removed: \(path): \(error)") }
    }

    /// Another one, beside it.
    package func sibling() throws -> TemporaryDirectory {
        try TemporaryDirectory(in: URL(filePath: path).deletingLastPathComponent().path)
    }

    /// Removes it now.
    package func remove() throws { try FileManager.default.removeItem(atPath: path) }

    /// Where a server listens.
    package var socket: String { file("s.sock") }

    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file as an operator does, and returns its path.
    @discardableResult
    package func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: file(name)))
        guard chmod(file(name), mode) == 0 else { throw NotInOrder(file: file(name)) }
        return file(name)
    }

    package func read(_ name: String) throws -> String { String(decoding: try Data(contentsOf: URL(filePath: file(name))), as: UTF8.self) }

    private struct NotInOrder: Error { var file: String }
}

/// The bytes of a file; nil when it is not there.
package func bytes(ofFile path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { Array($0) }
}
