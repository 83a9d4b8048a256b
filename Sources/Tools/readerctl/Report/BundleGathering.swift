import CheckoutAPI
import CheckoutClient
import DiagnosticsReport
import Glibc

/// Puts together what the support archive holds.
struct BundleGathering {
    let agent: CheckoutClient
    let days: Int
    /// readerd's settings file, when it is not where the package puts it.
    let settings: String?

    private static let paymentLimit = 2_000
    private static let traceLimit = 200
    private static let logLines = 5_000

    func bundle() async throws(ClientError) -> SupportBundle {
        let gathering = Gathering(agent)
        let facts = try await gathering.facts([])
        var bundle = SupportBundle()
        bundle.add("report.html", "the state, the checks and the last payments, to be looked at in a browser", ReportPage(facts).html)
        add("info.json", "versions and mode", facts.info, &bundle)
        add("status.json", "whether payments can be taken, readers, lanes, open payments", facts.status, &bundle)
        add("checks.json", "what the checks found", facts.checks, &bundle)
        add("readers.json", "the readers", facts.status.map(\.readers), &bundle)
        add("devices.json", "what was seen on USB and the network", facts.devices, &bundle)
        await addPayments(gathering, &bundle)
        switch await gathering.had({ try await agent.metrics() }) {
        case .had(let text): bundle.add("metrics.txt", "the agent's counters", text)
        case .not(let reason): bundle.miss("metrics.txt", reason)
        }
        await addSettings(&bundle)
        await addLog(&bundle)
        await addVersions(facts, &bundle)
        return bundle
    }

    private func add(_ name: String, _ what: String, _ part: Had<some Encodable>, _ bundle: inout SupportBundle) {
        switch part {
        case .had(let value): addLines(name, what, [value], &bundle)
        case .not(let reason): bundle.miss(name, reason)
        }
    }

    private func addLines(_ name: String, _ what: String, _ values: [some Encodable], _ bundle: inout SupportBundle) {
        do {
            bundle.add(name, what, try values.map { try JSONLine.text($0) + "\n" }.joined())
        } catch {
            bundle.miss(name, "it cannot be written as JSON")
        }
    }

    /// Adds the payments of the last days without what is known of cards, and the calls they took.
    private func addPayments(_ gathering: Gathering, _ bundle: inout SupportBundle) async {
        let oldest = Timestamp(milliseconds: gathering.now.milliseconds - Int64(days) * 86_400_000)
        var payments: [Payment] = []
        var before: String?
        pages: repeat {
            switch await gathering.had({ try await agent.payments(limit: 200, before: before) }) {
            case .not(let reason):
                bundle.miss(payments.isEmpty ? "payments.jsonl" : "payments.jsonl, older ones", reason)
                before = nil
            case .had(let page):
                for payment in page.payments {
                    guard payment.createdAt >= oldest else { break pages }
                    payments.append(payment.forMonitor)
                }
                before = page.payments.isEmpty ? nil : page.next
            }
        } while before != nil && payments.count < Self.paymentLimit
        let span = days == 1 ? "the last day" : "the last \(days) days"
        guard !payments.isEmpty else { return bundle.miss("payments.jsonl", "there is no payment of \(span)") }
        addLines("payments.jsonl", "the payments of \(span), without card data", payments, &bundle)
        var traces: [PaymentTrace] = []
        for payment in payments.prefix(Self.traceLimit) {
            if let trace = await gathering.had({ try await agent.paymentTrace(payment.id) }).value, !trace.steps.isEmpty {
                traces.append(trace)
            }
        }
        addLines("traces.jsonl", "the calls that these payments took, as far as the agent remembers them", traces, &bundle)
    }

    private func addSettings(_ bundle: inout SupportBundle) async {
        guard let program = LocalCheck.readerd() else { return bundle.miss("settings.txt", "the program readerd is not on this box") }
        let command = [program, "--check-config"] + (settings.map { ["--config", $0] } ?? [])
        await addOutput("settings.txt", "readerd's settings; of secrets only where they are", command, alsoErrors: true, &bundle)
    }

    private func addLog(_ bundle: inout SupportBundle) async {
        let command = [
            "journalctl", "--unit", "readerd", "--since", "-\(days)d", "--lines", "\(Self.logLines)", "--output", "short-iso-precise",
            "--no-pager",
            "--quiet",
        ]
        await addOutput("log.txt", "readerd's log", command, alsoErrors: false, &bundle)
    }

    private func addVersions(_ facts: ReportFacts, _ bundle: inout SupportBundle) async {
        var lines = ["box: \(facts.box)", "readerctl: \(Readerctl.version)", "agent: \(facts.info.value?.version ?? "does not answer")"]
        if let program = LocalCheck.readerd(), let version = await output([program, "--version"], alsoErrors: false).value {
            lines.append("readerd on disk: \(version)")
        }
        bundle.add("versions.txt", "versions of the box and of the programs", lines.joined(separator: "\n") + "\n")
    }

    private func addOutput(
        _ name: String, _ what: String, _ command: [String], alsoErrors: Bool, _ bundle: inout SupportBundle
    ) async {
        switch await output(command, alsoErrors: alsoErrors) {
        case .had(let text): bundle.add(name, what, text + "\n")
        case .not(let reason): bundle.miss(name, reason)
        }
    }

    /// - Parameter alsoErrors: what it says on standard error belongs to the answer, as with settings that are wrong.
    private func output(_ command: [String], alsoErrors: Bool) async -> Had<String> {
        do {
            let result = try await Subprogram.run(command, within: .seconds(20))
            let said = (result.output + (alsoErrors ? result.errors : "")).trimmed
            if !said.isEmpty { return .had(said) }
            let why = result.errors.trimmed
            let nothing = geteuid() == 0 ? "there is nothing" : "there is nothing that this user may read (as root: sudo readerctl bundle)"
            return .not(why.isEmpty ? nothing : shown(why))
        } catch {
            return .not("\(error)")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text.drop { $0.isWhitespace })
    }
}
