import WebCall

/// The token endpoint and the client with which an access token is renewed (the settings `backend.oauth`).
package struct OAuthSettings: Sendable {
    /// The token endpoint, `https://{tenant}.marianatek.com/o/token/`.
    package var tokenBase: WebBase
    package var tokenPath: String
    package var clientID: String
    package var clientSecretFile: String
    /// The file is rewritten whenever the backend hands out a new refresh token, so its directory must be writable.
    package var refreshTokenFile: String
    /// The time for one renewal call. A lost answer is followed by one more.
    package var timeLimit: Duration

    package init(
        tokenURL: String, clientID: String, clientSecretFile: String, refreshTokenFile: String, timeLimit: Duration = .seconds(10)
    ) throws(WebBase.Problem) {
        (tokenBase, tokenPath) = try WebBase.endpoint(tokenURL)
        self.clientID = clientID
        self.clientSecretFile = clientSecretFile
        self.refreshTokenFile = refreshTokenFile
        self.timeLimit = timeLimit
    }
}
