import NIOSSL

/// Whether a certificate names the host that was asked for.
///
/// NIOSSL also takes a certificate that names the *address* which was dialled, although a host name was asked for. A host that answers the
/// shop's name queries could then send the box to an address of its own, for which anybody can have a certificate. So this type checks the
/// name again.
enum CertificateName {
    /// True when a DNS name of the certificate is the host, or a wildcard for the host's first label. The common name does not count.
    static func matches(_ host: String, _ certificate: NIOSSLCertificate) -> Bool {
        let names = names(of: certificate)
        return names.contains { covers($0, host) }
    }

    /// The certificate's DNS names, lower case.
    static func names(of certificate: NIOSSLCertificate) -> [String] {
        var names: [String] = []
        for name in certificate._subjectAlternativeNames() where name.nameType == .dnsName {
            names.append(String(decoding: Array(name.contents), as: UTF8.self).lowercased())
        }
        return names
    }

    /// Whether a name of a certificate, which may begin with a wildcard, stands for a host.
    static func covers(_ pattern: String, _ host: String) -> Bool {
        let pattern = withoutFinalDot(pattern.lowercased())
        let host = withoutFinalDot(host.lowercased())
        // No host has a star in its name: a certificate for "*" stands for no host, whatever was asked for.
        guard !host.contains("*") else { return false }
        if pattern == host { return !host.isEmpty }
        guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: ".") else { return false }
        let domain = pattern.dropFirst(2)
        // A wildcard for a whole top level ("*.com") stands for no host.
        return domain.contains(".") && host[host.index(after: dot)...] == domain && dot != host.startIndex
    }

    private static func withoutFinalDot(_ name: String) -> String {
        name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
