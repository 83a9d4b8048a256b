import GatewayModel
import Moments
import NIOCore

/// One call to a reader and its result, as they were on the wire. It holds secrets: it is for a recorder that takes them out, and its own
/// description leaves them out.
package struct ReaderExchange: Sendable, CustomStringConvertible {
    /// Bytes whose description is their number alone.
    package struct Body: Sendable, CustomStringConvertible, CustomReflectable {
        package let bytes: [UInt8]
        init(_ buffer: ByteBuffer) { bytes = Array(buffer.readableBytesView) }
        package var description: String { "\(bytes.count) bytes" }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    package enum Outcome: Sendable {
        case answer(status: Int, Body)
        case failure(ReaderFailure)
    }

    /// The reader's published name and port, as the `Host` header has it.
    package var authority: String
    /// The request's envelope.
    package var request: Body
    package var outcome: Outcome
    /// The time from the call to its end, its wait for a turn and connecting included.
    package var took: Duration

    init(_ authority: String, _ request: ByteBuffer, begun: ContinuousClock.Instant, _ outcome: Outcome) {
        self.authority = authority
        self.request = Body(request)
        self.outcome = outcome
        self.took = ContinuousClock.now - begun
    }

    package var description: String { "a call to \(authority) took \(took)" }
}
