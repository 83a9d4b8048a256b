/// How much the server bears.
package struct ServerLimits: Sendable, Hashable {
    /// Connections whose work has not ended; one more is answered 429 and closed. Those that only look on have half of them.
    package var connections = 256
    /// Connections beyond that for callers that may take payments, and for nothing else than payments: whatever else goes on, a till can sell.
    package var reserve = 16
    /// Time from a request's first byte to its last.
    package var request: Duration = .seconds(30)
    /// Time that a connection may be open without a request.
    package var idle: Duration = .seconds(300)
    /// Time that a connection of the reserve may be open without a request.
    package var reserveIdle: Duration = .seconds(5)
    /// Time for a caller to take what was written to it.
    package var write: Duration = .seconds(30)
    /// Time between heartbeats of a stream; the contract promises 15 s.
    package var heartbeat: Duration = .seconds(10)
    /// Time from the beginning of a graceful stop to the closing of what is left.
    package var stop: Duration = .seconds(10)
    /// How long idle connections stay open during a graceful stop, so that a request on its way is refused with a word.
    package var stopGrace: Duration = .milliseconds(250)
    /// How long a connection is read on after its last answer, so that the caller can finish writing and read it.
    package var linger: Duration = .seconds(2)
    /// Time before a caller is told that too much of that kind is under way: most ask again at once, and telling them costs something, too.
    package var overloadPause: Duration = .milliseconds(100)
    /// How much of each kind of work may be under way at once.
    package var work: [Work: Int] = [.prepares: 96, .waits: 128, .streams: 128, .checks: 4, .lists: 16, .looks: 96]
    /// Bytes of bodies that have come and are not understood yet, of all connections.
    package var bodyBytes = 8 * 1024 * 1024

    package init() {}
}
