import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct CancelCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ask the agent to stop a payment, and wait for how it ends.",
        discussion: "Exits as pay does: 11 when it was canceled, 0 when it was paid after all.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The payment's id.", completion: .names(.payments)) var id: String
    @Option(help: "How many seconds to wait for its end (0 to 120).") var wait = 30

    func validate() throws {
        guard (0...120).contains(wait) else { throw ValidationError("--wait is 0 to 120 seconds.") }
    }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        var payment = try await agent.cancelPayment(id)
        if !payment.state.isEnd, wait > 0 {
            if !output.json {
                try output.line(
                    payment.state == .authorizing || payment.state == .finishing || payment.state == .unresolved
                        ? "Asked, but the card is being charged already: waiting for how it ends." : "Asked; waiting for the end.")
            }
            payment = try await agent.payment(id, wait: .seconds(wait))
        }
        try Outcome(payment).tell(output)
        return wait == 0 && !payment.state.isEnd ? .ok : ExitStatus(payment)
    }
}
