package import CheckoutAPI
internal import GatewayModel
import Moments

/// How long the backend's credential is good for, as far as it says so itself.
package enum CredentialLife: Sendable, Equatable {
    case ends(WallTime)
    /// A credential that the agent renews by itself; the one in use lasts so long, when that is known.
    case renewed(endsIn: Duration?)
    case notSaid
}

/// What the agent knows of itself, in the contract's words. It hands this over and learns nothing in return.
package struct CheckedAgent: Sendable {
    package struct Token: Sendable {
        package var at: Timestamp
        package var seconds: Double
        /// `ok`, or in a word what went wrong.
        package var result: String
        /// When a token was last given.
        package var lastOKAt: Timestamp?

        package init(at: Timestamp, seconds: Double, result: String, lastOKAt: Timestamp?) {
            self.at = at
            self.seconds = seconds
            self.result = result
            self.lastOKAt = lastOKAt
        }
    }

    package var status: Status
    package var devices: [Device]
    /// Whether the publishable keys that were seen are live ones; nil: none was seen, or both kinds.
    package var keyIsLive: Bool?
    /// Whether each reader says of itself that it is live.
    package var readerModes: [String: Bool]
    package var lastToken: Token?

    package init(
        status: Status, devices: [Device] = [], keyIsLive: Bool? = nil, readerModes: [String: Bool] = [:], lastToken: Token? = nil
    ) {
        self.status = status
        self.devices = devices
        self.keyIsLive = keyIsLive
        self.readerModes = readerModes
        self.lastToken = lastToken
    }
}
