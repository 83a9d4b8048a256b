/// Text from outside, made fit to be shown: bounded, on one line, without controls, and without anything that looks like a secret.
enum SafeText {
    /// Longer than this is not even looked at.
    private static let lookLimit = 4096

    /// - Parameter hiding: values that must not appear, whatever they look like.
    static func clean(_ text: String, limit: Int = 300, hiding secrets: [String] = []) -> String {
        var text = String(text.unicodeScalars.prefix(lookLimit))
        for secret in secrets where secret.utf8.count >= 4 {
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        }
        var result = ""
        var word = ""
        var gap = false
        func flush() {
            guard !word.isEmpty else { return }
            result += looksSecret(word) ? "***" : word
            word = ""
        }
        for scalar in text.unicodeScalars {
            if isWordPart(scalar) {
                if gap, !result.isEmpty { result += " " }
                gap = false
                word.unicodeScalars.append(scalar)
                continue
            }
            flush()
            if scalar == " " || isUnprintable(scalar) {
                gap = true
            } else {
                if gap, !result.isEmpty { result += " " }
                gap = false
                result.unicodeScalars.append(scalar)
            }
        }
        flush()
        guard result.unicodeScalars.count > limit else { return result }
        return String(String.UnicodeScalarView(result.unicodeScalars.prefix(max(0, limit - 1)))) + "…"
    }

    /// Connection tokens, client secrets, secret and restricted keys of Stripe, and bearer tokens in three parts.
    private static func looksSecret(_ word: String) -> Bool {
        word.contains("pst_") || word.contains("_secret_") || word.contains("sk_live") || word.contains("sk_test")
            || word.contains("rk_live")
            || word.contains("rk_test") || word.hasPrefix("eyJ")
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }

    private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator: true
        default: false
        }
    }
}
