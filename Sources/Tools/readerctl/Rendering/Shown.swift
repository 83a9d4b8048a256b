/// Text from outside, fit for a terminal: no control characters (they could move the cursor or hide a line), and bounded.
func shown(_ text: String, limit: Int = 300) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < limit else {
            result.append("…")
            break
        }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .format: result.append(" ")
        default: result.append(scalar)
        }
        count += 1
    }
    return String(result)
}

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
