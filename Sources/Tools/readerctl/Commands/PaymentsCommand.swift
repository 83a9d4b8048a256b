import ArgumentParser
import CheckoutAPI
import CheckoutClient

extension Payment.State: ExpressibleByArgument {}

struct PaymentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payments", abstract: "Look at payments.", subcommands: [ListCommand.self, ShowCommand.self, AcknowledgeCommand.self],
        defaultSubcommand: ListCommand.self)

    struct ListCommand: AgentCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Payments, newest first.")

        @OptionGroup var global: GlobalOptions
        @Option(help: "Only this cart's.") var cart: String?
        @Option(help: "Only those in this state.") var state: Payment.State?
        @Option(help: "Only this lane's.", completion: .names(.lanes)) var lane: String?
        @Option(help: "How many (1 to 200).") var limit = 20
        @Option(help: "The page after: what the page before said.") var before: String?

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let list = try await agent.payments(cart: cart, state: state, lane: lane, limit: limit, before: before)
            guard !output.json else {
                try output.object(list)
                return .ok
            }
            guard !list.payments.isEmpty else {
                try output.line("No payments.")
                return .ok
            }
            var table = Table([
                .init(title: "BEGAN"), .init(title: "PAYMENT"), .init(title: "CART", gives: true),
                .init(title: "AMOUNT", alignsRight: true), .init(title: "STATE"), .init(title: "MONEY"),
            ])
            for payment in list.payments {
                table.add([
                    Times.dayAndTime(payment.createdAt), payment.id, payment.cart, PaymentWords(payment).sum,
                    PaymentWords.short(payment.state), PaymentWords.short(payment.money),
                ])
            }
            try output.lines(table.lines)
            if let next = list.next { try output.line("More: --before \(shown(next))") }
            return .ok
        }
    }
}
