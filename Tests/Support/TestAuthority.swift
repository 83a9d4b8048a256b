import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of a test's own, and the certificates of servers that it signs.
package struct TestAuthority: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let certificate: Certificate
    private let name: DistinguishedName

    package init(name: String = "Test Root") throws {
        self.name = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .now - 86400 * 365,
            notValidAfter: .now + 86400 * 365, issuer: self.name, subject: self.name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: .init(key))
    }

    package func pem() throws -> String { try certificate.serializeAsPEM().pemString }

    /// The authority's certificate in a file, for the length of `body`.
    package func withRootsFile<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let directory = try TemporaryDirectory()
        let result = try await body(directory.write("roots.pem", pem()))
        try directory.remove()
        return result
    }

    /// What a server shows: a certificate for these names and addresses, valid between two moments in seconds from now.
    package func identity(
        names: [String] = ["localhost"], addresses: [[UInt8]] = [], from: Double = -3600, until: Double = 86400
    ) throws -> TLSConfiguration {
        let general = names.map { GeneralName.dnsName($0) } + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        return try identity(general, from: .now + from, until: .now + until, commonName: "Test server")
    }

    /// A server's TLS with a new certificate.
    package func server(
        _ names: [GeneralName], from: Date = .now - 3600, until: Date = .now + 3600, commonName: String = "reader",
        lastVersion: TLSVersion = .tlsv13
    ) throws -> NIOSSLContext {
        var configuration = try identity(names, from: from, until: until, commonName: commonName)
        configuration.maximumTLSVersion = lastVersion
        return try NIOSSLContext(configuration: configuration)
    }

    private func identity(_ names: [GeneralName], from: Date, until: Date, commonName: String) throws -> TLSConfiguration {
        let leafKey = P256.Signing.PrivateKey()
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(leafKey.publicKey), notValidBefore: from, notValidAfter: until,
            issuer: name, subject: try DistinguishedName { CommonName(commonName) }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth])
                if !names.isEmpty { SubjectAlternativeNames(names) }
            }, issuerPrivateKey: .init(key))
        var serializer = DER.Serializer()
        try serializer.serialize(leaf)
        return .makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leafKey.derRepresentation), format: .der)))
    }
}
