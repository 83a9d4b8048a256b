import TextSafety
import JSON
import FoundationEssentials
import GatewayModel
import Moments
import WebCall

/// One renewal on the wire: `grant_type=refresh_token` (RFC 6749, section 6).
struct OAuthRefresh: Sendable {
    let settings: OAuthSettings
    let web: WebClient

    /// The tokens that the backend handed out.
    struct Grant: Sendable {
        var access: Secret
        /// How long the access token holds. It is nil when the backend does not say.
        var lifetime: Duration?
        /// The token that replaces the refresh token. It is nil when the old one stays good.
        var refresh: Secret?
    }

    enum Result: Sendable {
        case granted(Grant)
        /// The backend does not take the refresh token, or this client. Asking again with the same will not help.
        case refused(detail: String)
        /// Nothing was sent, or the backend said that it cannot now. The refresh token is as good as before.
        case notNow(detail: String)
        /// The refresh token was sent and no usable answer came. It may be spent.
        case lost(detail: String)
    }

    func run(refreshToken: Secret, clientSecret: Secret) async -> Result {
        var request = WebRequest(
            name: "o/token", method: .post, base: settings.tokenBase, path: settings.tokenPath, deadline: settings.timeLimit)
        request.headers = [.init("Content-Type", .text("application/x-www-form-urlencoded"))]
        let form = [
            "grant_type=refresh_token", "refresh_token=\(refreshToken.reveal().percentEncoded)",
            "client_id=\(settings.clientID.percentEncoded)", "client_secret=\(clientSecret.reveal().percentEncoded)",
        ].joined(separator: "&")
        request.body = .init(Array(form.utf8))
        request.maxBytes = 64 * 1024
        // Every call waits for the renewal, those of payments too.
        request.urgency = .sells
        request.alsoSecret = [refreshToken, clientSecret]
        request.takesAnyStatus = true
        let answer: WebAnswer
        do {
            answer = try await web.send(request)
        } catch {
            switch error {
            case .unavailable(let detail, mayHaveActed: false), .overloaded(let detail): return .notNow(detail: detail)
            default: return .lost(detail: error.detail)
            }
        }
        return read(answer, secrets: request.alsoSecret)
    }

    private func read(_ answer: WebAnswer, secrets: [Secret]) -> Result {
        let place = settings.tokenBase.place
        switch answer.status {
        case 200...299:
            do {
                let grant: GrantAnswer = try JSONParser.parse(answer.body).decoded()
                return grant.checked.map { .granted($0) } ?? .lost(detail: "o/token: the answer of \(place) has no access_token")
            } catch {
                return .lost(detail: "o/token: the answer of \(place) is not the JSON of a token")
            }
        default:
            let text = Shown.body(answer.body, hiding: secrets.map { $0.reveal() })
            let detail = "o/token: \(place) answered \(answer.status)" + (text.isEmpty ? "" : ": \(text)")
            // These two are how a token endpoint refuses (RFC 6749, section 5.2). Any other status comes from a proxy in between, or from a
            // backend in trouble, and says nothing about the refresh token.
            return answer.status == 400 || answer.status == 401 ? .refused(detail: detail) : .notNow(detail: detail)
        }
    }
}

/// The answer of the token endpoint. `token_type` and `scope` decide nothing here.
struct GrantAnswer: Decodable {
    var accessToken: String?
    var expiresIn: LooseText?
    var refreshToken: String?

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
        case expiresIn = "expires_in"
        case refreshToken = "refresh_token"
    }

    /// The grant, if its access token may stand in a header.
    var checked: OAuthRefresh.Grant? {
        guard let accessToken, accessToken.isToken else { return nil }
        var lifetime: Duration?
        // The lifetime is a year at most: a longer one is as good as endless, and could overflow.
        if let seconds = expiresIn.flatMap({ Int64($0.text) }), seconds > 0 { lifetime = .seconds(min(seconds, 31_536_000)) }
        let refresh = refreshToken.flatMap { $0.isToken ? Secret($0) : nil }
        return .init(access: Secret(accessToken), lifetime: lifetime, refresh: refresh)
    }
}

extension String {
    /// Whether the text may stand in a header as a token: printable ASCII without spaces, and not empty.
    var isToken: Bool {
        !isEmpty && utf8.count <= 8192 && utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}
