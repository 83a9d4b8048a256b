internal import CheckoutAPI

/// A payment's chart as SVG: as wide as it is given room, its letters always of the size of the page's.
///
/// Positions from left to right are percentages and those from top to bottom are pixels, so one drawing serves a phone and a wide screen.
struct PaymentDrawing {
    let chart: PaymentChart
    /// The number of this drawing among those of the page.
    let number: Int
    let title: String

    private static let axis = 26
    private static let heading = 30
    private static let row = 34

    var markup: Markup {
        let height = Self.axis + chart.parties.reduce(0) { $0 + Self.heading + $1.rows.count * Self.row } + 6
        var content = Markup.element("title", [("id", "drawing-\(number)-title")], text: title)
        content += .element("desc", [("id", "drawing-\(number)-text")], Markup(description, limit: 20_000))
        content += pattern
        content += breaks(height)
        content += marks(height)
        var y = Self.axis
        for party in chart.parties {
            content += text(party.name, x: "0", y: y + 20, [("class", "party")])
            y += Self.heading
            for row in party.rows {
                content += self.row(row, party, y)
                y += Self.row
            }
        }
        return .element(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("width", "100%"), ("height", "\(height)"), ("role", "img"),
                ("aria-labelledby", "drawing-\(number)-title drawing-\(number)-text"), ("class", "timeline"),
            ], content)
    }

    /// The drawing in sentences, for who cannot see it.
    var description: String {
        var sentences = ["From the till's request to the outcome: \(Lasting.words(chart.end))."]
        for party in chart.parties.dropFirst() {
            let rows = party.rows.map { row in
                let first = row.spans.first?.start ?? 0
                let times = row.spans.count > 1 ? ", \(row.spans.count) times" : ""
                let name = row.name + (row.fault.map { " (\($0))" } ?? "")
                return row.isMoment
                    ? "\(name) after \(Lasting.words(first))"
                    : "\(name)\(times): after \(Lasting.words(first)), for \(Lasting.words(row.total))"
            }
            sentences.append("\(party.name): \(rows.joined(separator: "; ")).")
        }
        return sentences.joined(separator: " ")
    }

    private func row(_ row: PaymentChart.Row, _ party: PaymentChart.Party, _ y: Int) -> Markup {
        let times = row.spans.count > 1 ? " ×\(row.spans.count)" : ""
        let name = row.name + times + (row.fault.map { ": \($0)" } ?? "")
        var content = text(name, x: "0", y: y + 12, [("class", row.fault == nil ? "name" : "name fault")])
        let lasted = row.isMoment ? "after \(Lasting.words(row.spans.first?.start ?? 0))" : Lasting.words(row.total)
        content += text(lasted, x: "100%", y: y + 12, [("class", "lasted"), ("text-anchor", "end")])
        content += .element("rect", [("class", "rail"), ("x", "0"), ("y", "\(y + 18)"), ("width", "100%"), ("height", "8"), ("rx", "2")])
        for span in row.spans {
            let left = chart.scale.percent(span.start)
            let width = max(0, chart.scale.percent(span.end) - left)
            let tip = "\(name): from \(Lasting.words(span.start)) to \(Lasting.words(span.end))"
            // What took no time is still to be seen: two pixels, moved in from the right edge.
            let group: [(String, String)] = [("class", row.fault == nil ? "bar \(party.style)" : "bar fault")]
            content += .element(
                "g", group,
                .element("title", text: tip)
                    + .element(
                        "rect",
                        [
                            ("x", percent(min(left, 99.4))), ("y", "\(y + 18)"), ("width", percent(max(width, 0.6))), ("height", "8"),
                            ("rx", "2"),
                        ]))
        }
        return content
    }

    private func marks(_ height: Int) -> Markup {
        .joined(
            chart.scale.marks().map { moment in
                let x = chart.scale.percent(moment)
                let anchor = x < 5 ? "start" : x > 88 ? "end" : "middle"
                return .element("line", [("class", "mark"), ("x1", percent(x)), ("x2", percent(x)), ("y1", "18"), ("y2", "\(height)")])
                    + text(Lasting.words(moment), x: percent(x), y: 12, [("class", "axis"), ("text-anchor", anchor)])
            })
    }

    /// The marks where nothing was done for long.
    private func breaks(_ height: Int) -> Markup {
        .joined(
            chart.scale.breaks.map { pause in
                let left = chart.scale.percent(pause.start)
                return .element(
                    "g", [("class", "break")],
                    .element("title", text: "Drawn shorter: \(Lasting.words(pause.end - pause.start)) in which nothing was asked")
                        + .element(
                            "rect",
                            [
                                ("x", percent(left)), ("y", "18"), ("width", percent(chart.scale.percent(pause.end) - left)),
                                ("height", "\(max(0, height - 18))"), ("fill", "url(#hatch-\(number))"),
                            ]))
            })
    }

    private var pattern: Markup {
        guard !chart.scale.breaks.isEmpty else { return Markup() }
        return .element(
            "pattern",
            [
                ("id", "hatch-\(number)"), ("width", "7"), ("height", "7"), ("patternUnits", "userSpaceOnUse"),
                ("patternTransform", "rotate(45)"),
            ], .element("line", [("class", "hatch"), ("x1", "0"), ("y1", "0"), ("x2", "0"), ("y2", "7")]))
    }

    private func text(_ text: String, x: String, y: Int, _ more: [(String, String)]) -> Markup {
        .element("text", [("x", x), ("y", "\(y)")] + more, Markup(text, limit: 80))
    }

    private func percent(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        return "\(thousandths / 1000).\(thousandths % 1000 < 100 ? (thousandths % 1000 < 10 ? "00" : "0") : "")\(thousandths % 1000)%"
    }
}
