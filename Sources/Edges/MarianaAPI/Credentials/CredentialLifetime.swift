import JSON
import FoundationEssentials
import GatewayModel
import Moments

/// How long a credential is good for, as far as it says so itself.
package enum CredentialLifetime: Sendable, Equatable {
    /// Until then, and then somebody must put another one there.
    case ends(WallTime)
    /// It is renewed again and again without anybody; the one in use lasts so long, when the backend has said it.
    case renewed(accessEndsIn: Duration?)
    /// Its form does not say.
    case notSaid
}

extension BackendCredential {
    package func lifetime() async -> CredentialLifetime { .notSaid }
}

/// What a token says of itself, when it is a JSON web token (RFC 7519). Nothing is believed because of it: the backend decides what it takes.
enum TokenClaims {
    private struct Claims: Decodable {
        var exp: Double?
    }

    /// When the token ends (`exp`, seconds since 1970); nil when it does not say, or is none of that form.
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
            // Three parts with points between, and not of this form: it does not say.
            return nil
        }
    }
}
