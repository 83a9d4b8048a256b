import ArgumentParser
import CheckoutAPI
import CheckoutClient

/// A command that asks the agent: it works, and what goes wrong is told the same way everywhere.
protocol AgentCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
    /// The role that the agent asks for, for whom is told which group to join.
    static var role: Role { get }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus
}

extension AgentCommand {
    static var role: Role { .checkout }

    func run() async throws {
        let output = global.output
        let status: ExitStatus
        do {
            status = try await work(global.client, output)
        } catch let closed as Output.Closed {
            status = output.status(closed)
        } catch let error as ClientError {
            let complaint = Complaint(error, role: Self.role)
            complaint.tell(output)
            status = complaint.status
        }
        if status != .ok { throw ExitCode(status.rawValue) }
    }
}
