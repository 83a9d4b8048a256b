import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct JournalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "The agent's journal of payments.", subcommands: [AcceptLossCommand.self])

    struct AcceptLossCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "accept-loss", abstract: "Go on without a damaged journal that was set aside (technicians).",
            discussion: """
                Until then no payment is accepted, because a cart may have been paid before. Compare the open carts with the back office and with \
                Stripe's dashboard first. Who agreed, when and why is kept.
                """)
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @Option(help: "Why payments may go on.") var note: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            try await agent.acceptJournalLoss(note: note)
            if !output.json { try output.line("Agreed; payments are accepted again.") }
            return .ok
        }
    }
}
