/// A way in which a server's certificate can be wrong. A client must refuse every one of them.
package enum CertificateFlaw: String, Sendable, Codable, CaseIterable {
    /// Right issuer and dates, but for another host's name.
    case otherName = "other_name"
    /// The right name, but it ended yesterday.
    case expired
    /// The right name, but it begins tomorrow.
    case notYetValid = "not_yet_valid"
    /// The right name, signed by an authority that nobody trusts (with an equal subject name).
    case otherAuthority = "other_authority"
    /// Names the address that is dialled, as an IP entry, and no host name at all.
    case addressOnly = "address_only"
}
