import Glibc

/// Turns the operating system's errors into the journal's failures.
enum SystemFailure {
    /// The failure for the current `errno`. `near` is a path on the file system in question.
    static func now(_ action: String, near path: String) -> JournalFailure { failure(errno, action, near: path) }

    static func failure(_ code: Int32, _ action: String, near path: String) -> JournalFailure {
        switch code {
        case ENOSPC, EDQUOT: .full
        case EROFS, EACCES, EPERM: .readOnly(detail: "\(action): \(text(code))")
        default: .io(detail: "\(action): \(text(code))")
        }
    }

    static func text(_ code: Int32) -> String {
        guard let message = strerror(code) else { return "error \(code)" }
        return String(cString: message)
    }

    /// The state that the file system reports, for faults that SQLite reports only as "I/O error".
    static func condition(ofFileSystemWith path: String) -> JournalFailure? {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return nil }
        if facts.f_flag & UInt(ST_RDONLY) != 0 { return .readOnly(detail: "its file system is mounted read-only") }
        if facts.f_bavail == 0 { return .full }
        return nil
    }

    /// Makes creations, renames and removals in a directory survive a power cut.
    static func synchronize(directory: String) throws(JournalFailure) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw now("opening \(directory)", near: directory) }
        defer { _ = close(file) }
        guard fsync(file) == 0 else { throw now("synchronising \(directory)", near: directory) }
    }
}

/// The identity of the file that a path led to. By it readerd notices a file that was moved or deleted while it was open.
struct FileIdentity: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64

    /// The result is nil when nothing is at the path.
    init?(path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        self.device = UInt64(facts.st_dev)
        self.inode = UInt64(facts.st_ino)
        self.size = Int64(facts.st_size)
    }

    func isSameFile(as other: FileIdentity?) -> Bool {
        guard let other else { return false }
        return device == other.device && inode == other.inode
    }
}
