import ArgumentParser
import CheckoutAPI
import CheckoutClient

/// Tries a reader out, step after step, and says of each what was sent, what came and what to do.
struct TrialCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "trial", abstract: "Try a reader out, one step after another (technicians).",
        discussion: """
            For the first hour with a real reader, in test mode: reach, certificate, activate, heartbeat, display, clear, collect_cancel, \
            collect_read, confirm. The last three are ordinary payments of the cart, and need --amount and a test-mode key; show a test card \
            when the reader asks a second time. Every message is written down beside, secrets and card data taken out, for readersim replay. \
            Exits with \(ExitStatus.checkFailed.rawValue) when a step failed. "The first hour with your reader" leads through it (readerctl docs).
            """)
    static let role = Role.technician

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Its id (tmr_…), serial number or label.", completion: .names(.readers)) var reader: String
    @Option(help: "A cart of the backend's that is open and not paid: its tokens are used, and with --amount it is paid.") var cart: String
    @Option(help: "What is asked for, such as 1.00. Test mode only.") var amount: String?
    @Option(help: "Only this step; may be repeated.") var step: [String] = []
    @Flag(help: "Show the messages of steps that passed as well.") var messages = false

    private func body() throws -> TrialBody {
        let steps = try step.map { word in
            guard let name = TrialStep.Name(rawValue: word) else {
                throw ValidationError(
                    "there is no step \(word); there are \(TrialStep.Name.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return name
        }
        return TrialBody(cart: cart, amount: amount, steps: steps.isEmpty ? nil : steps)
    }

    func validate() throws { _ = try body() }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let summary = try await output.follow(agent.trial(reader, try body()), named: "the trial") { line in
            guard case .step(let step) = line, !output.json else { return }
            try output.lines(TrialWords.lines(step, output, showsMessages: messages))
        }
        if !output.json { try output.lines(TrialWords.lines(summary)) }
        return summary.fail > 0 ? .checkFailed : .ok
    }
}

enum TrialWords {
    static func lines(_ step: TrialStep, _ output: Output, showsMessages: Bool) -> [String] {
        let mark =
            switch step.status {
            case .pass: output.good("pass")
            case .fail: output.bad("FAIL")
            case .skipped: "skip"
            }
        var lines = [wrapped("\(mark)  \(step.step.rawValue): \(shown(step.detail))")]
        guard step.status == .fail || showsMessages else { return lines }
        lines += messages("sent", step.sent) + messages("came", step.received)
        if step.status == .fail {
            lines.append(wrapped("      expected: \(shown(step.expected))"))
            if let remedy = step.remedy { lines.append(wrapped("      to do: \(shown(remedy))")) }
        }
        return lines
    }

    private static func messages(_ word: String, _ text: String?) -> [String] {
        (text ?? "").split(separator: "\n").map { "      \(word): \(shown(String($0), limit: 4_000))" }
    }

    static func lines(_ summary: TrialSummary) -> [String] {
        var lines = ["", "\(summary.pass) passed, \(summary.fail) failed, \(summary.skipped) not tried."]
        if !summary.payments.isEmpty { lines.append("Payments: \(shown(summary.payments.joined(separator: ", ")))") }
        if let recording = summary.recording { lines.append("Every message stands in \(shown(recording)) (readersim replay plays it).") }
        return lines
    }
}
