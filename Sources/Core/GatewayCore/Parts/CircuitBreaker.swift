import GatewayModel
import Moments

/// The breaker that stops calls to a backend that does not answer, so that a till is told at once instead of after a time-out.
///
/// There is one breaker per backend. It never counts an answer that the backend gave, however unwelcome.
package struct CircuitBreaker: Sendable {
    private enum State: Equatable {
        /// Calls pass. `failures` have followed one another. The breaker goes to `open` at the limit, and any answer resets the count.
        case closed(failures: Int)
        /// Calls are refused until that moment. The breaker goes to `probing` when the time has come.
        case open(until: MonoTime)
        /// One call passes to find out. The breaker goes to `closed` at its answer and to `open` at its failure. It forgets a lost probe at
        /// `until`.
        case probing(until: MonoTime)
    }

    private var state = State.closed(failures: 0)
    private var backoff = Backoff(base: 2_000, ceiling: 30_000)
    private let limit = 4

    package init() {}

    /// Whether new work should be refused now, because it is known that it cannot be done.
    package func refusesNewWork(at now: MonoTime) -> Bool {
        if case .open(let until) = state { return now < until }
        return false
    }

    package var isOpen: Bool {
        if case .closed = state { return false }
        return true
    }

    /// Notes a call that is about to be made. Work that has begun is never refused, because it has its own deadline.
    package mutating func calling(at now: MonoTime) {
        if case .open(let until) = state, now >= until { state = .probing(until: now + 15_000) }
    }

    package mutating func answered() {
        state = .closed(failures: 0)
        backoff.reset()
    }

    package mutating func failed(at now: MonoTime, random: inout SeededRandom) {
        switch state {
        case .closed(let failures) where failures + 1 < limit: state = .closed(failures: failures + 1)
        case .closed, .probing: state = .open(until: now + 1_000 + backoff.next(random: &random))
        case .open: return
        }
    }
}
