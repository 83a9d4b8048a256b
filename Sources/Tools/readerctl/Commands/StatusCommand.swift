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
        try output.lines(StatusWords(status, output).lines)
        return .ok
    }
}
