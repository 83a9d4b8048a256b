/// The reason why no TLS context could be made of the settings.
package enum TrustProblem: Error, Sendable, Equatable {
    /// The PEM file of additional roots cannot be read, or holds no certificate.
    case roots(path: String, detail: String)
    case context(detail: String)
}
