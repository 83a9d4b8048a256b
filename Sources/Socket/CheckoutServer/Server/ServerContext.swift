import CheckoutAPI
import Logging

/// What all connections of a server share.
struct ServerContext: Sendable {
    let version: String
    let limits: ServerLimits
    let policy: RolePolicy
    let service: any CheckoutService
    /// The service's; kept here, for it is asked with every request.
    let settled: SettledAnswers?
    let dispatcher: Dispatcher
    let budgets: Budgets
    let bodies: ByteBudget
    let logger: Logger
    /// A graceful stop has begun.
    let stopping: Latch
    let now: @Sendable () -> Timestamp

    var tooManyConnections: Problem {
        Problem(
            .overloaded, "Too many connections are open, or what they asked for is still under way.",
            remedy:
                "Close connections that are not used; \(limits.connections) can be open, half of them by callers that only look on. Payments still get through."
        )
    }
}
