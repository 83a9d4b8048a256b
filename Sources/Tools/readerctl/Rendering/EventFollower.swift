import CheckoutAPI
import CheckoutClient

/// Reads the agent's events and, when wanted, goes on through lost connections and restarts after the last one that was seen.
struct EventFollower {
    let agent: CheckoutClient
    var topics: [Event.Topic] = []
    /// The event after which to begin, instead of now.
    var after: String?
    var goesOn = true
    /// Whether the agent has answered before: that it does not now is something that passes.
    var connected = false

    /// Ends when the stream does and nothing more is wanted, or with the fault that does not pass.
    ///
    /// - Parameters:
    ///   - lost: once for every time that the events break off, with the reason if there is one.
    ///   - back: once for every time that the agent answers again.
    func run(
        _ see: (Event) async throws -> Void, lost: (ClientError?) async throws -> Void = { _ in }, back: () async throws -> Void = {}
    ) async throws {
        var cursor = after
        var connected = connected
        while true {
            var cause: ClientError?
            do {
                for try await event in agent.events(topics: topics, after: cursor) {
                    connected = true
                    cursor = event.cursor
                    try await see(event)
                }
            } catch let error as ClientError {
                cause = error
            }
            guard goesOn else {
                if let cause { throw cause }
                return
            }
            if case .problem(let problem) = cause, problem.code == .cursorGone, connected {
                cursor = nil
            } else if let cause, !passes(cause, connected: connected) {
                throw cause
            }
            try await lost(cause)
            try await answers()
            try await back()
        }
    }

    /// Waits until the agent answers.
    private func answers() async throws {
        var pause: Duration = .milliseconds(200)
        while true {
            try await Task.sleep(for: pause)
            do throws(ClientError) {
                _ = try await agent.info()
                return
            } catch {
                // Whatever it is: it is asked again, at most every 2 seconds.
                if case .canceled = error { throw CancellationError() }
                pause = min(pause * 2, .seconds(2))
            }
        }
    }

    /// Whether a fault passes. What was so before anything was seen is told at once instead.
    private func passes(_ cause: ClientError, connected: Bool) -> Bool {
        switch cause {
        case .problem(let problem): problem.code == .overloaded || problem.code == .shuttingDown
        case .noSocket, .noPermission: connected
        case .connectionLost, .timedOut: true
        case .invalidAnswer, .canceled, .notEnded: false
        }
    }
}
