import TextSafety

/// Replaces each secret by one made-up value, always the same one, and of a form that programs take for the real thing: a program that
/// plays a recording back hands these out instead.
struct Pseudonyms {
    enum Kind {
        /// A connection token, `pst_…`.
        case connectionToken
        /// A client secret, `pi_…_secret_…` or `seti_…_secret_…`.
        case clientSecret
        /// A reader's session.
        case session
        case registrationCode
        /// A credential of the backend, or another value that is secret by its name.
        case credential
    }

    /// The least length of a secret. A shorter text would be found by chance, and is no secret.
    private static let shortest = 6

    private var known: [String: String] = [:]
    private var counts: [String: Int] = [:]

    mutating func of(_ secret: String, _ kind: Kind) -> String {
        if secret.isEmpty { return "" }
        if let known = known[secret] { return known }
        let made: String
        switch kind {
        case .connectionToken:
            let mode = ["pst_live_", "pst_test_", "pst_"].first { secret.hasPrefix($0) } ?? ""
            made = "\(mode)recording\(next("token"))"
        case .clientSecret:
            guard let mark = secret.firstRange(of: "_secret_") else { return of(secret, .credential) }
            made = "\(secret[..<mark.upperBound])recording\(next("client secret"))"
        case .session: made = "recording-session-\(next("session"))"
        case .registrationCode: made = "recording-code-\(next("code"))"
        case .credential: made = "recording-secret-\(next("credential"))"
        }
        known[secret] = made
        return made
    }

    /// The text without any secret that was met so far.
    func hiding(in text: String) -> String {
        KnownSecrets.replaced(
            known.filter { $0.key.utf8.count >= Self.shortest }.map { (secret: $0.key, with: $0.value) }, in: text)
    }

    /// Whether a text that looks like a secret is one of these values.
    static func isOne(_ text: String) -> Bool {
        guard let tail = text.split(separator: "_").last, tail.hasPrefix("recording") else { return false }
        return tail.dropFirst("recording".count).utf8.allSatisfy { (48...57).contains($0) }
    }

    private mutating func next(_ what: String) -> Int {
        counts[what, default: 0] += 1
        return counts[what, default: 0]
    }
}
