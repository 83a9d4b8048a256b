import JSON
import FoundationEssentials
import GatewayModel
import Moments

/// How long a credential is good for, as far as it says so itself.
package enum CredentialLifetime: Sendable, Equatable {
    /// The credential is good until this moment. Then a person must put another one in its place.
    case ends(WallTime)
    /// The credential is renewed again and again without a person. The one in use lasts this long, when the backend has said so.
    case renewed(accessEndsIn: Duration?)
    /// The credential's form does not say.
    case notSaid
}

extension BackendCredential {
    package func lifetime() async -> CredentialLifetime { .notSaid }
}

/// What a token says of itself, when it is a JSON web token (RFC 7519). The agent relies on none of it: the backend decides what it takes.
enum TokenClaims {
    private struct Claims: Decodable {
        var exp: Double?
    }

    /// The token's end (`exp`, seconds since 1970). It is nil when the token does not say, or has another form.
    static func end(of token: Secret) -> WallTime? {
        let parts = token.reveal().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var text = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
        text += String(repeating: "=", count: (4 - text.count % 4) % 4)
        guard let payload = Data(base64Encoded: text) else { return nil }
        do {
            guard let end = try JSONParser.parse(Array(payload)).decoded(as: Claims.self).exp, end > 0, end < 253_402_300_800 else {
                return nil
            }
            return WallTime(Int64(end * 1000))
        } catch {
            // The token has three parts with points between and is still no JSON web token, so it does not say.
            return nil
        }
    }
}
