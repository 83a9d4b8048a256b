import CheckoutAPI
import Testing

@testable import DiagnosticsReport

/// The report, of a shop in which every name is hostile.
@Suite struct ReportTests {
    private static let start = Timestamp(milliseconds: 1_769_851_800_000)
    private static let hostile = "</title><script>alert(1)</script>\"' onload=x <img src=http://evil.example/x>\u{202E}\u{7}"

    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + milliseconds) }

    private static func payment(_ states: [(Payment.State, Int64)], money: Payment.Money = .taken) -> Payment {
        Payment(
            id: "till-1-000123", cart: hostile, amount: "56.78", reader: "tmr_1", readerLabel: hostile, state: states.last?.0 ?? .queued,
            money: money, order: hostile, card: .init(brand: "visa", last4: "9753", entry: "chip"),
            failure: .init(code: "order_failed", message: hostile, remedy: hostile), createdAt: start, updatedAt: at(states.last?.1 ?? 0),
            endedAt: states.last?.0.isEnd == true ? at(states.last?.1 ?? 0) : nil, timeline: states.map { .init(state: $0.0, at: at($0.1)) }
        )
    }

    private static let usual: [(Payment.State, Int64)] = [
        (.queued, 0), (.preparing, 5), (.waitingForCard, 80), (.authorizing, 2_000), (.finishing, 3_500), (.succeeded, 4_000),
    ]

    private static func step(
        _ party: PaymentTrace.Step.Party, _ call: String, _ from: Int64, _ took: Double, _ result: String = "ok"
    ) -> PaymentTrace.Step {
        .init(party: party, call: call, at: at(from), durationSeconds: took, result: result)
    }

    private static let steps = [
        step(.backend, "payment_intent", 6, 0.07), step(.reader, "collectPaymentMethod", 8, 0.06), step(.stripe, "read_intent", 80, 0.02),
        step(.reader, "queryPaymentMethod", 100, 0.9), step(.reader, "queryPaymentMethod", 1_010, 0.9),
        step(.reader, "confirmPayment", 2_010, 1.45), step(.backend, "payment_status", 3_600, 0.03, "unavailable"),
        step(.backend, "payment_status", 3_900, 0.03),
    ]

    private static func facts(_ payment: Payment, trace: Had<PaymentTrace>) -> ReportFacts {
        let reader = Reader(
            reader: "tmr_1", label: hostile, serial: hostile, model: hostile, software: hostile, registered: true, driveable: true,
            transport: .lan, address: hostile, host: hostile, state: .offline, reason: Reason(code: "x", message: hostile, remedy: hostile))
        let status = Status(
            canTakePayments: false, reasons: [Reason(code: "x", message: hostile, remedy: hostile)],
            backend: .init(state: .ok, detail: hostile),
            journal: .init(state: .ok), readers: [reader],
            lanes: [.init(lane: hostile, reader: "tmr_1", readerState: .offline, payment: nil, waiting: 2)], openPayments: [])
        let checks = [Check.Status.pass, .warn, .fail, .skipped].map {
            Check(id: "x", title: hostile, status: $0, detail: hostile, remedy: hostile, durationSeconds: 0)
        }
        let device = Device(
            device: hostile, transport: .usb,
            usb: USBIdentity(vendorID: "0b00", productID: "3070", bus: 1, portPath: "2", product: hostile),
            driveable: false, reason: Reason(code: "x", message: hostile, remedy: nil), firstSeenAt: start, lastSeenAt: start)
        return ReportFacts(
            madeAt: at(60_000), version: "1.2.3", box: hostile, info: .not("Nobody answers \(hostile)."), status: .had(status),
            checks: .had(checks),
            devices: .had([device]), recent: .had([ListedPayment(payment: payment, sum: "USD 56.78")]),
            payments: [
                ReportedPayment(
                    payment: payment, sum: "USD 56.78", words: ["Paid.", hostile],
                    events: .had([Event(cursor: "1", at: start, type: "payment.created", payment: payment)]), trace: trace)
            ], clock: ReportClock(dateAndTime: { $0.description }, time: { $0.description }, zone: "UTC+01:00"))
    }

    private static func page(_ payment: Payment, _ steps: [PaymentTrace.Step]) -> String {
        ReportPage(facts(payment, trace: .had(PaymentTrace(payment: payment.id, steps: steps)))).html
    }

    /// Every tag of a page: its name, its attributes, and whether it closes. What is not well-formed is recorded.
    private func tags(_ html: String) -> [(name: String, attributes: [String: String])] {
        var open: [String] = []
        var found: [(name: String, attributes: [String: String])] = []
        for match in html.matches(of: #/<(/?)([A-Za-z0-9!]+)((?:\s+[A-Za-z0-9:-]+(?:="[^"<>]*")?)*)\s*>/#) {
            let name = String(match.2)
            if name == "!DOCTYPE" { continue }
            if match.1 == "/" {
                #expect(open.last == name, "</\(name)> closes \(open.last ?? "nothing")")
                if !open.isEmpty { open.removeLast() }
                continue
            }
            var attributes: [String: String] = [:]
            for attribute in match.3.matches(of: #/([A-Za-z0-9:-]+)="([^"]*)"/#) { attributes[String(attribute.1)] = String(attribute.2) }
            found.append((name, attributes))
            if name != "meta" { open.append(name) }
        }
        #expect(open.isEmpty, "never closed: \(open)")
        #expect(html.count { $0 == "<" } == found.count * 2 - found.count { $0.name == "meta" } + 1, "a < that begins no tag")
        return found
    }

    @Test func `whatever things are called, the page holds its own elements and asks nobody for anything`() {
        let html = Self.page(Self.payment(Self.usual), Self.steps)
        let known: Set = [
            "html", "head", "meta", "title", "style", "body", "main", "header", "section", "article", "footer", "div", "h1", "h2", "h3",
            "p", "span",
            "strong", "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "svg", "desc", "g",
            "rect",
            "line", "text", "pattern",
        ]
        for (name, attributes) in tags(html) {
            #expect(known.contains(name), "<\(name)>")
            for (attribute, value) in attributes {
                #expect(!["src", "href", "style", "srcset", "action"].contains(attribute) && !attribute.hasPrefix("on"), "\(attribute)")
                #expect(!value.contains("http") || attribute == "xmlns" || attribute == "content", "\(attribute)=\(value)")
                #expect(!value.contains("url(") || value.hasPrefix("url(#"), "\(value)")
            }
        }
        #expect(html.contains("default-src &#39;none&#39;"))
        #expect(html.contains("&lt;script&gt;alert(1)"))
        #expect(!html.unicodeScalars.contains { $0.value == 0x202E || $0.value == 7 })
        #expect(!html.contains("@import") && !html.contains("url(h"))
    }

    @Test func `money of which nobody knows comes first in it, then causes, and what follows from one says so`() throws {
        func check(_ id: String, _ status: Check.Status, _ detail: String) -> Check {
            Check(id: id, title: "A title of \(id).", status: status, detail: detail, remedy: "Mend \(id).", durationSeconds: 0)
        }
        var facts = Self.facts(Self.payment(Self.usual), trace: .had(PaymentTrace(payment: "p", steps: [])))
        facts.checks = .had([
            check("socket", .warn, "Nobody has a role."), check("backend", .fail, "It is away."), check("token", .fail, "None comes."),
            check("payments", .warn, "One is unresolved."),
        ])
        let html = ReportPage(facts).html
        let places = try ["One is unresolved.", "It is away.", "None comes.", "Nobody has a role."].map {
            try #require(html.firstRange(of: $0)?.lowerBound, "\($0)")
        }
        #expect(places == places.sorted())
        #expect(html.contains("Mend backend.") && !html.contains("Mend token."))
        #expect(html.contains("This follows from another check, told above (A title of backend.): mend that first."))
    }

    @Test func `nothing of a card is in it`() {
        let html = Self.page(Self.payment(Self.usual), Self.steps)
        #expect(!html.contains("9753") && !html.contains("visa"))
    }

    @Test func `what could not be had is said with the reason`() {
        var facts = Self.facts(Self.payment(Self.usual), trace: .not("You may not."))
        facts.status = .not("Nothing answers there.")
        facts.checks = .not("That is for technicians.")
        facts.recent = .not("The journal cannot be read.")
        let html = ReportPage(facts).html
        for part in ["Nothing answers there.", "That is for technicians.", "The journal cannot be read.", "could not be had: You may not."]
        {
            #expect(html.contains(part), "\(part)")
        }
        _ = tags(html)
    }

    @Test func `a drawing shows everybody who had a part, and for how long`() {
        let chart = PaymentChart(Self.payment(Self.usual), Self.steps, now: Self.at(60_000))
        #expect(
            chart.parties.map(\.name) == [
                "Till", "The payment stood at", "Backend", "Stripe", "Reader", "Reader, Stripe and the card's issuer",
            ])
        #expect(chart.parties[2].rows.map(\.name) == ["payment_intent", "payment_status", "payment_status"])
        #expect(chart.parties[2].rows.map(\.fault) == [nil, "unavailable", nil])
        #expect(chart.parties[4].rows.map(\.spans.count) == [1, 2], "what is asked again and again is one row")
        #expect(chart.parties[5].rows == [.init(name: "confirmPayment", fault: nil, spans: [.init(start: 2_010, end: 3_460)])])
        #expect(chart.end == 4_000 && chart.scale.breaks.isEmpty)
        let words = PaymentDrawing(chart: chart, number: 1, title: "x").description
        #expect(words.contains("waiting for the customer's card: after 80 ms, for 1.92 s"))
        #expect(words.contains("confirmPayment: after 2.01 s, for 1.45 s"))
        #expect(words.contains("payment_status (unavailable): after 3.60 s, for 30 ms"))
        #expect(words.contains("paid after 4.00 s"))
    }

    @Test func `nobody who had a part is left out`() {
        let parties = PaymentTrace.Step.Party.known + ["somebody_new"]
        let steps = parties.map { Self.step($0, "call_\($0.rawValue)", 100, 0.1) }
        let chart = PaymentChart(Self.payment(Self.usual), steps, now: Self.at(60_000))
        let told = Set(chart.parties.flatMap(\.rows).map(\.name))
        for step in steps { #expect(told.contains(step.call)) }
    }

    @Test func `a payment that was looked after for days is drawn with a break`() {
        let day: Int64 = 86_400_000
        let payment = Self.payment([(.queued, 0), (.authorizing, 2_000), (.unresolved, 120_000), (.succeeded, 2 * day)])
        let steps = Self.steps.prefix(6) + [Self.step(.backend, "payment_status", 2 * day - 100, 0.05)]
        let chart = PaymentChart(payment, Array(steps), now: Self.at(3 * day))
        #expect(chart.scale.breaks.count == 1)
        let percents = [0, 3_460, day, 2 * day - 100, 2 * day].map { chart.scale.percent($0) }
        #expect(percents == percents.sorted() && percents.first == 0 && percents.last == 100)
        #expect(chart.scale.percent(3_460) > 40, "what was done takes most of the room")
        #expect(Self.page(payment, Array(steps)).contains("Drawn shorter: 1 d 23 h in which nothing was asked"))
    }

    @Test func `without the calls the states are drawn, and it is said`() {
        let html = Self.page(Self.payment(Self.usual), [])
        #expect(html.contains("The calls it took are not known any more"))
        #expect(html.contains("waiting for the customer&#39;s card"))
    }

    @Test(arguments: [0, 1, 17, 400, 4_000, 61_000, 7_000_000, 400_000_000] as [Int64])
    func `there are few marks, and never two in one place`(end: Int64) {
        let scale = TimeScale(busy: [(0, end)], end: end)
        let marks = scale.marks()
        #expect((1...6).contains(marks.count), "\(marks)")
        for (a, b) in zip(marks, marks.dropFirst()) { #expect(scale.percent(b) - scale.percent(a) >= 18) }
    }
}
