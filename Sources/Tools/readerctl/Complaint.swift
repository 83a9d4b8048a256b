import CheckoutAPI
import CheckoutClient
import Glibc

/// What went wrong, in words with the next thing to type, as a problem object, and as an exit code.
struct Complaint: Encodable {
    var type: String
    var title: String
    var detail: String
    var code: String
    var retryable: Bool
    var remedy: String?
    /// The payment that it is about.
    var payment: String?

    /// What to type, each on a line of its own; `remedy` in one piece.
    var steps: [(what: String, command: String)] = []
    var status: ExitStatus
    /// The agent's own problem, told as it came.
    var problem: Problem?

    private enum CodingKeys: String, CodingKey { case type, title, detail, code, retryable, remedy, payment }

    /// Problems of our own look like the agent's, without an HTTP status.
    init(
        code: String, title: String, detail: String, remedy: String? = nil, steps: [(what: String, command: String)] = [], retryable: Bool,
        status: ExitStatus
    ) {
        self.type = "urn:readerd:problem:\(code)"
        self.title = title
        self.detail = detail
        self.code = code
        self.retryable = retryable
        self.remedy = steps.isEmpty ? remedy : steps.map { "\($0.what): \($0.command)" }.joined(separator: "; ")
        self.steps = steps
        self.status = status
    }

    /// - Parameter role: what the command needs, for whom a socket is closed to.
    init(_ error: ClientError, payment: String? = nil, role: Role = .checkout) {
        switch error {
        case .noSocket(let path):
            self.init(
                code: "not_running", title: "The agent is not running", detail: "Nothing answers at \(path).",
                steps: [
                    ("See whether it runs", "systemctl status readerd"), ("Start it", "sudo systemctl start readerd"),
                    ("If its socket is elsewhere", "readerctl --socket PATH"),
                ], retryable: true, status: .notRunning)
        case .noPermission(let path):
            let group = Self.group(of: path, for: role)
            self.init(
                code: "no_permission", title: "No permission", detail: "This user may not open \(path): it is for the group \(group).",
                steps: [("Join the group, then log in again", "sudo usermod -aG \(group) $USER")], retryable: false, status: .notPermitted)
        case .problem(let problem):
            self.init(
                code: problem.code.rawValue, title: problem.title, detail: problem.detail, remedy: problem.remedy,
                retryable: problem.retryable, status: problem.code == .notPermitted ? .notPermitted : .refused)
            self.problem = problem
        case .connectionLost(let reason):
            self.init(
                code: "connection_lost", title: "The connection was lost", detail: "The connection to the agent was lost: \(reason).",
                steps: [("See whether it runs, then try again", "systemctl status readerd")], retryable: true, status: .connectionLost)
        case .timedOut(let limit):
            self.init(
                code: "timed_out", title: "No answer in time", detail: "The agent did not answer within \(limit.components.seconds) s.",
                steps: [("Try again; if it stays so", "journalctl -u readerd")], retryable: true, status: .connectionLost)
        case .invalidAnswer(let reason):
            self.init(
                code: "invalid_answer", title: "The answer is not understood", detail: "What came is not what the agent says: \(reason).",
                steps: [("See whether both are of the same version", "readerctl version")], retryable: false, status: .connectionLost)
        case .canceled:
            self.init(
                code: "canceled", title: "Canceled", detail: "The call was canceled.", retryable: true, status: .connectionLost)
        case .notEnded(_, let cause):
            self.init(
                code: "not_ended", title: "The outcome is not known", detail: PaymentWords.unknown,
                remedy: cause?.description, retryable: true, status: .unknown)
        }
        self.payment = payment ?? problem?.payment
    }

    /// What goes on in the next line stands further in than its beginning.
    private static let hanging = "    "

    func tell(_ output: Output) {
        if output.json {
            do {
                output.complain(try problem.map { try JSONLine.text($0) } ?? JSONLine.text(self))
            } catch {
                output.complain(detail)
            }
            return
        }
        // What is wrong with a field is said once, at the field.
        let said = problem?.errors?.isEmpty == false ? "" : " \(shown(detail))"
        var lines = [wrapped("readerctl: \(shown(title)).\(said)")]
        for field in problem?.errors ?? [] {
            let words = wrapped("\(shown(field.field)): \(shown(field.message, limit: 800))", indent: Self.hanging)
            lines.append(String(words.dropFirst(2)))
        }
        if let payment = problem?.payment { lines.append("  payment: \(shown(payment))") }
        if let candidates = problem?.candidates { lines.append("  could be: \(shown(candidates.joined(separator: ", ")))") }
        for step in steps { lines += ["  \(step.what):", "    \(step.command)"] }
        if steps.isEmpty, let remedy { lines.append(wrapped("What to do: \(shown(remedy))")) }
        output.complain(lines.joined(separator: "\n"))
    }

    /// The group that lets somebody with this role in. The package has one for each; a socket of somebody's own is its group's.
    private static func group(of path: String, for role: Role) -> String {
        let ours = "readerd-\(role.rawValue)"
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_gid != 0, let entry = getgrgid(facts.st_gid) else { return ours }
        let owner = shown(String(cString: entry.pointee.gr_name), limit: 64)
        return owner == "readerd-checkout" ? ours : owner
    }
}
