internal import CheckoutAPI

/// The report: one HTML file that asks nobody for anything, to be looked at, printed, or sent to whoever helps.
package struct ReportPage: Sendable {
    let facts: ReportFacts

    package init(_ facts: ReportFacts) { self.facts = facts }

    package var html: String {
        var head = Markup.void("meta", [("charset", "utf-8")])
        head += .void("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
        head += .void("meta", [("name", "color-scheme"), ("content", "light dark")])
        // Even if something slipped in, a browser would run and load nothing.
        head += .void(
            "meta",
            [
                ("http-equiv", "Content-Security-Policy"),
                ("content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"),
            ])
        head += .void("meta", [("name", "referrer"), ("content", "no-referrer")])
        head += .element("title", text: "readerd report, \(facts.clock.dateAndTime(facts.madeAt))")
        head += .element("style", [], Markup(trusted: ReportStyle.text))
        let body = Markup.element("main", [], .joined([heading, state, checks, payments, readers, recent, devices, footer]))
        return
            (Markup(trusted: "<!DOCTYPE html>\n")
            + .element("html", [("lang", "en")], .element("head", [], head) + .element("body", [], body)))
            .text + "\n"
    }

    // MARK: State

    private var heading: Markup {
        var words = Markup.element("h1", text: "readerd report")
        var tags = Markup()
        if facts.info.value?.mode == .test { tags += .element("span", [("class", "tag doubt")], text: "Test mode: no real money moves") }
        words += .element(
            "p", [("class", "quiet")], text: "Made on \(facts.clock.dateAndTime(facts.madeAt)) (\(facts.clock.zone)) on \(facts.box)")
        return .element("header", [], words + tags)
    }

    private var state: Markup {
        guard case .had(let status) = facts.status else { return section("State", missing(facts.status, "The agent's state")) }
        let style = status.canTakePayments ? (status.reasons.isEmpty ? "good" : "doubt") : "bad"
        var content = Markup.element(
            "p", [("class", "banner")], text: status.canTakePayments ? "Payments can be taken." : "No payment can be taken now.")
        if !status.reasons.isEmpty {
            content += .element(
                "ul", [],
                .joined(
                    status.reasons.map { reason in
                        .element("li", text: reason.message + (reason.remedy.map { " What to do: \($0)" } ?? ""))
                    }))
        }
        var cards = Markup.element("div", [("class", "card \(style)")], content)
        cards += .element("div", [("class", "card")], fields(agent(status)))
        return section("State", cards)
    }

    private func agent(_ status: Status) -> [(String, String?)] {
        func words(_ part: Status.Part) -> String { part.state.rawValue + (part.detail.map { ": \($0)" } ?? "") }
        let info = facts.info.value
        let unresolved = status.openPayments.count { $0.state == .unresolved }
        return [
            ("Agent", info.map { "\($0.name) \($0.version), API \($0.apiVersion)" }), ("readerctl", facts.version),
            ("Location", info?.location), ("Running since", info.map { facts.clock.dateAndTime($0.startedAt) }),
            ("Backend", words(status.backend)), ("Journal", words(status.journal)),
            ("Open payments", "\(status.openPayments.count)" + (unresolved > 0 ? ", \(unresolved) of them unresolved" : "")),
            (
                "Lanes",
                status.lanes.isEmpty
                    ? nil
                    : status.lanes.map { lane in
                        let reader = status.readers.first { $0.reader == lane.reader && lane.reader != nil }
                        return "\(lane.lane): \(reader?.label ?? lane.reader ?? "no reader")"
                            + (lane.waiting > 0 ? ", \(lane.waiting) waiting" : "")
                    }.joined(separator: "; ")
            ),
        ]
    }

    // MARK: Checks

    private var checks: Markup {
        guard case .had(let checks) = facts.checks else { return section("Checks", missing(facts.checks, "The checks")) }
        var content = Markup()
        for (check, cause) in checks.wrongFirst { content += wrong(check, because: cause) }
        let well = checks.filter { $0.status == .pass }
        let others = checks.filter { $0.status != .pass && $0.status != .fail && $0.status != .warn }
        if checks.count == well.count + others.count {
            content += .element(
                "div", [("class", "card good")], .element("p", [("class", "banner")], text: "No check found anything wrong."))
        }
        content += folded("\(well.count) passed", well)
        content += folded("\(others.count) not checked", others)
        return section("Checks", content)
    }

    /// - Parameter cause: what it probably follows from; then what to do is said there.
    private func wrong(_ check: Check, because cause: Check?) -> Markup {
        let subject = check.subject.map { check.detail.contains($0) ? "" : "\($0): " } ?? ""
        var card = Markup.element("h3", text: (check.status == .fail ? "Failed: " : "Warning: ") + subject + check.detail)
        card += .element("p", [("class", "quiet")], text: "Checked: \(check.title)")
        if let cause {
            card += .element(
                "p", [("class", "todo")], text: "This follows from another check, told above (\(cause.title)): mend that first.")
        } else if let remedy = check.remedy {
            card += .element("p", [("class", "todo")], .element("strong", text: "What to do: ") + Markup(remedy))
        }
        return .element("div", [("class", "card \(check.status == .fail ? "bad" : "doubt")")], card)
    }

    private func folded(_ summary: String, _ checks: [Check]) -> Markup {
        guard !checks.isEmpty else { return Markup() }
        let rows = checks.map { check in
            Markup.element("tr", [], .element("td", text: check.title) + .element("td", text: check.detail))
        }
        return .element("details", [], .element("summary", text: summary) + table(["Check", "Found"], rows))
    }

    // MARK: Readers and devices

    private var readers: Markup {
        guard case .had(let status) = facts.status else { return Markup() }
        guard !status.readers.isEmpty else { return section("Readers", .element("p", text: "No reader is known.")) }
        let cards = status.readers.map { reader in
            let isUsable = reader.state == .ready || reader.state == .idle || reader.state == .busy
            var card = Markup.element("h3", text: reader.label ?? reader.serial ?? reader.reader ?? "(no name)")
            card += .element(
                "p", [("class", isUsable ? "good" : reader.state == .connecting || reader.state == .unknown ? "doubt" : "bad")],
                .element("strong", text: reader.state.rawValue.split(separator: "_").joined(separator: " ")))
            if let reason = reader.reason {
                card += .element("p", text: reason.message)
                if let remedy = reason.remedy { card += .element("p", text: "What to do: \(remedy)") }
            }
            card += fields([
                ("Reader", reader.reader), ("Serial", reader.serial), ("Model", reader.model), ("Software", reader.software),
                ("Lane", reader.lane), ("Attached by", reader.transport?.rawValue), ("Address", reader.address), ("Name", reader.host),
                ("Payment", reader.payment), ("Last seen", reader.lastSeenAt.map(facts.clock.dateAndTime)),
                ("Connected since", reader.sessionSince.map(facts.clock.dateAndTime)),
            ])
            return Markup.element("div", [("class", "card")], card)
        }
        return section("Readers", .element("div", [("class", "grid")], .joined(cards)))
    }

    private var devices: Markup {
        guard case .had(let devices) = facts.devices else { return section("Devices seen", missing(facts.devices, "The devices")) }
        guard !devices.isEmpty else { return Markup() }
        let rows = devices.map { device in
            let name = [device.model, device.usb?.product, device.host].compactMap { $0 }.first ?? device.device
            let place = device.address ?? device.usb.map { "USB \($0.vendorID):\($0.productID), bus \($0.bus), port \($0.portPath)" } ?? "-"
            return Markup.element(
                "tr", [],
                .joined(
                    [name, place, device.reader ?? "-", device.driveable ? "yes" : "no" + (device.reason.map { ": \($0.message)" } ?? "")]
                        .map {
                            .element("td", text: $0)
                        }))
        }
        return section("Devices seen", table(["Device", "Where", "Registered as", "Can be driven"], rows))
    }

    private var footer: Markup {
        .element(
            "footer", [("class", "quiet")],
            .element(
                "p",
                text:
                    "This file stands for itself: it loads nothing and runs nothing. It holds no secret and nothing of a card\(facts.payments.contains { !$0.receipt.isEmpty } ? " but what its receipt bears" : ""). Times are \(facts.clock.zone)."
            ))
    }

    // MARK: Parts

    func section(_ title: String, _ content: Markup) -> Markup {
        .element("section", [], .element("h2", text: title) + content)
    }

    func missing<Value>(_ part: Had<Value>, _ what: String) -> Markup {
        guard case .not(let reason) = part else { return Markup() }
        return .element(
            "div", [("class", "card doubt")],
            .element("p", [("class", "banner")], text: "\(what) could not be had.") + .element("p", text: reason))
    }

    func fields(_ fields: [(String, String?)]) -> Markup {
        let told = fields.compactMap { name, value in value.map { (name, $0) } }
        guard !told.isEmpty else { return Markup() }
        return .element("dl", [], .joined(told.map { .element("dt", text: $0) + .element("dd", text: $1) }))
    }

    func table(_ titles: [String], _ rows: [Markup]) -> Markup {
        let head = Markup.element("thead", [], .element("tr", [], .joined(titles.map { .element("th", [("scope", "col")], text: $0) })))
        return .element("div", [("class", "scroll")], .element("table", [], head + .element("tbody", [], .joined(rows))))
    }
}
