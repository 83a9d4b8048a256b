import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509
import _CryptoExtras

/// An authority, an intermediate one below it, and a server's certificate below that: each may be odd in a way that a test wants.
struct TestChain {
    private static func name(_ text: String) throws -> DistinguishedName { try DistinguishedName { CommonName(text) } }

    struct Oddity {
        var intermediateUntil: Double = 86_400
        var intermediateIsAuthority = true
        var firstPathLength: Int?
        var intermediateExtensions: [Certificate.Extension] = []
        var leafExtensions: [Certificate.Extension] = []
        var leafPurposes: [ExtendedKeyUsage.Usage] = [.serverAuth]
        /// One more authority between the intermediate and the leaf.
        var isLonger = false
        var showsIntermediate = true
        var leafKey: Certificate.PrivateKey?
        var names = ["localhost"]
        var saysWhereItsIssuerIs = false
    }

    let rootPEM: String
    let server: TLSConfiguration

    init(_ oddity: Oddity) throws {
        let rootKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let rootName = try Self.name("Root of the shop")
        let root = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: rootKey.publicKey, notValidBefore: .now - 864_000,
            notValidAfter: .now + 864_000,
            issuer: rootName, subject: rootName, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: rootKey)
        rootPEM = try root.serializeAsPEM().pemString
        var shown: [Certificate] = []
        var (issuerName, issuerKey) = (rootName, rootKey)
        for number in 0..<(oddity.isLonger ? 2 : 1) {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let name = try Self.name("Intermediate \(number + 1)")
            var extensions = try Certificate.Extensions {
                if oddity.intermediateIsAuthority {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: number == 0 ? oddity.firstPathLength : nil))
                } else {
                    Critical(BasicConstraints.notCertificateAuthority)
                }
                Critical(KeyUsage(keyCertSign: true))
            }
            for one in oddity.intermediateExtensions { try extensions.append(one) }
            shown.insert(
                try Certificate(
                    version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: .now - 864_000,
                    notValidAfter: .now + oddity.intermediateUntil, issuer: issuerName, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
                    extensions: extensions, issuerPrivateKey: issuerKey), at: 0)
            (issuerName, issuerKey) = (name, key)
        }
        let leafKey = oddity.leafKey ?? Certificate.PrivateKey(P256.Signing.PrivateKey())
        let alternatives = SubjectAlternativeNames(oddity.names.map { .dnsName($0) })
        let purposes = try ExtendedKeyUsage(oddity.leafPurposes)
        var extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            purposes
            alternatives
            if oddity.saysWhereItsIssuerIs {
                AuthorityInformationAccess([
                    .init(method: .issuingCA, location: .uniformResourceIdentifier("http://ca.example/intermediate.cer"))
                ])
            }
        }
        for one in oddity.leafExtensions { try extensions.append(one) }
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: leafKey.publicKey, notValidBefore: .now - 3_600, notValidAfter: .now + 86_400,
            issuer: issuerName, subject: try Self.name("Server"), signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: issuerKey)
        let chain = [leaf] + (oddity.showsIntermediate ? shown : [])
        server = .makeServerConfiguration(
            certificateChain: try chain.map {
                .certificate(try NIOSSLCertificate(bytes: Array(try $0.serializeAsPEM().pemString.utf8), format: .pem))
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(try leafKey.serializeAsPEM().pemString.utf8), format: .pem)))
    }
}
