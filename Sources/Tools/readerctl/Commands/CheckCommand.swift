import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find out what is wrong here, and what to do about it.",
        discussion: """
            Looks at settings, disk, credential, backend, Stripe, clock and every reader. It cannot move money. Exits with 0 when nothing \
            failed (warnings are no failures), with \(ExitStatus.checkFailed.rawValue) when something did, and with \
            \(ExitStatus.notRunning.rawValue) when the agent does not run: then it says what can be seen without it.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Only these checks, by their ids; all without any.", completion: .list(Check.ids)) var ids: [String] = []

    func run() async throws {
        let output = global.output
        let status: ExitStatus
        do {
            status = try await work(global.client, output)
        } catch let closed as Output.Closed {
            status = output.status(closed)
        } catch let error as ClientError {
            status = try await withoutAgent(error, output)
        }
        if status != .ok { throw ExitCode(status.rawValue) }
    }

    private func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        var checks: [Check] = []
        var summary: CheckSummary?
        for try await line in agent.checks(ids) {
            switch line {
            case .check(let check):
                checks.append(check)
                if output.json { try output.object(line) }
            case .summary(let told):
                summary = told
                if output.json { try output.object(line) }
            case .heartbeat, .end: break
            }
        }
        guard let summary else { throw ClientError.connectionLost(reason: "the checks broke off") }
        if !output.json { try output.lines(CheckWords(output, isDetailed: !ids.isEmpty).lines(checks, summary)) }
        return summary.fail > 0 ? .checkFailed : .ok
    }

    /// The agent cannot be asked: that is the finding, and what can be seen without it is said too.
    private func withoutAgent(_ error: ClientError, _ output: Output) async throws -> ExitStatus {
        let complaint = Complaint(error, role: .technician)
        complaint.tell(output)
        guard case .noSocket = error else { return complaint.status }
        let settings = await LocalCheck.settings()
        if output.json {
            try output.object(CheckLine.check(settings))
        } else {
            try output.lines(CheckWords(output).lines([settings], CheckSummary([settings], durationSeconds: settings.durationSeconds)))
        }
        return complaint.status
    }
}
