/// Text from outside, made fit to be shown: bounded, without what cannot be seen or turns the direction of what follows, and without what looks like
/// a secret or a card's number.
package enum Shown {
    /// How much of a stranger's text is shown, in characters.
    package static let limit = 300
    /// Longer than this is not even looked at.
    private static let lookLimit = 16 * 1024

    /// On one line: blanks, and what cannot be seen, become one blank, and none at the ends.
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

    /// Place by place: what cannot be seen becomes a blank, or what is wanted in its place, and blanks stay. For what stands in columns, or is compared
    /// by eye.
    package static func plain(_ text: String, limit: Int = limit, instead: Unicode.Scalar = " ") -> String {
        let scalars = withoutSecrets(text, []).unicodeScalars.map { $0 == " " || isSeen($0) ? $0 : instead }
        return bounded(String(String.UnicodeScalarView(scalars)), limit)
    }

    /// A name as it was given, when it is fit to be shown; else as ``line(_:limit:hiding:)`` shows it. For what is compared as well as shown.
    package static func name(_ text: String) -> String {
        let isFit = text.unicodeScalars.count <= limit && text.unicodeScalars.allSatisfy { $0 == " " || isSeen($0) }
        return isFit && !SecretShapes.hasKey(text) ? text : line(text)
    }

    /// The text of an answer's body. HTML is reduced to its words.
    package static func body(_ bytes: some Collection<UInt8>, hiding secrets: [String] = []) -> String {
        let text = String(decoding: bytes.prefix(lookLimit), as: UTF8.self)
        return line(Page.isOne(text) ? Page.words(text) : text, hiding: secrets)
    }

    /// Neither a blank nor what nobody sees. A format character is not seen: it turns the direction of what follows, or hides in a word.
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

/// A page of HTML in place of an answer, as a proxy on the way sends it.
private enum Page {
    static func isOne(_ text: String) -> Bool {
        let start = text.drop(while: \.isWhitespace).prefix(15).lowercased()
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<head") || start.hasPrefix("<body")
    }

    /// The words outside of tags. Enough for an error page; it makes no claim to read HTML.
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
