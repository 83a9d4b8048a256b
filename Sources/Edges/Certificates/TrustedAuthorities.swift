import FoundationEssentials
import Glibc

/// The authorities that this box trusts: the system's and the operator's. They are read only when a chain was refused, to say why.
package enum TrustedAuthorities {
    /// The files from which the TLS library takes the system's authorities.
    package static let systemFiles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
    private static let sizeLimit = 8 << 20

    /// - Parameter file: the operator's own authorities, in PEM form.
    /// - Returns: the authorities by their encoded names.
    package static func read(besides file: String?) -> [[UInt8]: CertificateFacts] {
        var found: [[UInt8]: CertificateFacts] = [:]
        let system = systemFiles.first { access($0, R_OK) == 0 }
        for path in [system, file].compactMap(\.self) {
            for der in certificates(inPEM: String(decoding: bytes(path), as: UTF8.self)) {
                if let facts = CertificateFacts(der) { found[facts.subject] = facts }
            }
        }
        return found
    }

    package static func certificates(inPEM text: String) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var lines: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN CERTIFICATE") {
                lines = []
            } else if line.hasPrefix("-----END CERTIFICATE") {
                if let der = Data(base64Encoded: (lines ?? []).joined()) { found.append(Array(der)) }
                lines = nil
            } else {
                lines?.append(line)
            }
        }
        return found
    }

    private static func bytes(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < sizeLimit {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }
}
