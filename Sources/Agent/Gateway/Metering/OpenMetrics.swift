import TextSafety

/// Writes OpenMetrics 1.0 text: a family after another, each with its type, its unit where it has one, and its samples.
struct OpenMetrics {
    private var text = ""

    enum Kind: String { case gauge, counter, histogram, info }

    mutating func family(_ name: String, _ kind: Kind, unit: String? = nil, _ help: String) {
        text += "# TYPE \(name) \(kind.rawValue)\n"
        if let unit { text += "# UNIT \(name) \(unit)\n" }
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
    }

    mutating func sample(_ name: String, _ value: Int) { sample(name, [], text: String(value)) }
    mutating func sample(_ name: String, _ value: Double) { sample(name, [], text: Self.number(value)) }
    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Int) { sample(name, labels, text: String(value)) }
    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) { sample(name, labels, text: Self.number(value)) }

    mutating func histogram(_ name: String, _ labels: [(String, String)] = [], _ histogram: Histogram) {
        var total = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            total += count
            sample(name + "_bucket", labels + [("le", Self.number(bound))], total)
        }
        sample(name + "_bucket", labels + [("le", "+Inf")], histogram.count)
        sample(name + "_count", labels, histogram.count)
        sample(name + "_sum", labels, histogram.sum)
    }

    func finished() -> String { text + "# EOF\n" }

    private mutating func sample(_ name: String, _ labels: [(String, String)], text value: String) {
        let list = labels.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }.joined(separator: ",")
        text += name + (list.isEmpty ? "" : "{\(list)}") + " \(value)\n"
    }

    /// A canonical number: `1.0`, not `1`; to the microsecond.
    private static func number(_ value: Double) -> String { "\((value * 1_000_000).rounded() / 1_000_000)" }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for character in SecretShapes.hidden(text).text.unicodeScalars {
            switch character {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            default: out.unicodeScalars.append(Shown.isSeen(character) ? character : " ")
            }
        }
        return out
    }
}
