import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct StatusCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Can a payment be taken now and, if not, why.",
        discussion: "Exits with 0 when the status could be read, whatever it is; with --json look at can_take_payments.")

    @OptionGroup var global: GlobalOptions

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let status = try await agent.status()
        guard !output.json else {
            try output.object(status)
            return .ok
        }
        try output.line(status.canTakePayments ? output.good("Payments can be taken.") : output.bad("No payment can be taken now."))
        for reason in status.reasons { try output.line(wrapped("- \(ReaderWords.reason(reason))")) }
        var fields = Fields()
        fields.add("Backend", Self.words(status.backend))
        fields.add("Journal", Self.words(status.journal))
        try output.lines([""] + fields.lines + [""] + ReaderWords.table(status.readers))
        if !status.lanes.isEmpty { try output.lines([""] + Self.lanes(status.lanes)) }
        if !status.openPayments.isEmpty { try output.lines([""] + Self.payments(status.openPayments)) }
        return .ok
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
