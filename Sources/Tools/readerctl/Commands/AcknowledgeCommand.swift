import ArgumentParser
import CheckoutAPI
import CheckoutClient

extension PaymentsCommand {
    struct AcknowledgeCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "acknowledge", abstract: "Take a payment's warnings off, after seeing to them (technicians).",
            discussion: """
                Look first: in Stripe's dashboard for what was charged, in the back office for the cart's order. Settle it with the customer there.
                A cart that was held because its order failed can be paid again afterwards. Who said it, when and why is kept.
                """)

        @OptionGroup var global: GlobalOptions
        @Argument(help: "The payment's id.") var id: String
        @Option(help: "What you found and did.") var note: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let payment = try await agent.acknowledgePayment(id, AcknowledgeBody(note: note))
            try Outcome(payment).tell(output)
            return .ok
        }
    }
}
