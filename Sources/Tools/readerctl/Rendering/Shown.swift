import TextSafety

/// Text from outside, fit for a terminal: nothing that could move the cursor or hide a line, and bounded.
func shown(_ text: String, limit: Int = Shown.limit) -> String { Shown.plain(text, limit: limit) }

/// Breaks text into lines of at most `width` characters, between words where possible.
func wrapped(_ text: String, width: Int = TextWidth.prose, indent: String = "") -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
        if line.isEmpty {
            line = indent + word
        } else if line.count + 1 + word.count <= width {
            line += " " + word
        } else {
            lines.append(line)
            line = indent + word
        }
    }
    if !line.isEmpty { lines.append(line) }
    return lines.joined(separator: "\n")
}
