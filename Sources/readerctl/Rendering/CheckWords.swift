import CheckoutAPI

/// Checks in words: what is wrong first and in full, what is well in a line each.
struct CheckWords {
    private let output: Output

    init(_ output: Output) { self.output = output }

    func lines(_ checks: [Check], _ summary: CheckSummary) -> [String] {
        let checks = checks.inReadingOrder
        var lines: [String] = []
        for status in [Check.Status.fail, .warn] {
            for check in checks where check.status == status { lines += wrong(check) + [""] }
        }
        for check in checks where check.status == .pass { lines.append(mark(check) + " " + shown(check.title)) }
        for check in checks where check.status != .pass && check.status != .fail && check.status != .warn {
            lines += [mark(check) + " Not known: " + shown(check.title)] + text(check.detail, Self.indent)
        }
        return lines + ["", closing(summary)]
    }

    private static let indent = "       "

    /// The finding first: it is what one came for. What should be so is said below, then what to do and how to look again.
    private func wrong(_ check: Check) -> [String] {
        let subject = check.subject.map { check.detail.contains($0) ? "" : "\($0): " } ?? ""
        var lines = text(subject + check.detail, Self.indent)
        if let first = lines.first { lines[0] = mark(check) + " " + first.dropFirst(Self.indent.count) }
        lines += text("It should be so: \(check.title)", Self.indent)
        if let remedy = check.remedy { lines += text("What to do: \(remedy)", Self.indent) }
        return lines + [Self.indent + "Look again: readerctl check \(shown(check.id, limit: 40))"]
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
