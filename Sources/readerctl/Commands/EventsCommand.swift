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
        var cursor = after
        var connected = false
        let topics = (topics ?? "").split(separator: ",").map { Event.Topic(rawValue: String($0)) }
        var pause: Duration = .milliseconds(200)
        while true {
            var cause: ClientError?
            do {
                for try await event in agent.events(topics: topics, after: cursor) {
                    connected = true
                    cursor = event.cursor
                    pause = .milliseconds(200)
                    if output.json {
                        try output.object(event)
                    } else {
                        try output.line("\(Times.time(event.at))  \(EventWords(event).text)")
                    }
                }
            } catch let error as ClientError {
                cause = error
            }
            guard follow else {
                if let cause { throw cause }
                return .ok
            }
            if case .problem(let problem) = cause, problem.code == .cursorGone, connected {
                Complaint(.problem(problem)).tell(output)
                cursor = nil
            } else if let cause, !goesOn(after: cause, connected: connected) {
                throw cause
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    /// A fault that passes. What was so before anything was seen is told at once instead.
    private func goesOn(after cause: ClientError, connected: Bool) -> Bool {
        switch cause {
        case .problem(let problem): problem.code == .overloaded || problem.code == .shuttingDown
        case .noSocket, .noPermission: connected
        case .connectionLost, .timedOut: true
        case .invalidAnswer, .canceled, .notEnded: false
        }
    }
}
