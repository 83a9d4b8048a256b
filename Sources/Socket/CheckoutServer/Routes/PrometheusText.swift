/// The metrics in the text format that was there before OpenMetrics: what node_exporter's textfile collector and `promtool check metrics` read.
enum PrometheusText {
    static let type = "text/plain; version=0.0.4; charset=utf-8"

    /// - Parameter metrics: OpenMetrics text of ours: each family is headed by its TYPE.
    static func of(_ metrics: String) -> String {
        var out = ""
        var family = ""
        // What the samples of the family are called.
        var name = ""
        for line in metrics.split(separator: "\n") where line != "# EOF" && !line.hasPrefix("# UNIT ") {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# TYPE "), words.count == 4 {
                family = String(words[2])
                let (suffix, kind) =
                    switch words[3] {
                    case "counter": ("_total", "counter")
                    // The older format knows no info.
                    case "info": ("_info", "gauge")
                    default: ("", String(words[3]))
                    }
                name = own(family) + suffix
                out += "# TYPE \(name) \(kind)\n"
            } else if line.hasPrefix("# HELP "), words.count == 4 {
                out += "# HELP \(name) \(words[3])\n"
            } else {
                out += own(line) + "\n"
            }
        }
        return out
    }

    /// node_exporter speaks of its own process under the usual names: two of one name, and it refuses the file.
    private static func own(_ name: some StringProtocol) -> String { name.hasPrefix("process_") ? "readerd_\(name)" : String(name) }
}
