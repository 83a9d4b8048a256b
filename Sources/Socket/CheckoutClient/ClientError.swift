import CheckoutAPI

/// Why a call to the agent gave no answer that can be used.
///
/// On ``CheckoutClient/pay(_:_:wait:)`` only ``problem(_:)`` says that no payment exists because of this request.
/// After every other error the payment may or may not have begun: repeat the call with the same id and the same body.
public enum ClientError: Error, Sendable {
    /// Nothing answers at this path: the socket is missing or nobody listens (`ENOENT`, `ENOTDIR`, `ECONNREFUSED`). The agent is not running, or its socket is elsewhere.
    case noSocket(path: String)
    /// The system does not let this user open the socket (`EACCES`, `EPERM`). Usually the user is not in the group that owns it.
    case noPermission(path: String)
    /// The agent refused, and says why (RFC 9457). Decide by its `code`.
    case problem(Problem)
    /// The connection could not be made or broke before the whole answer was here.
    case connectionLost(reason: String)
    /// No whole answer within this time; on a stream: not even a heartbeat.
    case timedOut(after: Duration)
    /// Something answered that is not what the contract says. Is that socket the agent's, and is it of the same version?
    case invalidAnswer(reason: String)
    /// The task was cancelled while it waited. What was asked may have been done.
    case canceled
    /// ``CheckoutClient/payUntilEnded(id:body:deadline:)`` reached its deadline. `last` is the payment as it was last seen, if it was;
    /// `cause` is what stood in the way, if the agent could not be reached at the end.
    indirect case notEnded(last: Payment?, cause: ClientError?)
}

extension ClientError: CustomStringConvertible {
    /// One sentence for people; for a refusal the agent's own.
    public var description: String {
        switch self {
        case .noSocket(let path): "The agent is not running: nothing answers at \(path)."
        case .noPermission(let path): "No permission to open \(path): is this user in the group that owns it (readerd-checkout)?"
        case .problem(let problem): problem.detail
        case .connectionLost(let reason): "The connection to the agent was lost: \(reason)."
        case .timedOut(let limit): "The agent did not answer within \(limit)."
        case .invalidAnswer(let reason): "The answer is not the agent's: \(reason)."
        case .canceled: "The call was cancelled."
        case .notEnded(let last, let cause):
            [
                "The payment had not ended at the deadline", last.map { " (\($0.state))" } ?? "", ".",
                cause.map { " \($0.description)" } ?? "",
            ].joined()
        }
    }
}
