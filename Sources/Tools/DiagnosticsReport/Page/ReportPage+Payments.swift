internal import CheckoutAPI

extension ReportPage {
    /// The payments that are told in full, each with its drawing.
    var payments: Markup {
        guard !facts.payments.isEmpty else { return Markup() }
        let told = facts.payments.enumerated().map { number, reported in
            Markup.element("article", [("class", "card")], payment(reported, number: number + 1))
        }
        return section(told.count == 1 ? "A payment" : "Payments in full", .joined(told))
    }

    private func payment(_ reported: ReportedPayment, number: Int) -> Markup {
        let payment = reported.payment
        let style =
            switch payment.money {
            case .taken: "good"
            case .unknown, .authorized: "doubt"
            case .notTaken: payment.state.isEnd ? "bad" : "doubt"
            }
        var content = Markup.element("h3", text: payment.id)
        for (index, sentence) in reported.words.enumerated() {
            content += .element("p", index == 0 ? [("class", "banner \(style)")] : [], text: sentence)
        }
        let steps = reported.trace.value?.steps ?? []
        let chart = PaymentChart(payment, steps, now: facts.madeAt)
        content += PaymentDrawing(chart: chart, number: number, title: "Payment \(payment.id), from the till to the issuer").markup
        if !chart.callsAreKnown { content += callsAreMissing(reported.trace) }
        if !chart.scale.breaks.isEmpty {
            content += .element(
                "p", [("class", "quiet")], text: "Hatched: a long time in which nothing was asked, drawn shorter than it was.")
        }
        content += fields([
            ("Amount", reported.sum), ("Charged", reported.charged), ("Cart", payment.cart),
            ("Money", payment.money.rawValue.split(separator: "_").joined(separator: " ")),
            ("Order", payment.order), ("Lane", payment.lane), ("Reader", payment.readerLabel ?? payment.reader),
            ("Payment intent", payment.paymentIntent), ("Cards asked for", "\(payment.attempts)"),
            ("Cancel asked for", payment.cancelRequested ? "yes" : nil), ("Failure", payment.failure?.code.rawValue),
            ("Resolved by", payment.resolvedBy), ("Began", facts.clock.dateAndTime(payment.createdAt)),
            ("Ended", payment.endedAt.map(facts.clock.dateAndTime)),
        ])
        if reported.receipt.contains(where: { $0.value != nil }) {
            content += .element("h4", text: "What its receipt bears")
            content += fields(reported.receipt.map { ($0.name, $0.value) })
        }
        content += table(of: steps)
        content += table(of: reported.events)
        return content
    }

    private func callsAreMissing(_ trace: Had<PaymentTrace>) -> Markup {
        let reason =
            switch trace {
            case .had: "The calls it took are not known any more: the agent keeps those of the last payments since its start."
            case .not(let reason): "The calls it took could not be had: \(reason)"
            }
        return .element("p", [("class", "quiet")], text: reason)
    }

    private func table(of steps: [PaymentTrace.Step]) -> Markup {
        guard !steps.isEmpty else { return Markup() }
        let rows = steps.map { step in
            Markup.element(
                "tr", [],
                .element("td", text: facts.clock.time(step.at)) + .element("td", text: step.party.rawValue)
                    + .element("td", text: step.call)
                    + .element("td", text: step.result)
                    + .element("td", [("class", "number")], text: Lasting.words(Int64((step.durationSeconds * 1000).rounded()))))
        }
        return .element(
            "details", [],
            .element("summary", text: "The \(steps.count) calls, one by one") + table(["At", "Whom", "Call", "Result", "Took"], rows))
    }

    private func table(of events: Had<[Event]>) -> Markup {
        guard case .had(let events) = events else {
            return .element("p", [("class", "quiet")], text: "Its events could not be had: \(reason(events))")
        }
        guard !events.isEmpty else { return Markup() }
        let rows = events.map { event in
            Markup.element(
                "tr", [],
                .joined(
                    [
                        facts.clock.dateAndTime(event.at), event.type, event.payment?.state.rawValue ?? "",
                        event.payment?.money.rawValue ?? "",
                    ].map { .element("td", text: $0) }))
        }
        return .element(
            "details", [], .element("summary", text: "What the journal has of it") + table(["At", "Event", "State", "Money"], rows))
    }

    private func reason<Value>(_ part: Had<Value>) -> String {
        if case .not(let reason) = part { return reason }
        return ""
    }

    /// The newest payments, in a line each.
    var recent: Markup {
        guard case .had(let list) = facts.recent else { return section("Last payments", missing(facts.recent, "The list of payments")) }
        guard !list.isEmpty else { return section("Last payments", .element("p", text: "There are none.")) }
        let rows = list.map { listed in
            let payment = listed.payment
            let money = payment.money.rawValue.split(separator: "_").joined(separator: " ")
            return Markup.element(
                "tr", [],
                .element("td", text: facts.clock.dateAndTime(payment.createdAt)) + .element("td", text: payment.id)
                    + .element("td", text: payment.cart) + .element("td", [("class", "number")], text: listed.sum)
                    + .element("td", text: payment.state.rawValue.split(separator: "_").joined(separator: " "))
                    + .element("td", [("class", payment.money == .unknown || payment.money == .authorized ? "doubt" : "")], text: money))
        }
        return section("Last payments", table(["Began", "Payment", "Cart", "Amount", "State", "Money"], rows))
    }
}
