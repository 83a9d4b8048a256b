import ArgumentParser
import CheckoutAPI
import CheckoutClient

extension PaymentsCommand {
    struct ShowCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "The whole story of one payment.",
            discussion: "With --json: the payment. Exits with 0 when it was found, however it stands.")

        @OptionGroup var global: GlobalOptions
        @Argument(help: "The payment's id.", completion: .names(.payments)) var id: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let payment = try await agent.payment(id)
            guard !output.json else {
                try output.object(payment)
                return .ok
            }
            let history = try await PaymentHistory.of(payment, agent)
            try output.lines(Outcome(payment).lines(output) + [""] + facts(payment).lines)
            try output.lines(["", "Timeline"] + timeline(payment))
            try output.lines(["", "Events"] + events(history))
            return .ok
        }

        private func facts(_ payment: Payment) -> Fields {
            let words = PaymentWords(payment)
            var fields = Fields()
            fields.add("Payment", payment.id)
            fields.add("Cart", payment.cart)
            fields.add("Amount", words.total)
            fields.add("Charged", words.charged)
            fields.add("Of it by account balance", payment.accountBalancePaymentAmount)
            fields.add("Money", payment.money.rawValue.split(separator: "_").joined(separator: " "))
            fields.add("Order", payment.order)
            fields.add("Card", words.card)
            for line in words.receipt { fields.add(line.name, line.value) }
            fields.add("Lane", payment.lane)
            fields.add("Reader", [payment.readerLabel, payment.reader].compactMap { $0 }.joined(separator: ", "))
            fields.add("Payment intent", payment.paymentIntent)
            fields.add(
                "A card was asked for", payment.attempts < 2 ? (payment.attempts == 1 ? "once" : "never") : "\(payment.attempts) times")
            fields.add("Cancel asked for", payment.cancelRequested ? "yes" : nil)
            fields.add("Failure", payment.failure?.code.rawValue)
            fields.add("Resolved by", payment.resolvedBy)
            fields.add("Decided by", payment.decidesBy.map { "\(Times.dateAndTime($0)) at the earliest" })
            fields.add("Began", Times.dateAndTime(payment.createdAt))
            fields.add(
                "Ended", payment.endedAt.map { "\(Times.dateAndTime($0)), after \(Times.duration(from: payment.createdAt, to: $0))" })
            return fields
        }

        /// Each state, when it began, and how long it lasted.
        private func timeline(_ payment: Payment) -> [String] {
            var table = Table([.init(title: "AT"), .init(title: "STATE"), .init(title: "LASTED", alignsRight: true)])
            for (entry, next) in zip(payment.timeline, payment.timeline.dropFirst().map(Optional.some) + [nil]) {
                table.add([
                    Times.time(entry.at), entry.state.rawValue.split(separator: "_").joined(separator: " "),
                    next.map { Times.duration(from: entry.at, to: $0.at) } ?? "",
                ])
            }
            return table.lines.map { "  \($0)" }
        }

        private func events(_ history: PaymentHistory) -> [String] {
            history.events.map { "  \(Times.time($0.at))  \(EventWords($0).text)" }
                + (history.fault.map { ["  (not all could be read: \(shown($0.description)))"] } ?? [])
        }
    }
}
