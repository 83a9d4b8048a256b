import CheckoutAPI

/// Checks in words: what is wrong first and in full, what is well in a line each.
struct CheckWords {
    private let output: Output

    init(_ output: Output) { self.output = output }

    func lines(_ checks: [Check], _ summary: CheckSummary) -> [String] {
        var lines: [String] = []
        for status in [Check.Status.fail, .warn] {
            for check in checks where check.status == status {
                lines += [mark(check) + " " + heading(check)] + text(check.detail, "       ")
                if let remedy = check.remedy { lines += text("What to do: \(remedy)", "       ") }
                lines.append("")
            }
        }
        for check in checks where check.status == .pass { lines.append(mark(check) + " " + shown(check.title)) }
        for check in checks where check.status != .pass && check.status != .fail && check.status != .warn {
            lines += [mark(check) + " " + heading(check)] + text(check.detail, "       ")
        }
        return lines + ["", closing(summary)]
    }

    private func heading(_ check: Check) -> String {
        (check.status == .fail || check.status == .warn ? "Not so: " : "Not known: ") + shown(check.title)
    }

    private func text(_ text: String, _ indent: String) -> [String] {
        wrapped(shown(text, limit: 800), width: 80, indent: indent).split(separator: "\n").map(String.init)
    }

    private func mark(_ check: Check) -> String {
        switch check.status {
        case .pass: output.good("ok    ")
        case .warn: output.doubtful("look  ")
        case .fail: output.bad("FAIL  ")
        default: "?     "
        }
    }

    private func closing(_ summary: CheckSummary) -> String {
        let counts = [
            summary.fail > 0 ? "\(summary.fail) failed" : nil, summary.warn > 0 ? "\(summary.warn) to look at" : nil,
            "\(summary.pass) well",
            summary.skipped > 0 ? "\(summary.skipped) could not be looked at" : nil,
        ].compactMap { $0 }.joined(separator: ", ")
        let words = "\(counts)."
        return summary.fail > 0 ? output.bad(words) : summary.warn > 0 ? output.doubtful(words) : output.good(words)
    }
}
