import GatewayModel
import Moments
import Glibc

/// The place for a new version of a file. It is opened beside the file before the new content is known.
///
/// It is opened first because asking for the next refresh token may spend the present one: whether the next one can be kept has to be known
/// before. Until ``commit(_:)`` the old file stays untouched. After a power cut one of the two is there whole.
final class AtomicFile {
    private let target: String
    private let directory: String
    private let temporary: String
    private var descriptor: CInt

    /// The failure in the system's words.
    struct Problem: Error {
        var reason: String
        init(_ what: String, _ code: CInt = errno) { reason = "\(what): \(String(cString: strerror(code)))" }
    }

    /// The bytes set aside at the opening, enough for any token, so that a full disk is found then.
    private static let room = 16 * 1024

    init(replacing path: String) throws(Problem) {
        // A link is followed, so that the file it leads to is replaced and not the link.
        var target = path
        if let resolved = realpath(path, nil) {
            target = String(cString: resolved)
            free(resolved)
        }
        let folder = target.lastIndex(of: "/").map { String(target[..<$0]) }
        directory = folder.map { $0.isEmpty ? "/" : $0 } ?? "."
        self.target = target
        // The temporary file has one fixed name, and what an interrupted attempt left behind is removed. It is not written into, for it may
        // be a pipe, or more than one name of a file.
        temporary = target + ".new"
        guard unlink(temporary) == 0 || errno == ENOENT else { throw Problem("cannot remove \(temporary)") }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Problem("cannot write \(temporary)") }
        let full = posix_fallocate(descriptor, 0, off_t(Self.room))
        guard full == 0 else { throw Problem("no room for \(temporary)", full) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    /// Makes the bytes the file's content. They are on disk when this returns.
    func commit(_ bytes: [UInt8]) throws(Problem) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Problem("cannot write \(temporary)") }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                throw Problem("cannot write \(temporary)", code)
            }
            done += count
        }
        guard fsync(descriptor) == 0 else { throw Problem("cannot write \(temporary) to disk") }
        guard rename(temporary, target) == 0 else { throw Problem("cannot replace \(target)") }
        close(descriptor)
        descriptor = -1
        // The name is on disk only when the directory is.
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Problem("cannot open \(directory)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Problem("cannot write \(directory) to disk") }
    }
}
