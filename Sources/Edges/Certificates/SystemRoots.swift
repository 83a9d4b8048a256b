import Glibc
import NIOSSL

/// The system's authorities as a TLS context takes them, parsed once for all contexts.
///
/// A context that is told to trust the system's authorities parses the whole file for itself: 1.1 MB of memory for Debian's 138, once for
/// each host of the backend and once for the readers. Certificates that are handed over are shared.
package enum SystemRoots {
    /// What a client's configuration trusts. Where the file cannot be read here, the library looks for the authorities by itself.
    package static let trusted: NIOSSLTrustRoots = read().map { .certificates($0) } ?? .default

    private static func read() -> [NIOSSLCertificate]? {
        guard let file = TrustedAuthorities.systemFiles.first(where: { access($0, R_OK) == 0 }) else { return nil }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(file)
            return certificates.isEmpty ? nil : certificates
        } catch {
            // The library takes what it can read of such a file.
            return nil
        }
    }
}
