/// Words for a terminal that shows ASCII alone.
enum PlainText {
    /// Whether the locale says so. One that says nothing is C, by POSIX.
    static func isWanted(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
        let name = locale.uppercased()
        return !(name.contains("UTF-8") || name.contains("UTF8"))
    }

    /// Typographic marks as ASCII has them. Letters of names stay as they are: there is no other way to write them.
    static func of(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var plain = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{201C}", "\u{201D}", "\u{201E}": plain += "\""
            case "\u{2018}", "\u{2019}": plain += "'"
            case "\u{2026}": plain += "..."
            case "\u{2013}", "\u{2014}", "\u{2212}": plain += "-"
            case "\u{2192}": plain += "->"
            case "\u{00A0}": plain += " "
            default: plain.unicodeScalars.append(scalar)
            }
        }
        return plain
    }
}
