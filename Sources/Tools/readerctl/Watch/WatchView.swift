import CheckoutAPI

/// The shop as lines for a terminal of a given size: never more lines than it has, none wider.
struct WatchView {
    struct Size: Equatable, Sendable {
        var columns: Int
        var rows: Int
    }

    let shop: WatchedShop
    let size: Size
    let now: Timestamp
    let output: Output

    /// A line, and how it is to look.
    private struct Line {
        var text: String
        var style = Style.plain
    }

    private enum Style { case plain, title, good, bad, doubtful, quiet }

    /// A heading, what stands below it, and how to say that something is left out.
    private struct Section {
        var lines: [Line]
        /// The lines that it needs at least; a heading counts as one.
        var least: Int
    }

    private static let footer = "q quits"

    var lines: [String] {
        guard size.rows > 0, size.columns > 0 else { return [] }
        let head = heading
        let room = size.rows - head.count - 1
        let lines = head + body(max(0, room))
        // A terminal that is lower than the heading shows as much of it as there is room for.
        let shown = Array(lines.prefix(max(1, size.rows - 1)))
        let filled = shown + Array(repeating: Line(text: ""), count: max(0, size.rows - 1 - shown.count))
        return (size.rows > 1 ? filled + [Line(text: Self.footer, style: .quiet)] : filled).map(drawn)
    }

    private func drawn(_ line: Line) -> String {
        let text = fitted(line.text, to: size.columns)
        return switch line.style {
        case .plain: text
        case .title: output.bold(text)
        case .good: output.good(text)
        case .bad: output.bad(text)
        case .doubtful: output.doubtful(text)
        case .quiet: output.quiet(text)
        }
    }

    // MARK: Heading

    private var heading: [Line] {
        let mode = shop.info.mode == .test ? "  TEST MODE" : ""
        let location = size.columns >= 60 ? shop.info.location.map { "  location \(shown($0, limit: 40))" } ?? "" : ""
        let left = fitted("readerd \(shown(shop.info.version, limit: 20))\(mode)\(location)", to: max(0, size.columns - 10))
        let clock = Times.time(now)
        let gap = String(repeating: " ", count: max(1, size.columns - left.columns - clock.columns))
        var lines = [Line(text: left + gap + clock, style: .title)]
        if let outage = shop.outage {
            lines += wrappedLines(
                "The agent does not answer since \(Times.time(outage.since)): \(shown(outage.reason)) Trying again; below is how it was then.",
                .bad)
        } else if shop.status.canTakePayments {
            lines.append(Line(text: "Payments can be taken.", style: .good))
        } else {
            lines.append(Line(text: "No payment can be taken now.", style: .bad))
        }
        for reason in shop.status.reasons.prefix(3) {
            lines += wrappedLines("- " + ReaderWords.reason(reason), shop.status.canTakePayments ? .doubtful : .plain)
        }
        return lines
    }

    private func wrappedLines(_ text: String, _ style: Style, indent: String = "") -> [Line] {
        wrapped(text, width: size.columns, indent: indent).split(separator: "\n").map { Line(text: String($0), style: style) }
    }

    // MARK: Body

    /// Each section gets what it needs at least, then they share what is left, payments first.
    private func body(_ room: Int) -> [Line] {
        let sections = [readers, lanes, payments, news]
        var given = sections.map { min($0.lines.count, $0.least) }
        let blanks = sections.count { !$0.lines.isEmpty }
        // Even that is too much: all but the payments give, down to a heading and a line.
        for index in [3, 1, 0, 2] where index < given.count {
            while given[index] > 2, given.reduce(0, +) + blanks > room { given[index] -= 1 }
        }
        var left = room - blanks - given.reduce(0, +)
        while left > 0 {
            let short = sections.indices.filter { given[$0] < sections[$0].lines.count }
            guard !short.isEmpty else { break }
            for index in short where left > 0 {
                given[index] += 1
                left -= 1
            }
        }
        return Array(
            zip(sections, given).flatMap { section, count in
                section.lines.isEmpty ? [] : [Line(text: "")] + cut(section.lines, to: count)
            }.prefix(room))
    }

    private func cut(_ lines: [Line], to count: Int) -> [Line] {
        guard lines.count > count, count > 2 else { return Array(lines.prefix(count)) }
        return lines.prefix(count - 1) + [Line(text: "… and \(lines.count - count + 1) more lines", style: .quiet)]
    }

