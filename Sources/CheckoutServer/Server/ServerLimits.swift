/// How much the server bears.
package struct ServerLimits: Sendable, Hashable {
    /// Open connections; one more is answered 429 and closed.
    package var connections = 256
    /// From a request's first byte to its last.
    package var request: Duration = .seconds(30)
    /// Without a request.
    package var idle: Duration = .seconds(300)
    /// For a caller to take what was written to it.
    package var write: Duration = .seconds(30)
    /// Between heartbeats of a stream; the contract promises 15 s.
    package var heartbeat: Duration = .seconds(10)
    /// From the beginning of a graceful stop to the closing of what is left.
    package var stop: Duration = .seconds(10)
    /// How long idle connections stay open during a graceful stop, so that a request on its way is refused with a word.
    package var stopGrace: Duration = .milliseconds(250)
    /// How long a connection is read on after its last answer, so that the caller can finish writing and read it.
    package var linger: Duration = .seconds(2)

    package init() {}
}
