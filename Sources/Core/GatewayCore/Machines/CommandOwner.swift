import GatewayModel

/// The party that waits for a command's answer.
package enum CommandOwner: Sendable, Hashable {
    case holder(LeaseHolder)
    case request(RequestID)
    /// The machine itself, for activation, heartbeat and clearing.
    case session
}
