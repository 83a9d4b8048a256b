import Certificates
import GatewayModel
import Moments
import NIOSSL
import SwiftASN1
import TestSupport
import Testing
import X509
import _CryptoExtras

@testable import WebCall

/// Chains under an authority that is trusted, each with one flaw: it is named, and neither the authority nor `trust_roots` is blamed for it.
@Suite struct ChainTests {
    private func failure(_ oddity: TestChain.Oddity) async throws -> CallFailure {
        let chain = try TestChain(oddity)
        let folder = try TemporaryDirectory()
        let web = try WebClient(trustRoots: folder.write("roots.pem", chain.rootPEM), connectTimeout: .seconds(30))
        try folder.remove()
        let server = try await ScriptedServer.start(chain.server, script: { _ in .answer(200, "{}") })
        var failed: CallFailure?
        let outcome = await Outcome.of {
            let base = try WebBase("https://localhost:\(server.port)")
            let request = WebRequest(name: "things", method: .get, base: base, path: "/", deadline: .seconds(30))
            do throws(CallFailure) {
                _ = try await web.send(request)
            } catch {
                failed = error
            }
        }
        await web.shutdown()
        try await server.stop()
        try outcome.get()
        return try #require(failed)
    }

    private static func unknown(_ id: ASN1ObjectIdentifier) -> Certificate.Extension {
        Certificate.Extension(oid: id, critical: true, value: [0x05, 0x00])
    }

    enum Flaw: String, Sendable, CaseIterable {
        case intermediateEnded, intermediateMissing, unknownCritical, unknownCriticalAbove, notPermitted, excluded, pathLength, clientsOnly,
            noAuthority, shortKey

        func oddity() throws -> TestChain.Oddity {
            var oddity = TestChain.Oddity()
            switch self {
            case .intermediateEnded: oddity.intermediateUntil = -3_600
            case .intermediateMissing:
                oddity.showsIntermediate = false
                oddity.saysWhereItsIssuerIs = true
            case .unknownCritical: oddity.leafExtensions = [ChainTests.unknown([1, 2, 3, 4, 5])]
            case .unknownCriticalAbove: oddity.intermediateExtensions = [ChainTests.unknown([1, 2, 3, 4, 6])]
            case .notPermitted:
                oddity.intermediateExtensions = [
                    try Certificate.Extension(NameConstraints(permittedDNSDomains: ["example.org"]), critical: true)
                ]
            case .excluded:
                oddity.intermediateExtensions = [
                    try Certificate.Extension(NameConstraints(excludedDNSDomains: ["localhost"]), critical: true)
                ]
            case .pathLength:
                oddity.isLonger = true
                oddity.firstPathLength = 0
            case .clientsOnly: oddity.leafPurposes = [.clientAuth]
            case .noAuthority: oddity.intermediateIsAuthority = false
            case .shortKey: oddity.leafKey = .init(try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1_024)))
            }
            return oddity
        }

        var words: String {
            switch self {
            case .intermediateEnded: "was signed by \u{201c}Intermediate 1\u{201d}, an intermediate authority whose certificate has ended"
            case .intermediateMissing: "is not complete: the certificate of \u{201c}Intermediate 1\u{201d}, which signed it, is missing"
            case .unknownCritical: "has a critical extension that is not known here (1.2.3.4.5)"
            case .unknownCriticalAbove: "whose certificate has a critical extension that is not known here (1.2.3.4.6)"
            case .notPermitted: "which may not sign for localhost (name constraints: only example.org)"
            case .excluded: "which may not sign for localhost (name constraints: not localhost)"
            case .pathLength: "was signed through more authorities than \u{201c}Intermediate 1\u{201d} allows (path length 0)"
            case .clientsOnly: "is for clients only"
            case .noAuthority: "was signed by \u{201c}Intermediate 1\u{201d}, which is not an authority"
            case .shortKey: "has a key of 1024 bits only (RSA)"
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `each flaw of a chain has its own words`(_ flaw: Flaw) async throws {
        let failed = try await failure(flaw.oddity())
        #expect(failed.detail.contains(flaw.words), "\(failed.detail)")
        #expect(!failed.detail.contains("not trusted") && !failed.detail.contains("trust_roots"))
        #expect(failed.mayHaveActed == false)
    }

    @Test func `a chain without a flaw is taken`() async throws {
        let chain = try TestChain(.init())
        let folder = try TemporaryDirectory()
        let web = try WebClient(trustRoots: folder.write("roots.pem", chain.rootPEM), connectTimeout: .seconds(30))
        try folder.remove()
        let server = try await ScriptedServer.start(chain.server, script: { _ in .answer(200, "{}") })
        let base = try WebBase("https://localhost:\(server.port)")
        let answer = try await web.send(WebRequest(name: "things", method: .get, base: base, path: "/", deadline: .seconds(30)))
        #expect(answer.status == 200)
        await web.shutdown()
        try await server.stop()
    }

    @Test func `a wildcard for everything is nobody's name`() async throws {
        var oddity = TestChain.Oddity()
        oddity.names = ["*"]
        let failed = try await failure(oddity)
        #expect(failed.detail.contains("is not for localhost but for *"), "\(failed.detail)")
    }

    @Test func `what is read of a certificate is what stands in it`() throws {
        let chain = try TestChain(.init())
        let root = try #require(TrustedAuthorities.certificates(inPEM: "x\n" + chain.rootPEM + "y\n").first)
        let facts = try #require(CertificateFacts(root))
        #expect(facts.isSelfIssued && facts.isAuthority && facts.subjectName == "Root of the shop")
        #expect(facts.maySignCertificates == true && facts.unknownCritical.isEmpty && facts.rsaBits == nil && facts.purposes == nil)
        let certificate = try NIOSSLCertificate(bytes: Array(chain.rootPEM.utf8), format: .pem)
        #expect(facts.notBefore == Int64(certificate.notValidBefore) && facts.notAfter == Int64(certificate.notValidAfter))
        for path in TrustedAuthorities.systemFiles {
            for der in try NIOSSLCertificate.fromPEMFile(path).map({ try $0.toDERBytes() }) {
                let facts = try #require(CertificateFacts(der))
                let known = try NIOSSLCertificate(bytes: der, format: .der)
                #expect(facts.notBefore == Int64(known.notValidBefore) && facts.notAfter == Int64(known.notValidAfter))
                #expect(facts.isSelfIssued && facts.rsaBits.map { $0 >= 1024 } != false)
            }
            break
        }
        #expect(!TrustedAuthorities.read(besides: nil).isEmpty)
    }

    @Test func `no bytes make the reading trap`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = Seeded(seed)
        let chain = try TestChain(.init())
        let good = try #require(TrustedAuthorities.certificates(inPEM: chain.rootPEM).first)
        for _ in 0..<30_000 {
            var bytes = good
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            case 1:
                bytes.insert(
                    contentsOf: [UInt8.random(in: 0...255, using: &random), 0x84, 0xff], at: Int.random(in: 0..<60, using: &random))
            default:
                for _ in 0..<4 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
            }
            guard let facts = CertificateFacts(bytes) else { continue }
            #expect(facts.subjectName.count <= 100, "seed \(seed)")
            _ = ChainJudge.flaw(in: [facts, facts], trusted: [:], host: "localhost", now: 0)
        }
    }
}
