import ArgumentParser
import CheckoutAPI
import CheckoutClient

/// A command that asks the agent: it works, and what goes wrong is told the same way everywhere.
protocol AgentCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }
    /// The role that the agent asks for, for whom is told which group to join.
    static var role: Role { get }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus
    /// Tells what went wrong, and how the command ends for it.
    func failed(_ error: ClientError, _ output: Output) async throws -> ExitStatus
}

extension AgentCommand {
    static var role: Role { .checkout }

    func failed(_ error: ClientError, _ output: Output) async throws -> ExitStatus {
        let complaint = Complaint(error, role: Self.role)
        complaint.tell(output)
        return complaint.status
    }

    func run() async throws {
        let output = global.output
        let status: ExitStatus
        do {
            status = try await work(global.client, output)
        } catch let closed as Output.Closed {
            status = output.status(closed)
        } catch let error as ClientError {
            status = try await failed(error, output)
        }
        if status != .ok { throw ExitCode(status.rawValue) }
    }
}

extension Output {
    /// Follows lines to their summary. With `--json` each is told as it comes.
    ///
    /// - Parameter what: names what broke off, when no summary comes.
    func follow<Line: SummedLine>(
        _ lines: AsyncThrowingStream<Line, any Error>, named what: String, _ each: (Line) throws -> Void
    ) async throws -> Line.Summary {
        var summary: Line.Summary?
        for try await line in lines {
            if json { try object(line) }
            try each(line)
            summary = line.conclusion ?? summary
        }
        guard let summary else { throw ClientError.connectionLost(reason: "\(what) broke off") }
        return summary
    }
}
