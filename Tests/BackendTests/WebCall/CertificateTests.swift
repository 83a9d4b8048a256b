import GatewayModel
import NIOSSL
import TestSupport
import Testing

@testable import WebCall

@Suite struct CertificateTests {
    private func failure(showing identity: TLSConfiguration, trusting authority: TestAuthority) async throws -> CallFailure {
        var failed: CallFailure?
        try await Harness.run(identity: identity, trusting: authority, script: { _ in .answer(200, "{}") }) { harness in
            failed = try await BackendTests.failure { () async throws(CallFailure) in try await harness.web.send(harness.request()) }
            #expect(harness.server.received.isEmpty)
        }
        let seen = try #require(failed)
        #expect(seen.mayHaveActed == false)
        return seen
    }

    @Test func `an authority that is not trusted is refused`() async throws {
        let failed = try await failure(showing: TestAuthority(name: "Somebody else").identity(), trusting: TestAuthority())
        #expect(failed.detail.contains("no authority that this box trusts has signed it"))
    }

    @Test func `a certificate for another name is refused`() async throws {
        let authority = try TestAuthority()
        let failed = try await failure(showing: authority.identity(names: ["other.example"]), trusting: authority)
        #expect(failed.detail.contains("is not for localhost but for other.example"))
    }

    @Test func `a certificate for the address alone is refused when a name was asked for`() async throws {
        let authority = try TestAuthority()
        let failed = try await failure(
            showing: authority.identity(names: ["other.example"], addresses: [[127, 0, 0, 1]]), trusting: authority)
        #expect(failed.detail.contains("is not for localhost but for other.example"))
        let nameless = try await failure(showing: authority.identity(names: [], addresses: [[127, 0, 0, 1]]), trusting: authority)
        #expect(nameless.detail.contains("it names no host"))
    }

    @Test func `a certificate for the address serves when the address was asked for`() async throws {
        let authority = try TestAuthority()
        let identity = try authority.identity(names: ["other.example"], addresses: [[127, 0, 0, 1]])
        try await Harness.run(identity: identity, trusting: authority, script: { _ in .answer(200, "{}") }) { harness in
            var request = harness.request()
            request.base = try WebBase("https://127.0.0.1:\(harness.base.port)")
            let answer = try await harness.web.send(request)
            #expect(answer.status == 200)
        }
    }

    @Test func `an expired certificate is named with its day`() async throws {
        let authority = try TestAuthority()
        let failed = try await failure(showing: authority.identity(from: -86400 * 3, until: -86400), trusting: authority)
        #expect(failed.detail.contains("ended on"))
        #expect(failed.detail.contains("or this box's clock is wrong"))
    }

    @Test func `a certificate of tomorrow points to the clock`() async throws {
        let authority = try TestAuthority()
        let failed = try await failure(showing: authority.identity(from: 86400, until: 86400 * 2), trusting: authority)
        #expect(failed.detail.contains("set the clock"))
    }

    @Test(arguments: [
        ("store.example", "store.example", true), ("Store.Example.", "store.example", true), ("*.example.com", "a.example.com", true),
        ("*.example.com", "a.b.example.com", false), ("*.example.com", "example.com", false), ("*.com", "example.com", false),
        ("*", "localhost", false), ("*.example.com", ".example.com", false), ("", "", false), ("store.example", "xstore.example", false),
        ("a*.example.com", "ab.example.com", false), ("*", "*", false), ("*.example.com", "*.example.com", false),
    ])
    func `a name stands for a host or not`(pattern: String, host: String, covers: Bool) {
        #expect(CertificateName.covers(pattern, host) == covers)
    }
}
