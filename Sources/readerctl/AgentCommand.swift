import ArgumentParser
import CheckoutClient

/// A command that asks the agent: it works, and what goes wrong is told the same way everywhere.
protocol AgentCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus
}

extension AgentCommand {
    func run() async throws {
        let output = global.output
        let status: ExitStatus
        do {
            status = try await work(global.client, output)
        } catch is Output.Closed {
            status = .ok
        } catch let error as ClientError {
            let complaint = Complaint(error)
            complaint.tell(output)
            status = complaint.status
        }
        if status != .ok { throw ExitCode(status.rawValue) }
    }
}
