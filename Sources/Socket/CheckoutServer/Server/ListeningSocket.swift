import CLinuxSocket
import Glibc

/// Where the socket comes from.
package enum SocketSource: Sendable, Hashable {
    /// A socket that the agent creates; `group` is a gid, nil leaves the agent's own.
    case path(String, mode: UInt16 = 0o660, group: UInt32? = nil)
    /// A socket that is handed over already listening (systemd socket activation).
    case inherited(descriptor: Int32)

    /// The descriptor that systemd hands to this process, if it does (`LISTEN_PID`, `LISTEN_FDS`; the first is 3).
    package static func activated(environment: [String: String], pid: Int32 = getpid()) -> SocketSource? {
        guard environment["LISTEN_PID"] == String(pid), let count = environment["LISTEN_FDS"].flatMap({ Int($0) }), count >= 1 else {
            return nil
        }
        return .inherited(descriptor: 3)
    }

    /// Where callers find it; nil when an inherited socket has no path.
    package var path: String? {
        switch self {
        case .path(let path, _, _): return path
        case .inherited(let descriptor):
            var buffer = [UInt8](repeating: 0, count: 128)
            let result = buffer.withUnsafeMutableBytes { bytes in
                readerd_unix_path(descriptor, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
            }
            return result == 0 ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : nil
        }
    }
}

/// Why the socket could not be opened.
package enum ListenFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another program answers there, or is about to.
    case alreadyServed(path: String)
    /// Something that is not a socket stands at the path. It is left alone.
    case notASocket(path: String)
    /// The path is longer than the 107 bytes that the kernel takes.
    case pathTooLong(path: String)
    /// The inherited descriptor is not a listening Unix stream socket.
    case badDescriptor(Int32, SystemError)
    case system(path: String, SystemError)
    /// The socket was open and could not be listened on any more.
    case lost(detail: String)

    package var description: String {
        switch self {
        case .alreadyServed(let path): "Another program serves \(path) already; readerd starts only once for a socket."
        case .notASocket(let path): "\(path) exists and is not a socket; readerd does not remove it."
        case .pathTooLong(let path): "The socket's path is longer than 107 bytes: \(path)"
        case .badDescriptor(let descriptor, let error): "Descriptor \(descriptor) is not a listening Unix stream socket (\(error))."
        case .system(let path, let error): "The socket \(path) cannot be opened: \(error)."
        case .lost(let detail): "The socket cannot be listened on: \(detail)"
        }
    }
}

/// A socket that is bound, and what has to be undone at the end.
struct ListeningSocket: ~Copyable {
    /// The bound socket. Whoever takes it closes it.
    let descriptor: CInt
    private let path: String?
    private let identity: FileIdentity?
    private let lock: CInt?

    /// Opens the socket. A socket file that nobody answers on is removed; everything else at the path is left alone.
    init(_ source: SocketSource) throws(ListenFailure) {
        switch source {
        case .inherited(let descriptor):
            let result = readerd_unix_is_listener(descriptor)
            guard result == 0 else { throw .badDescriptor(descriptor, SystemError(call: "getsockopt", number: result)) }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            self.descriptor = descriptor
            self.path = nil
            self.identity = nil
            self.lock = nil
        case .path(let path, let mode, let group):
            let lock = try Self.takeLock(path)
            do {
                self.descriptor = try Self.bind(path, mode: mode, group: group)
            } catch {
                close(lock)
                throw error
            }
            self.lock = lock
            self.path = path
            self.identity = FileIdentity(path)
        }
    }

    /// Removes the socket file if it is still this one, and lets another process have the path. Does not close the descriptor.
    consuming func cleanUp() {
        if let path, let identity, FileIdentity(path) == identity { unlink(path) }
        if let lock { close(lock) }
    }

    /// Two agents that start at the same moment would both find a dead socket: the lock lets one of them go on.
    private static func takeLock(_ path: String) throws(ListenFailure) -> CInt {
        let lock = open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw .system(path: path, SystemError(call: "open \(path).lock", number: errno)) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(lock)
            throw number == EWOULDBLOCK ? .alreadyServed(path: path) : .system(path: path, SystemError(call: "flock", number: number))
        }
        return lock
    }

    private static func bind(_ path: String, mode: UInt16, group: UInt32?) throws(ListenFailure) -> CInt {
        try removeDead(path)
        var descriptor: CInt = -1
        let result = readerd_unix_bind(path, &descriptor)
        guard result == 0 else {
            throw result == ENAMETOOLONG ? .pathTooLong(path: path) : .system(path: path, SystemError(call: "bind", number: result))
        }
        // Nobody can connect before the socket listens: there is no moment with other rights than these.
        if let group, lchown(path, uid_t.max, group) != 0 { try undo(descriptor, path, "chown") }
        if chmod(path, mode_t(mode)) != 0 { try undo(descriptor, path, "chmod") }
        return descriptor
    }

    private static func undo(_ descriptor: CInt, _ path: String, _ call: String) throws(ListenFailure) -> Never {
        let number = errno
        close(descriptor)
        unlink(path)
        throw .system(path: path, SystemError(call: call, number: number))
    }

    private static func removeDead(_ path: String) throws(ListenFailure) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw errno == ENAMETOOLONG ? .pathTooLong(path: path) : .system(path: path, SystemError(call: "lstat", number: errno))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        let answer = readerd_unix_probe(path)
        switch answer {
        case 0: throw .alreadyServed(path: path)
        case ENOENT: return
        case ENAMETOOLONG: throw .pathTooLong(path: path)
        case ECONNREFUSED:
            guard unlink(path) == 0 || errno == ENOENT else { throw .system(path: path, SystemError(call: "unlink", number: errno)) }
        default: throw .system(path: path, SystemError(call: "connect", number: answer))
        }
    }
}

/// Which file a path names.
private struct FileIdentity: Equatable {
    var device: UInt64
    var inode: UInt64

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
