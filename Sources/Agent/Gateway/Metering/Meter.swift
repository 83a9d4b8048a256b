internal import CheckoutAPI
internal import GatewayCore
internal import GatewayModel
import Moments
internal import Synchronization

/// Counts what the agent does, and remembers the calls of the last payments. In memory alone: it starts at zero with the agent.
///
/// It is told of every call and costs the calling task less than a microsecond or two; it decides nothing.
final class Meter: Sendable {
    struct CallKey: Sendable, Hashable {
        var party: PaymentTrace.Step.Party
        var name: String
    }

    struct Counts: Sendable {
        var calls: [CallFacts: Int] = [:]
        var durations: [CallKey: Histogram] = [:]
        var accepted = 0
        var ended: [PaymentState: Int] = [:]
        var paymentDurations: [PaymentState: Histogram] = [:]
        var lastToken: TokenFacts?
    }

    /// The last time that a connection token was asked for.
    struct TokenFacts: Sendable, Equatable {
        var at: WallTime
        var seconds: Double
        var result: String
        /// When a token was last given.
        var lastOKAt: WallTime?
    }

    private struct State {
        var counts = Counts()
        var steps: [String: [PaymentTrace.Step]] = [:]
        /// Payments with steps, oldest first.
        var order: [String] = []

        mutating func remember(_ step: PaymentTrace.Step, of payment: String, limits: (payments: Int, steps: Int)) {
            if steps[payment] == nil {
                order.append(payment)
                if order.count > limits.payments { steps[order.removeFirst()] = nil }
            }
            guard (steps[payment]?.count ?? 0) < limits.steps else { return }
            // Calls end in another order than they began.
            let place = (steps[payment] ?? []).lastIndex { $0.at <= step.at }.map { $0 + 1 } ?? 0
            steps[payment, default: []].insert(step, at: place)
        }
    }

    /// How many payments' calls are remembered, and how many of each: a payment that is looked after for days must not fill memory.
    private static let paymentLimit = 500
    private static let stepLimit = 200

    private let state = Mutex(State())

    var counts: Counts { state.withLock { $0.counts } }

    func steps(of payment: String) -> [PaymentTrace.Step] { state.withLock { $0.steps[payment] ?? [] } }

    /// `trace` is `{payment}.{n}`, or `agent.{n}`.
    func called(_ call: Call, _ answer: Answer, at wall: WallTime, took duration: Duration, trace: String) {
        let facts = CallFacts(call, answer)
        let seconds = Double(duration / .microseconds(1)) / 1_000_000
        let payment = trace.lastIndex(of: ".").map { String(trace[..<$0]) } ?? trace
        state.withLock { state in
            state.counts.calls[facts, default: 0] += 1
            state.counts.durations[CallKey(party: facts.party, name: facts.name), default: .call].add(seconds)
            if case .connectionToken = call {
                let isGood = facts.result == "ok"
                state.counts.lastToken = TokenFacts(
                    at: wall, seconds: seconds, result: facts.result, lastOKAt: isGood ? wall : state.counts.lastToken?.lastOKAt)
            }
            guard payment != "agent" else { return }
            state.remember(
                PaymentTrace.Step(
                    party: facts.party, call: facts.name, at: Timestamp(wall), durationSeconds: seconds, result: facts.result),
                of: payment, limits: (Self.paymentLimit, Self.stepLimit))
        }
    }

    /// Counts what has been journaled: a payment's acceptance and its end come once each.
    func journaled(_ entry: JournalEntry) {
        guard let record = entry.payment else { return }
        state.withLock { state in
            if entry.kind == .accepted { state.counts.accepted += 1 }
            guard entry.kind == .ended, record.state.isEnd else { return }
            state.counts.ended[record.state, default: 0] += 1
            if let end = record.endedAt {
                state.counts.paymentDurations[record.state, default: .payment].add(Double(max(0, end - record.createdAt)) / 1000)
            }
        }
    }
}
