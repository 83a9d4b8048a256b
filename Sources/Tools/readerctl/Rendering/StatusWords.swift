import CheckoutAPI

/// How things stand: whether payments can be taken, readers, lanes, open payments.
struct StatusWords {
    private let status: Status
    private let output: Output

    init(_ status: Status, _ output: Output) {
        self.status = status
        self.output = output
    }

    var lines: [String] {
        var lines = [status.canTakePayments ? output.good("Payments can be taken.") : output.bad("No payment can be taken now.")]
        for reason in status.reasons { lines.append(wrapped("- \(ReaderWords.reason(reason))")) }
        var fields = Fields()
        fields.add("Backend", Self.words(status.backend))
        fields.add("Journal", Self.words(status.journal))
        lines += [""] + fields.lines + [""] + ReaderWords.table(status.readers)
        if !status.lanes.isEmpty { lines += [""] + Self.lanes(status.lanes) }
        if !status.openPayments.isEmpty { lines += [""] + Self.payments(status.openPayments) }
        return lines
    }

    private static func words(_ part: Status.Part) -> String {
        part.state.rawValue + (part.detail.map { ": \($0)" } ?? "")
            + (part.state == .ok ? "" : part.lastOKAt.map { " (last worked \(Times.dateAndTime($0)))" } ?? "")
    }

    private static func lanes(_ lanes: [Status.Lane]) -> [String] {
        var table = Table([
            .init(title: "LANE", gives: true), .init(title: "READER"), .init(title: "STATE"), .init(title: "PAYMENT", gives: true),
            .init(title: "WAITING", alignsRight: true),
        ])
        for lane in lanes {
            table.add([
                lane.lane, lane.reader ?? "-", lane.readerState.map(ReaderWords.state) ?? "-", lane.payment ?? "-", String(lane.waiting),
            ])
        }
        return table.lines
    }

    private static func payments(_ payments: [Status.OpenPayment]) -> [String] {
        var table = Table([
            .init(title: "BEGAN"), .init(title: "OPEN PAYMENT"), .init(title: "CART", gives: true), .init(title: "STATE"),
            .init(title: "MONEY"),
        ])
        for payment in payments {
            table.add([
                Times.dayAndTime(payment.createdAt), payment.id, payment.cart, PaymentWords.short(payment.state),
                PaymentWords.short(payment.money),
            ])
        }
        return table.lines
    }
}
