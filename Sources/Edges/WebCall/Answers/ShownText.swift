import GatewayModel

/// Text from outside, made fit to be shown: bounded, one line, without control characters and without what looks like a secret.
package enum ShownText {
    /// How much of a stranger's text is shown, in characters.
    package static let limit = 300

    /// The text of a body. HTML is reduced to its words.
    package static func of(_ bytes: some Collection<UInt8>, hiding secrets: [Secret] = []) -> String {
        of(String(decoding: bytes.prefix(16 * 1024), as: UTF8.self), hiding: secrets)
    }

    package static func of(_ text: String, hiding secrets: [Secret] = []) -> String {
        var text = text
        for secret in secrets {
            let value = secret.reveal()
            // A short one would be found by chance, and is no secret.
            if value.utf8.count >= 6 { text = text.replacing(value, with: "<redacted>") }
        }
        if looksLikeHTML(text) { text = wordsOfHTML(text) }
        return bounded(hidingTokens(oneLine(text)))
    }

    /// A name as it was given, when it is fit to be shown; else as ``of(_:hiding:)`` shows it. For what is compared as well as shown.
    package static func name(_ text: String) -> String {
        let isFit = text.unicodeScalars.count <= limit && text.unicodeScalars.allSatisfy { $0 == " " || isShown($0) }
        return isFit ? text : of(text)
    }

    /// Formatting characters are not: they turn the direction of what follows.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: false
        default: !scalar.properties.isWhitespace
        }
    }

    private static func oneLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        var gap = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                gap = !line.isEmpty
                continue
            }
            guard isShown(scalar) else { continue }
            if gap { line.append(" ") }
            gap = false
            line.append(scalar)
        }
        return String(line)
    }

    private static func bounded(_ text: String) -> String {
        // A character can be made of any number of scalars, so both are bounded.
        guard text.count > limit || text.unicodeScalars.count > 2 * limit else { return text }
        var short = String.UnicodeScalarView()
        for scalar in text.prefix(limit - 1).unicodeScalars.prefix(2 * limit) { short.append(scalar) }
        return String(short) + "…"
    }

    private static func looksLikeHTML(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace).prefix(15).lowercased()
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<head") || start.hasPrefix("<body")
    }

    /// The words outside of tags. Enough for an error page; it makes no claim to read HTML.
    private static func wordsOfHTML(_ text: String) -> String {
        var words = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "<") {
            words += rest[..<open]
            words += " "
            let tag = rest[rest.index(after: open)...]
            let name = tag.prefix(6).lowercased()
            let end = name.hasPrefix("style") ? "</style>" : name.hasPrefix("script") ? "</script>" : ">"
            guard let close = tag.firstRange(of: end) else { return words }
            rest = tag[close.upperBound...]
        }
        return words + rest
    }

    /// Hides what has the shape of a token of Stripe's, whoever it belongs to.
    private static func hidingTokens(_ text: String) -> String {
        var shown = text
        for mark in ["pst_", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "_secret_"] {
            var result = ""
            var rest = shown[...]
            while let start = rest.firstRange(of: mark) {
                let tail = rest[start.upperBound...].prefix { $0.isLetter || $0.isNumber || "_-*".contains($0) }
                // `client_secret_key` is a name and stays: a token has a digit, a capital or a star in it.
                let isToken = tail.contains { $0.isNumber || $0.isUppercase || $0 == "*" }
                result += rest[..<start.lowerBound]
                result += isToken ? "<redacted>" : rest[start.lowerBound..<tail.endIndex]
                rest = rest[tail.endIndex...]
            }
            shown = result + rest
        }
        return shown
    }
}
