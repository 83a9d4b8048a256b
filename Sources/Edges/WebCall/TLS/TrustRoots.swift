import Glibc
import NIOSSL

/// The certificates that count beside the system's own.
package enum TrustRoots {
    package enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
        case unreadable(path: String, reason: String)
        /// There is no certificate in it, or one of them cannot be read.
        case notCertificates(path: String)

        package var description: String {
            switch self {
            case .unreadable(let path, let reason): "the trust roots in \(path) cannot be read: \(reason)"
            case .notCertificates(let path): "\(path) holds no certificate in PEM form, or one that cannot be read"
            }
        }
    }

    /// Whether a start would take them.
    package static func check(_ path: String) throws(Problem) { _ = try load(path) }

    static func load(_ path: String) throws(Problem) -> [NIOSSLCertificate] {
        // Opened here first, because NIOSSL says of a file that is missing, and of one that is no certificate, the same.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is not a file")
        }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            guard !certificates.isEmpty else { throw Problem.notCertificates(path: path) }
            return certificates
        } catch {
            throw .notCertificates(path: path)
        }
    }
}
