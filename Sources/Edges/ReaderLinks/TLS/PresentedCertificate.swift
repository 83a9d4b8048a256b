import TextSafety
import Certificates
import GatewayModel
import Moments
import NIOSSL

/// What a certificate says of itself. Texts are bounded and printable, and prove nothing by themselves.
package struct PresentedCertificate: Sendable, Equatable {
    /// The certificate's DNS names, at most ``nameLimit``.
    package var dnsNames: [String]
    /// The start of the validity, as milliseconds since 1970.
    package var notBefore: WallTime
    /// The end of the validity, as milliseconds since 1970.
    package var notAfter: WallTime
    /// The issuer's common name, else its organization.
    package var issuer: String
    /// The reason why the chain above the certificate does not verify, or why the certificate must not be accepted, as a sentence. Nil
    /// means that an authority that this box trusts vouches for the certificate.
    package private(set) var distrust: String?

    /// The most names that are shown. A reader's certificate has one or two.
    package static let nameLimit = 5

    init(_ certificate: NIOSSLCertificate) {
        dnsNames = Self.names(certificate, limit: Self.nameLimit)
        notBefore = Self.milliseconds(certificate.notValidBefore)
        notAfter = Self.milliseconds(certificate.notValidAfter)
        let issuerName = certificate.issuerName
        let named = issuerName.last { $0.type == .commonName } ?? issuerName.last { $0.type == .organization } ?? issuerName.last
        issuer = Shown.plain(named?.value ?? "", limit: 100)
    }

    /// The certificate of a chain that verified.
    static func verified(_ leaf: NIOSSLCertificate) -> PresentedCertificate {
        var presented = PresentedCertificate(leaf)
        presented.distrust = ownFlaw(leaf)?.sentence
        return presented
    }

    /// The certificate of a chain that did not verify.
    static func refused(_ leaf: NIOSSLCertificate, now: WallTime) -> PresentedCertificate {
        var presented = PresentedCertificate(leaf)
        presented.distrust =
            if presented.notAfter < now {
                CertificateProblem.expired(notAfter: presented.notAfter).sentence
            } else if presented.notBefore > now {
                CertificateProblem.notYetValid(notBefore: presented.notBefore).sentence
            } else {
                CertificateProblem.unknownAuthority(issuer: presented.issuer).sentence
            }
        return presented
    }

    /// Whether the certificate is for this name. Every name counts, not only those that are shown.
    static func isFor(_ host: String, _ certificate: NIOSSLCertificate) -> Bool {
        certificate._subjectAlternativeNames().contains { name in
            guard name.nameType == .dnsName else { return false }
            return name.contents.withUnsafeBufferPointer { HostName.matches(host, certificateName: String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// The reason why a certificate was refused, when its chain did not verify or its name did not match.
    ///
    /// A wrong name comes first: it means that another device answers there, and then its dates and its issuer are that device's business.
    static func problem(_ certificate: NIOSSLCertificate, host: String, now: WallTime) -> CertificateProblem {
        let presented = PresentedCertificate(certificate)
        guard isFor(host, certificate) else { return .wrongName(expected: host, presented: presented.dnsNames) }
        if presented.notAfter < now { return .expired(notAfter: presented.notAfter) }
        if presented.notBefore > now { return .notYetValid(notBefore: presented.notBefore) }
        return .unknownAuthority(issuer: presented.issuer)
    }

    /// The reason why a chain was refused, when all of it is known.
    static func problem(
        _ chain: [NIOSSLCertificate], host: String, trusted: [[UInt8]: CertificateFacts], now: WallTime
    ) -> CertificateProblem {
        guard let leaf = chain.first else { return .other(detail: "nothing was shown") }
        let own = problem(leaf, host: host, now: now)
        guard case .unknownAuthority = own else { return own }
        let facts = chain.prefix(16).compactMap(facts)
        if let flaw = ChainJudge.flaw(in: facts, trusted: trusted, host: host, now: now.milliseconds / 1000) {
            return .flawed(words: flaw.words, remedy: flaw.remedy)
        }
        return own
    }

    /// The flaw for which a certificate must be refused although its chain verifies.
    static func ownFlaw(_ leaf: NIOSSLCertificate) -> CertificateProblem? {
        facts(leaf).flatMap(ChainJudge.ownFlaw).map { .flawed(words: $0.words, remedy: $0.remedy) }
    }

    private static func facts(_ certificate: NIOSSLCertificate) -> CertificateFacts? {
        do {
            return CertificateFacts(try certificate.toDERBytes())
        } catch {
            return nil
        }
    }

    private static func names(_ certificate: NIOSSLCertificate, limit: Int) -> [String] {
        var names: [String] = []
        for name in certificate._subjectAlternativeNames() where name.nameType == .dnsName {
            guard names.count < limit else { break }
            names.append(name.contents.withUnsafeBufferPointer { Shown.plain(String(decoding: $0, as: UTF8.self), limit: 100) })
        }
        return names
    }

    private static func milliseconds(_ seconds: Int) -> WallTime { WallTime(Int64(seconds).multiplied(1000)) }
}
