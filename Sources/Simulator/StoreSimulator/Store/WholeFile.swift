import FoundationEssentials
import Glibc

/// Writes a file whole and puts it in place by renaming, so that a power cut leaves the old file or the new one.
package enum WholeFile {
    /// Writes the bytes. They are on the disk, under the file's name, when this returns.
    package static func write(_ bytes: [UInt8], to path: String) throws(SimulatorError) {
        func must(_ isDone: Bool, _ what: String) throws(SimulatorError) {
            guard isDone else { throw SimulatorError("\(path) cannot be \(what): error \(errno)") }
        }
        let fresh = path + ".new"
        let file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        try must(file >= 0, "written")
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else { try must(errno == EINTR, "written") }
        }
        try must(fsync(file) == 0 && rename(fresh, path) == 0, "written")
        let directory = open(URL(filePath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try must(directory >= 0, "found in its directory")
        defer { close(directory) }
        try must(fsync(directory) == 0, "kept in its directory")
    }
}
