import ArgumentParser
import CheckoutAPI
import CheckoutClient
import DiagnosticsReport

struct ReportCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write how things are into one HTML file, with drawings of payments.",
        discussion: """
            State, checks, readers, and for payments a drawing from the till to the issuer with the time that each step took. Without \
            --payment it tells those that want a look, and the last one. The file loads nothing from anywhere and holds no secret, \
            and of a card only what a receipt must bear (never its number); amounts and carts it does hold. When the agent does not run it says what can be seen without it.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(name: [.customLong("payment")], help: "A payment to tell in full; may be given several times.", completion: .names(.payments))
    var payments: [String] = []
    @Option(help: "Where to write it; - is standard output. Without it a name with the time, here.") var output: String?

    private struct Done: Encodable {
        var file: String
    }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let facts = try await Gathering(agent).facts(payments, receipts: true)
        if let reason = facts.emptiness {
            Complaint(
                code: "empty_report", title: "The report would hold nothing", detail: reason,
                remedy: "Write it as root: sudo readerctl report", retryable: false, status: .notPermitted
            ).tell(output)
            return .notPermitted
        }
        let html = ReportPage(facts).html
        guard self.output != "-" else {
            try output.raw(html)
            return .ok
        }
        let path = self.output ?? "readerd-report-\(Times.forFileName(facts.madeAt)).html"
        do throws(WrittenFile.Fault) {
            try WrittenFile.write(Array(html.utf8), to: path)
        } catch {
            Complaint(
                code: "not_written", title: "The report could not be written", detail: error.description,
                remedy: "Name a file that this user may write: --output FILE", retryable: false, status: .refused
            ).tell(output)
            return .refused
        }
        try output.tell(Done(file: path), or: ["Written: \(shown(path))"])
        return .ok
    }
}
