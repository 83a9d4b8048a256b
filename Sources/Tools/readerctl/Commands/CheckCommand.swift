import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct CheckCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find out what is wrong here, and what to do about it.",
        discussion: """
            Looks at settings, disk, credential, backend, Stripe, clock and every reader. It cannot move money. Exits with 0 when nothing \
            failed (warnings are no failures), with \(ExitStatus.checkFailed.rawValue) when something did, and with \
            \(ExitStatus.notRunning.rawValue) when the agent does not run: then it says what can be seen without it.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Only these checks, by their ids; all without any.", completion: .list(Check.ids)) var ids: [String] = []

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        var checks: [Check] = []
        let summary = try await output.follow(agent.checks(ids), named: "the checks") { line in
            if case .check(let check) = line { checks.append(check) }
        }
        if !output.json { try output.lines(CheckWords(output, isDetailed: !ids.isEmpty).lines(checks, summary)) }
        return summary.fail > 0 ? .checkFailed : .ok
    }

    /// Tells that the agent cannot be asked, which is the finding, and what can be seen without it.
    func failed(_ error: ClientError, _ output: Output) async throws -> ExitStatus {
        let complaint = Complaint(error, role: .technician)
        complaint.tell(output)
        guard case .noSocket = error else { return complaint.status }
        let settings = await LocalCheck.settings()
        try output.tell(
            CheckLine.check(settings),
            or: CheckWords(output).lines([settings], CheckSummary([settings], durationSeconds: settings.durationSeconds)))
        return complaint.status
    }
}
