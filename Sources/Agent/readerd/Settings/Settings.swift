import CheckoutAPI
import GatewayCore
import GatewayModel
import Moments
import Logging
import ReaderLinks
import WebCall

/// Everything that readerd runs with, checked: what stands here can be used as it is.
///
/// It holds no secret: those stay in the files that are named here until they are needed.
package struct Settings: Sendable, Equatable {
    /// The backend's id of this location (`location`).
    package var location: String
    /// A cart that serves for what needs a connection token while no sale is open (`maintenance_cart`).
    package var maintenanceCart: CartID?
    package var backend: Backend
    /// Stripe's address (`stripe.base_url`).
    package var stripe: WebBase
    /// A PEM file of authorities that count beside the system's (`trust_roots`). Absolute.
    package var trustRoots: String?
    package var socket: Socket
    /// Who may do what (`roles`). Root and the daemon's own user are technicians without being named.
    package var roles: [Role: Members]
    /// The absolute path of what is kept (`state_directory`).
    package var stateDirectory: String
    /// Each lane's reader by its id, serial number or label (`lanes.NAME.reader`).
    package var lanes: [LaneName: String]
    /// Labels by serial number (`readers.SERIAL.label`).
    package var readerLabels: [String: String]
    package var lan: LAN
    package var readerProtocol: ReaderProtocol
    package var usb: USB
    package var payment: Payment
    package var timeouts: Timeouts
    /// Days for which ended payments stay in the journal (`journal.keep_days`).
    package var journalKeepDays: Int
    package var log: Log

    package struct Backend: Sendable, Equatable {
        /// The backend's address (`backend.base_url`).
        package var base: WebBase
        package var credential: Credential
    }

    package enum Credential: Sendable, Equatable {
        /// The absolute path of the token's file (`backend.token_file`).
        case tokenFile(String)
        case oauth(OAuth)
    }

    /// How tokens are renewed (`backend.oauth`); its paths are absolute.
    package struct OAuth: Sendable, Equatable {
        package var tokenURL: String
        package var clientID: String
        package var clientSecretFile: String
        /// The file of the refresh token, which is rewritten at every renewal.
        package var refreshTokenFile: String
    }

    package struct Socket: Sendable, Equatable {
        /// The socket's absolute path.
        package var path: String
        package var mode: UInt32
        /// The socket's group, by name or number.
        package var group: String?
    }

    /// Users and groups by names or numbers, as they were written; `AccountResolver` makes numbers of them.
    package struct Members: Sendable, Equatable {
        package var users: [String]
        package var groups: [String]
    }

    package struct LAN: Sendable, Equatable {
        package var sweep: Bool
        /// The networks that are scanned; none stands for the box's own private ones.
        package var subnets: [Subnet]
        package var addresses: [PrivateAddress]
        package var port: Int
    }

    /// What is said to readers of the program that speaks (`reader_protocol`).
    package struct ReaderProtocol: Sendable, Equatable {
        package var clientType: String
        package var clientVersion: String
        package var sendsTransactionContext: Bool
        package var heartbeat: Seconds
    }

    package struct USB: Sendable, Equatable {
        package var enabled: Bool
        /// Devices to leave alone: `VVVV:PPPP` (vendor and product, hexadecimal) or a serial number.
        package var exclude: [String]
    }

    package struct Payment: Sendable, Equatable {
        /// How long a customer may take to present a card, when the checkout does not say.
        package var timeoutSeconds: Int
        package var queueTimeout: Seconds
        package var eagerCollect: Bool
    }

    package struct Timeouts: Sendable, Equatable {
        package var connect: Seconds
        package var backend: Seconds
        package var stripe: Seconds
        package var reader: Seconds
        package var confirm: Seconds
        package var tokenAge: Seconds
        package var status: Seconds
        package var registration: Seconds
        package var authorizationWindow: Seconds
    }

    package struct Log: Sendable, Equatable {
        package enum Format: String, Sendable, CaseIterable { case text, json }
        package var level: Logger.Level
        package var format: Format
    }
}

/// A duration of the settings, to the millisecond.
package struct Seconds: Sendable, Hashable, CustomStringConvertible {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package var duration: Duration { .milliseconds(milliseconds) }

    package var description: String {
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(rest + 1000).dropFirst()
        while digits.hasSuffix("0") { digits = digits.dropLast() }
        return "\(whole).\(digits)"
    }
}
