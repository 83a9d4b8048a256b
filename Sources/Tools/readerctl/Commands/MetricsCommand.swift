import ArgumentParser
import CheckoutClient

struct MetricsCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Print the agent's numbers as Prometheus text.",
        discussion: """
            It is the text that node_exporter's textfile collector reads; a timer in the package writes it there: \
            systemctl enable --now readerd-metrics.timer
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Print OpenMetrics text instead.") var openmetrics = false

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        var text = try await agent.metrics(openmetrics ? .openMetrics : .prometheus)
        while text.last == "\n" { text.removeLast() }
        try output.line(text)
        return .ok
    }
}
