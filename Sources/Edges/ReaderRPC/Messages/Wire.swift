/// The reader's messages on the wire (reader-protocol, sections 2 and 3). The shapes were observed in published clients, and no vendor
/// promises them.
///
/// Both ends use these types: the client writes requests and reads responses, and the simulated reader does the reverse. Requests are
/// strict: a request that lacks a required field does not decode. Responses are tolerant: a field that is missing, null or of another type
/// reads as nil, so that an odd detail cannot hide the fact that decides (an intent's status).
package enum Wire {
    /// The only service that a reader offers.
    package static let service = "JackRabbitService"
    /// The one path for every method.
    package static let path = "/protojsonservice/JackRabbitService"
    /// The codes of success, which are compared strictly.
    package static let rpcOK = "RPC_OK"
    package static let appOK = "OK"

    /// The `method` of an envelope.
    package enum Method: String, Sendable, CaseIterable {
        case activateTerminal, terminalHeartbeat, setReaderDisplay, clearReaderDisplay
        case collectPaymentMethod, queryPaymentMethod, cancelCollectPaymentMethod, confirmPayment
        case collectReusableCard, queryCollectReusableCard, confirmReusableCard, cancelCollectReusableCard
    }

    /// A message without fields, `{}`.
    package struct Empty: Codable, Sendable, Equatable {
        package init() {}
    }
}

/// A message that carries a secret. Its description is its type alone, so that no log, error or crash text can show it.
package protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    package var description: String { "\(Self.self)(<redacted>)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
