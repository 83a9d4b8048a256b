import ArgumentParser
import CheckoutAPI
import CheckoutClient

extension ResolveBody.Outcome: ExpressibleByArgument {}

struct ResolveCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Say how an unresolved payment ended, after looking (technicians).",
        discussion: """
            Look first: in the back office for the cart's order, in Stripe's dashboard for the payment intent. Who said it, when and why is kept.
            Exits with 0 when it was resolved, either way.
            """)
    static let role = Role.technician

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The payment's id.", completion: .names(.payments)) var id: String
    @Option(help: "succeeded: the money was taken. failed: it was not.") var outcome: ResolveBody.Outcome
    @Option(help: "Why you know.") var note: String
    @Option(help: "The order, when it succeeded and is known.") var order: String?

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let payment = try await agent.resolvePayment(id, ResolveBody(outcome: outcome, order: order, note: note))
        try Outcome(payment).tell(output)
        return .ok
    }
}
