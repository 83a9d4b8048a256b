import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct EventsCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print what happens, one line each, until Ctrl-C.",
        discussion: """
            With --json each line is the agent's event with its cursor. Payment events can be had again after a cursor, \
            even after a restart of the agent; the others only as they happen.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Go on through lost connections and restarts of the agent, after the last event that was seen.") var follow = false
    @Option(help: "Begin after this event's cursor instead of now.") var after: String?
    @Option(help: "Only these, with commas: payments, readers, devices, agent.") var topics: String?

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let topics = (topics ?? "").split(separator: ",").map { Event.Topic(rawValue: String($0)) }
        try await EventFollower(agent: agent, topics: topics, after: after, goesOn: follow).run { event in
            try output.tell(event, or: ["\(Times.time(event.at))  \(EventWords(event).text)"])
        } lost: { cause in
            // That some events are missing now must be said; other faults have passed when it goes on.
            if case .problem(let problem) = cause, problem.code == .cursorGone { Complaint(.problem(problem)).tell(output) }
        }
        return .ok
    }
}
