import FoundationEssentials

/// A directory of one test's own, removed with it. Its path is short: a socket's may have 107 bytes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        let name = "rdp-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        path = FileManager.default.temporaryDirectory.appending(path: name).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("not removed: \(path): \(error)")
        }
    }

    /// Where a server listens.
    package var socket: String { file("s.sock") }

    package func file(_ name: String) -> String { path + "/" + name }
}

/// The bytes of a file; nil when it is not there.
package func bytes(ofFile path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { Array($0) }
}
