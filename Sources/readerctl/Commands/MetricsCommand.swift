import ArgumentParser
import CheckoutClient

struct MetricsCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print the agent's numbers as OpenMetrics text.",
        discussion: """
            For node_exporter's textfile collector there is a timer in the package: systemctl enable --now readerd-metrics.timer
            """)

    @OptionGroup var global: GlobalOptions

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        var text = try await agent.metrics()
        while text.last == "\n" { text.removeLast() }
        try output.line(text)
        return .ok
    }
}
