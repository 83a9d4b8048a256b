import TextSafety
import Moments

/// What a certificate says of itself (RFC 5280, section 4). The facts come from the bytes that a peer shows, and prove nothing.
///
/// The TLS library says that a chain does not verify, and no more. This type reads what a person needs to hear of it.
package struct CertificateFacts: Sendable, Equatable {
    /// The names as they are encoded: they are compared, not read.
    package private(set) var issuer: [UInt8] = []
    package private(set) var subject: [UInt8] = []
    /// The common name, else the organization; empty where there is neither.
    package private(set) var subjectName = ""
    package private(set) var issuerName = ""
    /// Seconds since 1970.
    package private(set) var notBefore: Int64 = .min
    package private(set) var notAfter: Int64 = .max
    /// The size of an RSA key, in bits. It is nil for another kind of key.
    package private(set) var rsaBits: Int?
    package private(set) var isAuthority = false
    /// How many further authorities may stand below this one. Nil means any number.
    package private(set) var pathLength: Int?
    /// The purposes that the certificate is for, by identifier. Nil means any purpose.
    package private(set) var purposes: [String]?
    /// Whether the key may sign certificates. Nil means that the certificate does not limit it.
    package private(set) var maySignCertificates: Bool?
    /// Critical extensions that this code does not know.
    package private(set) var unknownCritical: [String] = []
    /// Domains that an authority may name, and may not. Nil means that the authority is not limited.
    package private(set) var permittedNames: [String]?
    package private(set) var excludedNames: [String] = []
    /// The certificate says where its issuer's certificate can be had, as those of public authorities do.
    package private(set) var saysWhereItsIssuerIs = false

    package static let serverPurpose = "1.3.6.1.5.5.7.3.1"
    private static let anyPurpose = "2.5.29.37.0"

    package var isSelfIssued: Bool { issuer == subject }
    /// The certificate may prove who a server is.
    package var isForServers: Bool { purposes.map { $0.contains(Self.serverPurpose) || $0.contains(Self.anyPurpose) } ?? true }

    /// The result is nil when the bytes are no certificate.
    package init?(_ der: [UInt8]) {
        var outer = DER(der[...])
        guard let certificate = outer.next(DER.sequence) else { return nil }
        var parts = DER(certificate.content)
        guard let signed = parts.next(DER.sequence) else { return nil }
        var fields = DER(signed.content)
        // These are version, serial number and signature algorithm.
        _ = fields.next(0xa0)
        guard fields.next(0x02) != nil, fields.next(DER.sequence) != nil, let issuer = fields.next(DER.sequence),
            let validity = fields.next(DER.sequence), let subject = fields.next(DER.sequence), let key = fields.next(DER.sequence)
        else { return nil }
        self.issuer = Array(issuer.whole)
        self.subject = Array(subject.whole)
        issuerName = Self.name(issuer.content)
        subjectName = Self.name(subject.content)
        var times = DER(validity.content)
        guard let begin = times.next().flatMap(Self.time), let end = times.next().flatMap(Self.time) else { return nil }
        notBefore = begin
        notAfter = end
        rsaBits = Self.rsaBits(key.content)
        // These are the unique identifiers, which no certificate uses.
        _ = fields.next(0x81)
        _ = fields.next(0x82)
        if let extensions = fields.next(0xa3) {
            var list = DER(extensions.content)
            guard let sequence = list.next(DER.sequence) else { return nil }
            read(extensions: DER(sequence.content))
        }
    }

    // MARK: Extensions

    private mutating func read(extensions: DER) {
        var extensions = extensions
        // No sound certificate has more.
        for _ in 0..<64 {
            guard let one = extensions.next(DER.sequence) else { return }
            var parts = DER(one.content)
            guard let id = parts.next(0x06).flatMap({ DER.identifier($0.content) }) else { return }
            let isCritical = parts.next(0x01)?.content.first ?? 0 != 0
            guard let value = parts.next(0x04) else { return }
            if !read(id, DER(value.content)), isCritical { unknownCritical.append(id) }
        }
    }

    /// - Returns: whether the extension is one that a verifier knows.
    private mutating func read(_ id: String, _ value: DER) -> Bool {
        var value = value
        switch id {
        case "2.5.29.19":
            // BasicConstraints.
            guard let sequence = value.next(DER.sequence) else { return true }
            var parts = DER(sequence.content)
            isAuthority = parts.next(0x01)?.content.first ?? 0 != 0
            pathLength = parts.next(0x02).flatMap(Self.small)
        case "2.5.29.15":
            // KeyUsage: bit 5 is keyCertSign, counted from the left, behind the byte that counts the unused bits.
            maySignCertificates = value.next(0x03).map { ($0.content.dropFirst().first ?? 0) & 0x04 != 0 }
        case "2.5.29.37":
            // ExtendedKeyUsage.
            guard let sequence = value.next(DER.sequence) else { return true }
            var parts = DER(sequence.content)
            var found: [String] = []
            while let part = parts.next(0x06), found.count < 64 { if let id = DER.identifier(part.content) { found.append(id) } }
            purposes = found
        case "2.5.29.30":
            guard let sequence = value.next(DER.sequence) else { return true }
            var parts = DER(sequence.content)
            // An authority that is limited in other kinds of names is not limited in domains.
            permittedNames = parts.next(0xa0).map { Self.domains($0.content) }.flatMap { $0.isEmpty ? nil : $0 }
            excludedNames = parts.next(0xa1).map { Self.domains($0.content) } ?? []
        case "1.3.6.1.5.5.7.1.1":
            // AuthorityInfoAccess: caIssuers.
            guard let sequence = value.next(DER.sequence) else { return true }
            var parts = DER(sequence.content)
            while let part = parts.next(DER.sequence) {
                var access = DER(part.content)
                if access.next(0x06).flatMap({ DER.identifier($0.content) }) == "1.3.6.1.5.5.7.48.2" { saysWhereItsIssuerIs = true }
            }
        // These are alternative names, key identifiers, policies with their mappings and limits, revocation lists and certificate
        // transparency. This code finds no flaw in them.
        case "2.5.29.17", "2.5.29.18", "2.5.29.14", "2.5.29.35", "2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54", "2.5.29.31",
            "2.5.29.46",
            "1.3.6.1.4.1.11129.2.4.2":
            break
        default: return false
        }
        return true
    }

    /// The domains in a list of subtrees.
    private static func domains(_ content: ArraySlice<UInt8>) -> [String] {
        var subtrees = DER(content)
        var found: [String] = []
        while let subtree = subtrees.next(DER.sequence), found.count < 64 {
            var parts = DER(subtree.content)
            if let name = parts.next(0x82) { found.append(String(decoding: name.content, as: UTF8.self).lowercased()) }
        }
        return found
    }

    // MARK: Values

    private static func small(_ value: DER.Value) -> Int? {
        guard value.content.count <= 4, value.content.first.map({ $0 & 0x80 == 0 }) == true else { return nil }
        return value.content.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The bits of the modulus.
    private static func rsaBits(_ key: ArraySlice<UInt8>) -> Int? {
        var parts = DER(key)
        guard let algorithm = parts.next(DER.sequence), let bits = parts.next(0x03) else { return nil }
        var algorithmParts = DER(algorithm.content)
        guard algorithmParts.next(0x06).flatMap({ DER.identifier($0.content) }) == "1.2.840.113549.1.1.1" else { return nil }
        var outer = DER(bits.content.dropFirst())
        guard let sequence = outer.next(DER.sequence) else { return nil }
        var numbers = DER(sequence.content)
        guard let modulus = numbers.next(0x02)?.content.drop(while: { $0 == 0 }), let first = modulus.first else { return nil }
        return modulus.count * 8 - first.leadingZeroBitCount
    }

    /// The last common name, else the last organization. It is bounded and printable.
    private static func name(_ content: ArraySlice<UInt8>) -> String {
        var sets = DER(content)
        var (common, organization) = ("", "")
        while let set = sets.next(DER.set) {
            var pairs = DER(set.content)
            while let pair = pairs.next(DER.sequence) {
                var parts = DER(pair.content)
                let id = parts.next(0x06).flatMap { DER.identifier($0.content) }
                guard let text = parts.next()?.content else { continue }
                if id == "2.5.4.3" { common = shown(text) }
                if id == "2.5.4.10" { organization = shown(text) }
            }
        }
        return common.isEmpty ? organization : common
    }

    static func shown(_ text: ArraySlice<UInt8>) -> String {
        Shown.plain(String(decoding: text.prefix(256), as: UTF8.self), limit: 100)
    }

    /// The moment of a UTCTime or GeneralizedTime, in Zulu as RFC 5280 requires.
    private static func time(_ value: DER.Value) -> Int64? {
        var digits: [Int64] = []
        for byte in value.content {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
                guard byte == UInt8(ascii: "Z") else { return nil }
                break
            }
            digits.append(Int64(byte - UInt8(ascii: "0")))
        }
        let hasCentury = value.tag == 0x18
        guard value.tag == 0x17 || hasCentury, digits.count == (hasCentury ? 14 : 12) else { return nil }
        func two(_ place: Int) -> Int64 { digits[place] * 10 + digits[place + 1] }
        let start = hasCentury ? 4 : 2
        let year = hasCentury ? two(0) * 100 + two(2) : two(0) + (two(0) < 50 ? 2000 : 1900)
        let (month, day) = (two(start), two(start + 2))
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        return CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400 + two(start + 4) * 3_600 + two(start + 6) * 60
            + two(start + 8)
    }
}
