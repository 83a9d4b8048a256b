import GatewayModel
import Moments
import Testing

@testable import MarianaAPI

/// When a token ends, as it says itself.
@Suite struct CredentialLifetimeTests {
    @Test(
        arguments: [
            // {"exp":1795000000}, {"exp":1795000000.5,"sub":"1"}
            ("eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDAwMDB9.c2ln", 1_795_000_000_000),
            ("eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDAwMDAuNSwic3ViIjoiMSJ9.c2ln", 1_795_000_000_500),
        ] as [(String, WallTime)])
    func `a JSON web token says it`(token: String, end: WallTime) {
        #expect(TokenClaims.end(of: Secret(token)) == end)
    }

    @Test(arguments: [
        "", "opaque", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.c2ln", "x.eyJleHAiOiJuZXZlciJ9.y", "x.eyJleHAiOi0xfQ.y",
        "x.eyJleHAiOjFlNDB9.y",
        "x.eyJleHAiOjE3OTUwMDAwMDB9", "x.////.y",
    ])
    func `anything else does not, and harms nobody`(token: String) {
        #expect(TokenClaims.end(of: Secret(token)) == nil)
    }
}
