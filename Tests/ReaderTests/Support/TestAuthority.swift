import Crypto
import FoundationEssentials
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of a test's own, and the certificates that it signs.
struct TestAuthority: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    let certificate: Certificate

    init(_ commonName: String = "Test Root") throws {
        name = try DistinguishedName { CommonName(commonName) }
        let key = Certificate.PrivateKey(key)
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey, notValidBefore: .now - 86_400, notValidAfter: .now + 864_000,
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: key)
    }

    /// The authority's certificate in a file of its own, for the length of `body`.
    func withRootsFile<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("reader-tests-\(UUID().uuidString).pem")
        try Data(certificate.serializeAsPEM().pemString.utf8).write(to: path)
        do {
            let result = try await body(path.path)
            try FileManager.default.removeItem(at: path)
            return result
        } catch {
            try FileManager.default.removeItem(at: path)
            throw error
        }
    }

    /// A server's TLS settings with a new certificate.
    func server(
        _ names: [GeneralName], from: Date = .now - 3600, until: Date = .now + 3600, commonName: String = "reader",
        lastVersion: TLSVersion = .tlsv13
    ) throws -> NIOSSLContext {
        let leafKey = P256.Signing.PrivateKey()
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(leafKey.publicKey), notValidBefore: from, notValidAfter: until,
            issuer: name, subject: try DistinguishedName { CommonName(commonName) }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([.serverAuth])
                if !names.isEmpty { SubjectAlternativeNames(names) }
            }, issuerPrivateKey: .init(key))
        var serializer = DER.Serializer()
        try serializer.serialize(leaf)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leafKey.derRepresentation), format: .der)))
        configuration.maximumTLSVersion = lastVersion
        return try NIOSSLContext(configuration: configuration)
    }
}
