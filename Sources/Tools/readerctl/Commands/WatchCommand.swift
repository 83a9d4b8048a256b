import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct WatchCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "See readers, lanes and payments as they are now, until q is pressed.",
        discussion: """
            Takes the whole terminal and gives it back as it was. It goes on through restarts of the agent, and says so. Where standard \
            output is no terminal, it prints how things are and then a line for everything that happens, as events --follow does.
            """)

    @OptionGroup var global: GlobalOptions

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        if !output.json, Screen.isThere, output.canMoveCursor { return try await LiveWatch(agent: agent, output: output).run() }
        try await printLines(agent, output)
        return .ok
    }

    private func printLines(_ agent: CheckoutClient, _ output: Output) async throws {
        let status = try await agent.status()
        if output.json {
            try output.object(status)
        } else {
            try output.lines(StatusWords(status, output).lines)
            try output.line()
        }
        try await EventFollower(agent: agent, connected: true).run { event in
            try output.tell(event, or: ["\(Times.time(event.at))  \(EventWords(event).text)"])
        } lost: { cause in
            if output.json {
                if let cause { Complaint(cause).tell(output) }
            } else {
                try output.line("The connection to the agent was lost. Trying again." + (cause.map { " \(shown($0.description))" } ?? ""))
            }
        } back: {
            if !output.json { try output.line("Connected to the agent again.") }
        }
    }
}
