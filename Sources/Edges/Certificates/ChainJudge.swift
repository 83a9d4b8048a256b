/// What is wrong with a chain of certificates, and what remedies it.
package struct CertificateFlaw: Error, Sendable, Hashable {
    /// The end of a sentence that begins with the certificate's owner, such as "the certificate of …".
    package var words: String
    package var remedy: String

    package init(_ words: String, remedy: String) {
        self.words = words
        self.remedy = remedy
    }
}

/// Looks for the reason why a chain that a peer showed did not verify. It names the reason, and never says "not trusted" of what is
/// trusted.
///
/// The judge does not check signatures: the TLS library does, and has refused the chain already. Its callers check the names and times of
/// the leaf.
package enum ChainJudge {
    /// RSA keys with fewer bits are breakable. They are refused although the library would take them.
    package static let leastRSABits = 2048

    /// - Parameters:
    ///   - chain: the certificates as they were shown, the server's own first.
    ///   - trusted: the authorities that this box trusts, by their encoded names.
    ///   - host: the name that the server should have.
    ///   - now: seconds since 1970.
    /// - Returns: nil when nothing is found. Then the authority is not trusted, or a signature is wrong.
    package static func flaw(
        in chain: [CertificateFacts], trusted: [[UInt8]: CertificateFacts], host: String, now: Int64
    ) -> CertificateFlaw? {
        guard let leaf = chain.first else { return nil }
        if let flaw = ownFlaw(of: leaf) { return flaw }
        let path = ordered(chain)
        let shown = path.dropFirst().filter { !($0.isSelfIssued && trusted[$0.subject] != nil) }
        for (place, authority) in shown.enumerated() {
            if let flaw = authorityFlaw(of: authority, below: place, host: host, now: now) { return flaw }
        }
        guard let top = path.last else { return nil }
        if let root = trusted[top.issuer] {
            guard now <= root.notAfter else {
                return CertificateFlaw(
                    "was signed by \(quoted(root.subjectName)), which this box trusts and whose own certificate has ended",
                    remedy: "Bring this box's authorities up to date: the package ca-certificates, or the file that trust_roots names.")
            }
            return authorityFlaw(of: root, below: shown.count, host: host, now: now)
        }
        guard !top.isSelfIssued, top.saysWhereItsIssuerIs || path.count > 1 else { return nil }
        return CertificateFlaw(
            "is not complete: the certificate of \(quoted(top.issuerName)), which signed \(path.count > 1 ? quoted(top.subjectName) : "it"), is "
                + "missing",
            remedy:
                "Have the server send the whole chain, its intermediate certificates too. This box is not at fault, and needs no other settings."
        )
    }

    /// Whether the chain ends at an authority that this box trusts, by its name.
    package static func isAuthorityKnown(_ chain: [CertificateFacts], trusted: [[UInt8]: CertificateFacts]) -> Bool {
        ordered(chain).last.map { trusted[$0.issuer] != nil } ?? false
    }

    /// What disqualifies a server's certificate, whatever chain stands above it.
    package static func ownFlaw(of leaf: CertificateFacts) -> CertificateFlaw? {
        if let bits = leaf.rsaBits, bits < leastRSABits {
            return CertificateFlaw(
                "has a key of \(bits) bits only (RSA): fewer than \(leastRSABits) can be broken",
                remedy: "The server needs a certificate with a stronger key.")
        }
        if !leaf.isForServers {
            return CertificateFlaw(
                "is for clients only (its extended key usage does not name servers)",
                remedy: "The server needs a certificate that is made for servers.")
        }
        if let id = leaf.unknownCritical.first {
            return CertificateFlaw(
                "has a critical extension that is not known here (\(id))", remedy: "The server needs a certificate without it.")
        }
        return nil
    }

    /// - Parameter below: how many further authorities stand between this one and the server.
    private static func authorityFlaw(
        of authority: CertificateFacts, below: Int, host: String, now: Int64
    ) -> CertificateFlaw? {
        let name = quoted(authority.subjectName)
        func broken(_ words: String) -> CertificateFlaw {
            CertificateFlaw(words, remedy: "The server has to send another intermediate certificate: its administrator renews the chain.")
        }
        if now > authority.notAfter { return broken("was signed by \(name), an intermediate authority whose certificate has ended") }
        if now < authority.notBefore {
            return CertificateFlaw(
                "was signed by \(name), an intermediate authority whose certificate has not begun", remedy: "Check this box's clock first.")
        }
        if !authority.isAuthority || authority.maySignCertificates == false {
            return broken("was signed by \(name), which is not an authority and must not sign certificates")
        }
        if let length = authority.pathLength, below > length {
            return broken("was signed through more authorities than \(name) allows (path length \(length))")
        }
        if let id = authority.unknownCritical.first {
            return broken("was signed by \(name), whose certificate has a critical extension that is not known here (\(id))")
        }
        if let bits = authority.rsaBits, bits < leastRSABits {
            return broken("was signed by \(name) with a key of \(bits) bits only (RSA)")
        }
        let host = host.lowercased()
        if let permitted = authority.permittedNames, !permitted.contains(where: { covers($0, host) }) {
            return broken(
                "was signed by \(name), which may not sign for \(host) (name constraints: only \(permitted.prefix(3).joined(separator: ", ")))"
            )
        }
        if let excluded = authority.excludedNames.first(where: { covers($0, host) }) {
            return broken("was signed by \(name), which may not sign for \(host) (name constraints: not \(excluded))")
        }
        return nil
    }

    /// The leaf, then its issuer, and so on, as far as they were shown.
    private static func ordered(_ chain: [CertificateFacts]) -> [CertificateFacts] {
        guard let leaf = chain.first else { return [] }
        var path = [leaf]
        var rest = Array(chain.dropFirst().prefix(16))
        while let last = path.last, !last.isSelfIssued, let place = rest.firstIndex(where: { $0.subject == last.issuer }) {
            path.append(rest.remove(at: place))
        }
        return path
    }

    /// A domain covers itself and all domains below it (RFC 5280, section 4.2.1.10).
    private static func covers(_ domain: String, _ host: String) -> Bool {
        let domain = domain.hasPrefix(".") ? String(domain.dropFirst()) : domain
        return domain.isEmpty || host == domain || host.hasSuffix("." + domain)
    }

    private static func quoted(_ name: String) -> String { name.isEmpty ? "an authority without a name" : "\u{201c}\(name)\u{201d}" }
}
