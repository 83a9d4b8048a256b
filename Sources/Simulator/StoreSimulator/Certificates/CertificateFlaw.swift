/// A flaw of a server's certificate. A client must refuse every one of them.
package enum CertificateFlaw: String, Sendable, Codable, CaseIterable {
    /// The certificate has the right issuer and dates, but another host's name.
    case otherName = "other_name"
    /// The certificate has the right name, but it ended yesterday.
    case expired
    /// The certificate has the right name, but it begins tomorrow.
    case notYetValid = "not_yet_valid"
    /// The certificate has the right name, and an authority signed it that no client trusts (with an equal subject name).
    case otherAuthority = "other_authority"
    /// The certificate names the address that is dialled, as an IP entry, and no host name at all.
    case addressOnly = "address_only"
}
