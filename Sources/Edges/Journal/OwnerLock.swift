import Glibc
import Synchronization

/// The lock that makes a state directory one process's own: `readerd.lock`, held by `flock`, with the owner's process id in it.
///
/// The kernel releases it when the process ends, however it ends. The file itself stays: deleting it would let two processes lock two files
/// of the same name.
final class OwnerLock: Sendable {
    static let fileName = "readerd.lock"

    private let descriptor: Mutex<Int32?>

    /// - Throws: `.locked(by:)` when another process, or another store of this one, owns the directory.
    init(directory: String) throws(JournalFailure) {
        let path = directory + "/" + OwnerLock.fileName
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw SystemFailure.now("opening \(path)", near: directory) }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            _ = close(file)
            throw .io(detail: "\(path) is not a file; remove it, and start readerd again")
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            defer { _ = close(file) }
            if reason == EWOULDBLOCK { throw .locked(by: OwnerLock.owner(in: file)) }
            throw SystemFailure.failure(reason, "locking \(path)", near: directory)
        }
        OwnerLock.write(getpid(), into: file)
        self.descriptor = Mutex(file)
    }

    deinit { release() }

    /// Releases the lock. A second call does nothing.
    func release() {
        descriptor.withLock { file in
            if let open = file { _ = close(open) }
            file = nil
        }
    }

    /// The process id serves the process that is refused. On a full disk it cannot be written, and the lock holds all the same.
    private static func write(_ owner: Int32, into file: Int32) {
        let text = Array("\(owner)\n".utf8)
        guard ftruncate(file, 0) == 0 else { return }
        _ = pwrite(file, text, text.count, 0)
    }

    private static func owner(in file: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
