/// Makes identifiers and secrets. Every secret contains the marker, if there is one, so that a test can search outputs for it.
struct SecretMaker: Sendable {
    private static let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")

    private let marker: String

    init(marker: String?) throws(SimulatorError) {
        let marker = marker ?? ""
        guard marker.utf8.allSatisfy({ Self.isLetterOrDigit($0) }) else {
            throw SimulatorError("the secrets' prefix may hold letters and digits only")
        }
        self.marker = marker
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// Random letters and digits.
    func random(_ length: Int) -> String {
        String((0..<length).map { _ in Self.letters.randomElement() ?? "x" })
    }

    /// A secret: a kind's prefix, the marker, and random letters.
    func secret(_ prefix: String, _ length: Int = 24) -> String { prefix + marker + random(length) }
}

/// The part of a secret that may be shown: its kind and its last four letters.
func masked(_ secret: String) -> String {
    let kind = secret.hasPrefix("pst_") ? "pst_" : ""
    return "\(kind)…\(secret.suffix(4))"
}
