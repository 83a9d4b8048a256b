import CheckoutAPI
import DiagnosticsReport

/// Checks in words: what is wrong first and in full, what is well in a line each.
struct CheckWords {
    private let output: Output
    /// Whether what is well is told with what was found.
    private let isDetailed: Bool

    init(_ output: Output, isDetailed: Bool = false) {
        self.output = output
        self.isDetailed = isDetailed
    }

    func lines(_ checks: [Check], _ summary: CheckSummary) -> [String] {
        var lines: [String] = []
        for (check, cause) in checks.wrongFirst { lines += wrong(check, because: cause) + [""] }
        let checks = checks.inReadingOrder
        for check in checks where check.status == .pass {
            lines +=
                isDetailed ? text("\(check.title) \(check.detail)", Self.indent, mark(check)) : [mark(check) + " " + shown(check.title)]
        }
        for check in checks where check.status != .pass && check.status != .fail && check.status != .warn {
            lines += text(unknown(check), Self.indent, mark(check))
        }
        return lines + ["", closing(summary)]
    }

    private static let indent = "       "

    /// The words for what could not be found out: why, and what it is about.
    private func unknown(_ check: Check) -> String {
        let subject = check.subject.map { ", \($0)" } ?? ""
        return "Not checked (\(shown(check.id, limit: 40))\(subject)): \(check.detail)" + (check.remedy.map { " What to do: \($0)" } ?? "")
    }

    /// The finding first: it is what one came for. Then what to do, and how to check again.
    ///
    /// - Parameter cause: what it probably follows from; then what to do is said there.
    private func wrong(_ check: Check, because cause: Check?) -> [String] {
        let subject = check.subject.map { check.detail.contains($0) ? "" : "\($0): " } ?? ""
        var lines = text(subject + check.detail, Self.indent, mark(check))
        if let cause {
            return lines + text("This follows from the check \(shown(cause.id, limit: 40)) above: mend that first.", Self.indent)
        }
        if let remedy = check.remedy { lines += text("What to do: \(remedy)", Self.indent) }
        return lines + [Self.indent + "Check again: sudo readerctl check \(shown(check.id, limit: 40))"]
    }

    private func text(_ text: String, _ indent: String, _ mark: String? = nil) -> [String] {
        var lines = wrapped(shown(text, limit: 800), indent: indent).split(separator: "\n").map(String.init)
        if let mark, let first = lines.first { lines[0] = mark + " " + first.dropFirst(indent.count) }
        return lines
    }

    private func mark(_ check: Check) -> String {
        switch check.status {
        case .pass: output.good("ok    ")
        case .warn: output.doubtful("warn  ")
        case .fail: output.bad("FAIL  ")
        default: "?     "
        }
    }

    private func closing(_ summary: CheckSummary) -> String {
        let counts = [
            summary.fail > 0 ? "\(summary.fail) failed" : nil,
            summary.warn == 0 ? nil : summary.warn == 1 ? "1 warning" : "\(summary.warn) warnings",
            "\(summary.pass) passed", summary.skipped > 0 ? "\(summary.skipped) not checked" : nil,
        ].compactMap { $0 }.joined(separator: ", ")
        let words = "\(counts)."
        return summary.fail > 0 ? output.bad(words) : summary.warn > 0 ? output.doubtful(words) : output.good(words)
    }
}
