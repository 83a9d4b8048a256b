internal import CheckoutAPI

/// What a payment's drawing shows: who did what, when, and for how long. Milliseconds from the payment's beginning.
struct PaymentChart: Sendable, Equatable {
    struct Span: Sendable, Equatable {
        var start: Int64
        var end: Int64
    }

    struct Row: Sendable, Equatable {
        var name: String
        /// What went wrong; nil when it went well.
        var fault: String?
        /// When it was done; more than once when the same was asked again and again.
        var spans: [Span]

        /// Whether it is a moment and lasts no time.
        var isMoment = false

        var total: Int64 { spans.reduce(0) { $0 + $1.end - $1.start } }
    }

    /// One of those who have a part in a payment.
    struct Party: Sendable, Equatable {
        var name: String
        /// A word for the style sheet.
        var style: String
        var rows: [Row]
    }

    let parties: [Party]
    let scale: TimeScale
    let end: Int64
    /// Whether the calls are known, and not the states alone: those from before the agent's last start are not.
    let callsAreKnown: Bool

    init(_ payment: Payment, _ steps: [PaymentTrace.Step], now: Timestamp) {
        let origin = min(payment.createdAt, steps.map(\.at).min() ?? payment.createdAt).milliseconds
        let last = payment.endedAt ?? max(payment.updatedAt, min(now, Timestamp(milliseconds: payment.updatedAt.milliseconds + 60_000)))
        let spans = steps.map { step in
            let start = step.at.milliseconds - origin
            return Span(start: start, end: start + max(0, Int64((step.durationSeconds * 1000).rounded())))
        }
        end = max(1, last.milliseconds - origin, spans.map(\.end).max() ?? 0)
        callsAreKnown = !steps.isEmpty

        let created = payment.createdAt.milliseconds - origin
        let till = Row(
            name: payment.state.isEnd ? "from the request to the outcome" : "waits for the outcome", fault: nil,
            spans: [Span(start: created, end: max(created, end))])
        var parties = [
            Party(name: "Till", style: "till", rows: [till]),
            Party(name: "The payment stood at", style: "state", rows: Self.states(payment, origin: origin, end: end)),
        ]
        func calls(_ name: String, _ style: String, _ wanted: (PaymentTrace.Step) -> Bool) {
            let chosen = zip(steps, spans).filter { wanted($0.0) }
            if !chosen.isEmpty { parties.append(Party(name: name, style: style, rows: Self.rows(chosen))) }
        }
        calls("Journal, on the disk", "journal") { $0.party == .journal }
        calls("Backend", "backend") { $0.party == .backend }
        calls("Stripe", "stripe") { $0.party == .stripe }
        calls("Reader", "reader") { $0.party == .reader && $0.call != Self.charge }
        calls("Reader, Stripe and the card's issuer", "issuer") { $0.party == .reader && $0.call == Self.charge }
        calls("This box", "state") { $0.party == .box }
        calls("Others", "state") { !PaymentTrace.Step.Party.known.contains($0.party) }
        self.parties = parties
        let busy =
            steps.isEmpty
            ? payment.timeline.map { ($0.at.milliseconds - origin, $0.at.milliseconds - origin) } : spans.map { ($0.start, $0.end) }
        scale = TimeScale(busy: busy, end: end)
    }

    /// The reader answers it when the issuer has.
    private static let charge = "confirmPayment"

    private static func states(_ payment: Payment, origin: Int64, end: Int64) -> [Row] {
        let entries = payment.timeline
        return entries.indices.map { index in
            let start = entries[index].at.milliseconds - origin
            let next = index + 1 < entries.count ? entries[index + 1].at.milliseconds - origin : entries[index].state.isEnd ? start : end
            return Row(
                name: words(entries[index].state), fault: nil, spans: [Span(start: start, end: max(start, next))],
                isMoment: entries[index].state.isEnd)
        }
    }

    private static func words(_ state: Payment.State) -> String {
        switch state {
        case .queued: "queued for the reader"
        case .preparing: "preparing"
        case .waitingForCard: "waiting for the customer's card"
        case .authorizing: "charging the card"
        case .finishing: "completing the order"
        case .unresolved: "not known, finding out"
        case .succeeded: "paid"
        case .declined: "declined"
        case .canceled: "canceled"
        case .canceledByCustomer: "canceled by the customer"
        case .timedOut: "no card in time"
        case .failed: "failed"
        }
    }

    /// One row for the same call with the same result, however often it was made.
    private static func rows(_ steps: [(PaymentTrace.Step, Span)]) -> [Row] {
        var rows: [Row] = []
        for (step, span) in steps {
            let fault = step.result == "ok" ? nil : step.result.split(separator: "_").joined(separator: " ")
            if let place = rows.firstIndex(where: { $0.name == step.call && $0.fault == fault }) {
                rows[place].spans.append(span)
            } else {
                rows.append(Row(name: step.call, fault: fault, spans: [span]))
            }
        }
        return rows
    }
}
