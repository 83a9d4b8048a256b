import Crypto
import FoundationEssentials
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// A certificate authority of one simulated store, which is made at its start. Its keys are ECDSA P-256 throughout.
package struct CertificateAuthority: Sendable {
    private let key: Certificate.PrivateKey
    private let certificate: Certificate

    /// The root certificate as PEM, which a client adds to its trust roots.
    package let pem: String

    /// The root's key as PEM, by which the authority can sign another time.
    let keyPEM: String

    /// Restores an authority that was made before.
    init(pem: String, keyPEM: String) throws {
        key = Certificate.PrivateKey(try P256.Signing.PrivateKey(pemRepresentation: keyPEM))
        certificate = try Certificate(pemEncoded: pem)
        self.pem = pem
        self.keyPEM = keyPEM
    }

    package init(days: Int = 30) throws {
        let signing = P256.Signing.PrivateKey()
        keyPEM = signing.pemRepresentation
        key = Certificate.PrivateKey(signing)
        let name = try DistinguishedName {
            CommonName("Simulated store root")
            OrganizationName("readersim")
        }
        let now = Date()
        let key = self.key
        certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(Double(days) * 86400),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key)
        pem = try certificate.serializeAsPEM().pemString
    }

    /// Makes a server's certificate for these names and addresses.
    ///
    /// - Parameters:
    ///   - names: DNS names of the subject alternative names.
    ///   - addresses: IPv4 addresses of the subject alternative names.
    ///   - flaw: the flaw that the certificate gets. Nil makes a good one.
    package func issue(names: [String], addresses: [String] = [], flaw: CertificateFlaw? = nil) throws -> ServerCertificate {
        if flaw == .otherAuthority { return try CertificateAuthority().issue(names: names, addresses: addresses) }
        var names = names
        var addresses = addresses
        let now = Date()
        var begin = now.addingTimeInterval(-3600)
        var end = now.addingTimeInterval(7 * 86400)
        switch flaw {
        case .otherName:
            names = ["192-0-2-99.another.device.stripe-terminal-local-reader.net"]
            addresses = []
        case .expired:
            begin = now.addingTimeInterval(-10 * 86400)
            end = now.addingTimeInterval(-86400)
        case .notYetValid:
            begin = now.addingTimeInterval(86400)
        case .addressOnly:
            names = []
        case .otherAuthority, nil: break
        }

        let leaf = P256.Signing.PrivateKey()
        let leafKey = Certificate.PrivateKey(leaf)
        let entries = names.map(GeneralName.dnsName) + (try addresses.map(Self.entry(forAddress:)))
        let authority = self.key
        let made = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: leafKey.publicKey,
            notValidBefore: begin,
            notValidAfter: end,
            issuer: certificate.subject,
            subject: try DistinguishedName { CommonName("Simulated server") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(entries)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: authority.publicKey).keyIdentifier)
            },
            issuerPrivateKey: authority)
        var serializer = DER.Serializer()
        try serializer.serialize(made)
        return ServerCertificate(certificate: serializer.serializedBytes, key: Array(leaf.derRepresentation))
    }

    private static func entry(forAddress address: String) throws -> GeneralName {
        let parts = address.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        guard parts.count == 4 else { throw SimulatorError("not an IPv4 address: \(address)") }
        return .ipAddress(ASN1OctetString(contentBytes: parts[...]))
    }
}

/// A server's certificate and its key, both as DER.
package struct ServerCertificate: Sendable {
    package var certificate: [UInt8]
    package var key: [UInt8]

    /// The TLS context of a server that shows this certificate and speaks HTTP/1.1.
    package func serverContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: certificate, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .der)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        // A reader that loses its power sends no farewell.
        configuration.shutdownTimeout = .milliseconds(200)
        return try NIOSSLContext(configuration: configuration)
    }
}