    private var readers: Section {
        guard !shop.status.readers.isEmpty else { return Section(lines: [Line(text: "No readers are known.", style: .doubtful)], least: 1) }
        var table = Table(
            [
                .init(title: "READER", gives: true), .init(title: "STATE"), .init(title: "LANE", gives: true, leaves: 1),
                .init(title: "ADDRESS", leaves: 3), .init(title: "SEEN", alignsRight: true, leaves: 2),
            ], width: size.columns)
        for reader in shop.status.readers {
            table.add([
                ReaderWords.name(reader), ReaderWords.state(reader.state), reader.lane ?? "-",
                ReaderWords.place(reader),
                reader.lastSeenAt.map(ago) ?? "-",
            ])
        }
        let text = table.lines
        var lines = [Line(text: text[0], style: .title)]
        for (reader, row) in zip(shop.status.readers, text.dropFirst()) { lines.append(Line(text: row, style: style(reader))) }
        // Below all of them: where there is little room, how each stands comes before why.
        for reader in shop.status.readers {
            guard let reason = reader.reason else { continue }
            lines += wrappedLines("\(shown(ReaderWords.name(reader), limit: 60)): \(ReaderWords.reason(reason))", .plain, indent: "  ")
        }
        return Section(lines: lines, least: 4)
    }

    private func ago(_ time: Timestamp) -> String {
        now.milliseconds - time.milliseconds < 2000 ? "now" : "\(Times.duration(from: time, to: now)) ago"
    }

    private func style(_ reader: Reader) -> Style {
        switch reader.state {
        case .ready: .good
        case .busy, .idle: .plain
        case .connecting, .unknown: .doubtful
        default: .bad
        }
    }

    private var lanes: Section {
        guard !shop.status.lanes.isEmpty else { return Section(lines: [], least: 0) }
        var table = Table(
            [
                .init(title: "LANE", gives: true), .init(title: "READER", gives: true, leaves: 2), .init(title: "STATE", leaves: 1),
                .init(title: "PAYMENT", gives: true), .init(title: "WAITING", alignsRight: true),
            ], width: size.columns)
        for lane in shop.status.lanes {
            let reader = shop.status.readers.first { $0.reader == lane.reader && lane.reader != nil }
            table.add([
                lane.lane, reader.map(ReaderWords.name) ?? lane.reader ?? "-", lane.readerState.map(ReaderWords.state) ?? "-",
                lane.payment ?? "-", lane.waiting > 0 ? String(lane.waiting) : "-",
            ])
        }
        return titled(table, least: 3) { _ in .plain }
    }

    private var payments: Section {
        guard !shop.payments.isEmpty else { return Section(lines: [Line(text: "No payments yet.", style: .quiet)], least: 1) }
        var table = Table(
            [
                .init(title: "BEGAN", leaves: 2), .init(title: "PAYMENT", gives: true), .init(title: "CART", gives: true, leaves: 3),
                .init(title: "AMOUNT", alignsRight: true), .init(title: "STATE"), .init(title: "TIME", alignsRight: true, leaves: 1),
                .init(title: "MONEY", leaves: 4),
            ], width: size.columns)
        for payment in shop.payments {
            table.add([
                Times.time(payment.createdAt), payment.id, payment.cart, PaymentWords(payment).sum, PaymentWords.short(payment.state),
                Times.duration(from: payment.createdAt, to: payment.endedAt ?? max(now, payment.createdAt)),
                PaymentWords.short(payment.money),
            ])
        }
        return titled(table, least: 4) { style(shop.payments[$0]) }
    }

    private func style(_ payment: Payment) -> Style {
        switch (payment.state, payment.money) {
        case (.unresolved, _), (_, .authorized): .doubtful
        case (.succeeded, _): .good
        case (.failed, _): .bad
        default: payment.state.isEnd ? .plain : .title
        }
    }

    private var news: Section {
        guard !shop.news.isEmpty else { return Section(lines: [], least: 0) }
        let lines = shop.news.reversed().flatMap { news in
            wrappedLines("\(Times.time(news.at))  \(news.text)", .plain)
        }
        return Section(lines: [Line(text: "NEWS", style: .title)] + lines, least: 3)
    }

    private func titled(_ table: Table, least: Int, _ style: (Int) -> Style) -> Section {
        let text = table.lines
        return Section(
            lines: [Line(text: text[0], style: .title)] + text.dropFirst().enumerated().map { Line(text: $1, style: style($0)) },
            least: least)
    }
}
