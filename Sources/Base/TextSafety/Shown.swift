/// Text from outside, made fit to be shown. It is bounded, and free of what cannot be seen, of what turns the direction of the text behind
/// it, and of what looks like a secret or a card's number.
package enum Shown {
    /// The characters of a foreign text that are shown.
    package static let limit = 300
    /// A longer text is cut to this length before it is examined.
    private static let lookLimit = 16 * 1024

    /// The text on one line: runs of blanks, and of what cannot be seen, become one blank, and the ends have none.
    ///
    /// - Parameter secrets: values that must not appear, whatever they look like.
    package static func line(_ text: String, limit: Int = limit, hiding secrets: [String] = []) -> String {
        var line = String.UnicodeScalarView()
        var gap = false
        for scalar in withoutSecrets(text, secrets).unicodeScalars {
            guard isSeen(scalar) else {
                gap = true
                continue
            }
            if gap, !line.isEmpty { line.append(" ") }
            gap = false
            line.append(scalar)
        }
        return bounded(String(line), limit)
    }

    /// The text character by character: what cannot be seen becomes `instead`, and blanks stay. It serves columns, and texts that people
    /// compare by eye.
    package static func plain(_ text: String, limit: Int = limit, instead: Unicode.Scalar = " ") -> String {
        let scalars = withoutSecrets(text, []).unicodeScalars.map { $0 == " " || isSeen($0) ? $0 : instead }
        return bounded(String(String.UnicodeScalarView(scalars)), limit)
    }

    /// The name as it was given when it is fit to be shown, else as ``line(_:limit:hiding:)`` shows it. It serves names that are compared
    /// as well as shown.
    package static func name(_ text: String) -> String {
        let isFit = text.unicodeScalars.count <= limit && text.unicodeScalars.allSatisfy { $0 == " " || isSeen($0) }
        return isFit && !SecretShapes.hasKey(text) ? text : line(text)
    }

    /// The text of an answer's body. HTML is reduced to its words.
    package static func body(_ bytes: some Collection<UInt8>, hiding secrets: [String] = []) -> String {
        let text = String(decoding: bytes.prefix(lookLimit), as: UTF8.self)
        return line(Page.isOne(text) ? Page.words(text) : text, hiding: secrets)
    }

    /// Whether a scalar is neither a blank nor invisible. A format character is invisible: it turns the direction of what follows, or hides
    /// in a word.
    package static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: !scalar.properties.isWhitespace
        }
    }

    private static func withoutSecrets(_ text: String, _ secrets: [String]) -> String {
        let looked = String(text.unicodeScalars.prefix(lookLimit))
        return SecretShapes.hidden(KnownSecrets.replaced(secrets.map { ($0, SecretShapes.mark) }, in: looked)).text
    }

    private static func bounded(_ text: String, _ limit: Int) -> String {
        // A character can be made of any number of scalars, so both are bounded.
        guard text.count > limit || text.unicodeScalars.count > 2 * limit else { return text }
        var short = String.UnicodeScalarView()
        for scalar in text.prefix(max(0, limit - 1)).unicodeScalars.prefix(2 * limit) { short.append(scalar) }
        return String(short) + "…"
    }
}

/// A page of HTML in place of an answer, as a proxy in between sends it.
private enum Page {
    static func isOne(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace).prefix(15).lowercased()
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<head") || start.hasPrefix("<body")
    }

    /// The words outside of tags. That is enough for an error page. It makes no claim to read HTML.
    static func words(_ text: String) -> String {
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
}
