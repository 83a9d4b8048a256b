import GatewayModel
import Moments
import Glibc

/// A file that holds one secret, as the operator or systemd gives it.
struct SecretFile: Sendable {
    let path: String
    /// What the secret is, as sentences name it: "the backend token".
    let what: String

    /// The place where an operator puts the secret. systemd's copy can be neither written nor found again.
    var place: String {
        path.hasPrefix("/run/credentials/") ? "/etc/readerd/credentials/" + (path.split(separator: "/").last ?? "backend-token") : path
    }

    /// Tells one state of a file from another without reading it.
    struct Signature: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var modified: Int64
        var modifiedNanoseconds: Int64
        var changed: Int64
        var changedNanoseconds: Int64

        init(_ facts: stat) {
            device = UInt64(facts.st_dev)
            inode = UInt64(facts.st_ino)
            size = Int64(facts.st_size)
            modified = Int64(facts.st_mtim.tv_sec)
            modifiedNanoseconds = Int64(facts.st_mtim.tv_nsec)
            changed = Int64(facts.st_ctim.tv_sec)
            changedNanoseconds = Int64(facts.st_ctim.tv_nsec)
        }
    }

    struct Content: Sendable {
        var secret: Secret
        var signature: Signature
    }

    /// The most bytes that are read. No token is longer, and a longer file is some other file.
    private static let maximumSize = 64 * 1024

    /// The signature is nil when there is no such file, or it may not be examined.
    func signature() -> Signature? {
        var facts = stat()
        return stat(path, &facts) == 0 ? Signature(facts) : nil
    }

    /// Reads the secret without the white space around it.
    func read() throws(CallFailure) -> Content {
        // The file is opened without blocking, so that a pipe in its place is an error and not a wait.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            switch code {
            case ENOENT: throw problem("does not exist: put \(what) there")
            case EACCES, EPERM: throw problem("may not be read: make it readable for readerd's user (chown), mode 0600")
            default: throw problem("cannot be read: \(String(cString: strerror(code)))")
            }
        }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw problem("cannot be read: \(String(cString: strerror(errno)))") }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw problem("is not a file: put \(what) into a file of that name") }
        // The group may read the file, for systemd hands credentials over that way. Others may not.
        guard facts.st_mode & 0o007 == 0 else {
            throw problem("is open to every user of this box: chmod 0600 \(place), and replace \(what)")
        }

        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= Self.maximumSize {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                throw problem("cannot be read: \(String(cString: strerror(code)))")
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard bytes.count <= Self.maximumSize else { throw problem("is too long to hold \(what)") }
        let text = bytes.trimmed
        guard !text.isEmpty else { throw problem("is empty: put \(what) into it") }
        guard !String(decoding: text.prefix(7), as: UTF8.self).lowercased().hasPrefix("bearer ") else {
            throw problem("begins with the word Bearer: leave that out, \(what) alone stands there")
        }
        guard text.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw problem("holds more than \(what): it must be one line of printable characters without spaces")
        }
        return Content(secret: Secret(String(decoding: text, as: UTF8.self)), signature: Signature(facts))
    }

    private func problem(_ text: String) -> CallFailure {
        .unauthorized(detail: TransportWords.noToken + "\(place) \(text)")
    }
}

/// Checks whether a file would be taken as one that holds a secret, and tells nothing of its content.
package enum SecretFileCheck {
    /// The problem is nil when the file would be taken.
    package static func problem(in path: String, what: String) -> String? {
        do throws(CallFailure) {
            _ = try SecretFile(path: path, what: what).read()
            return nil
        } catch {
            return String(error.detail.trimmingPrefix(TransportWords.noToken))
        }
    }
}

extension [UInt8] {
    /// The bytes without white space, line ends and a byte order mark around them.
    fileprivate var trimmed: ArraySlice<UInt8> {
        var slice = self[...]
        if slice.starts(with: [0xef, 0xbb, 0xbf]) { slice = slice.dropFirst(3) }
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        slice = slice.drop(while: isSpace)
        while let last = slice.last, isSpace(last) { slice = slice.dropLast() }
        return slice
    }
}
