import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of the tests' own, and the certificates of servers that it signs.
struct TestAuthority: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let certificate: Certificate
    private let name: DistinguishedName

    init(name: String = "Test authority") throws {
        self.name = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .now - 86400 * 365,
            notValidAfter: .now + 86400 * 365, issuer: self.name, subject: self.name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: .init(key))
    }

    func pem() throws -> String { try certificate.serializeAsPEM().pemString }

    /// What a server shows: a certificate for these names and addresses, valid between two moments in seconds from now.
    func identity(
        names: [String] = ["localhost"], addresses: [[UInt8]] = [], from: Double = -3600, until: Double = 86400
    ) throws -> TLSConfiguration {
        let serverKey = P256.Signing.PrivateKey()
        var general = names.map { GeneralName.dnsName($0) }
        general += addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let alternatives = SubjectAlternativeNames(general)
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(serverKey.publicKey), notValidBefore: .now + from,
            notValidAfter: .now + until, issuer: name, subject: try DistinguishedName { CommonName("Test server") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.notCertificateAuthority)
                alternatives
            }, issuerPrivateKey: .init(key))
        let pem = Array(try leaf.serializeAsPEM().pemString.utf8)
        return .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(pem).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(serverKey.pemRepresentation.utf8), format: .pem)))
    }
}
