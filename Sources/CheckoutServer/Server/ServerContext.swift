import CheckoutAPI
import Logging

/// What all connections of a server share.
struct ServerContext: Sendable {
    let version: String
    let limits: ServerLimits
    let policy: RolePolicy
    let service: any CheckoutService
    let dispatcher: Dispatcher
    let logger: Logger
    /// A graceful stop has begun.
    let stopping: Latch
    let now: @Sendable () -> Timestamp
}
