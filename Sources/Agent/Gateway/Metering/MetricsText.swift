internal import CheckoutAPI
internal import GatewayCore
internal import GatewayModel
import Moments

/// Everything that the metrics say, taken at one moment.
struct MetricsSnapshot: Sendable {
    var version: String
    var startedAt: WallTime
    var status: Status
    var counts: Meter.Counts
    /// Bytes of the journal's files.
    var journalBytes: Int
    var process: ProcessFacts

    /// The names are part of what monitoring is built on: one that stands here keeps its meaning.
    var text: String {
        var out = OpenMetrics()
        out.family("readerd", .info, "The agent.")
        out.sample("readerd_info", [("version", version)], 1)
        out.family("readerd_start_time_seconds", .gauge, unit: "seconds", "When the agent started, in seconds since 1970.")
        out.sample("readerd_start_time_seconds", Double(startedAt.milliseconds) / 1000)
        writeState(&out)
        writePayments(&out)
        writeCalls(&out)
        out.family("readerd_journal_size_bytes", .gauge, unit: "bytes", "The journal's files on disk.")
        out.sample("readerd_journal_size_bytes", journalBytes)
        process.write(&out)
        return out.finished()
    }

    private func writeState(_ out: inout OpenMetrics) {
        out.family("readerd_can_take_payments", .gauge, "1 when a payment could be taken now.")
        out.sample("readerd_can_take_payments", status.canTakePayments ? 1 : 0)
        out.family("readerd_reasons", .gauge, "1 for each reason that the status gives, by its code.")
        for code in Set(status.reasons.map(\.code)).sorted() { out.sample("readerd_reasons", [("code", code)], 1) }
        out.family("readerd_backend_ok", .gauge, "1 when the backend answers and accepts the agent's credential.")
        out.sample("readerd_backend_ok", status.backend.state == .ok ? 1 : 0)
        out.family("readerd_journal_ok", .gauge, "1 when payments can be journaled.")
        out.sample("readerd_journal_ok", status.journal.state == .ok ? 1 : 0)
        out.family("readerd_readers", .gauge, "Readers by state.")
        for state in Reader.State.known {
            out.sample("readerd_readers", [("state", state.rawValue)], status.readers.count { $0.state == state })
        }
        out.family("readerd_waiting_payments", .gauge, "Payments that wait for a reader.")
        out.sample("readerd_waiting_payments", status.openPayments.count { $0.state == .queued })
        out.family("readerd_open_payments", .gauge, "Payments that have not ended, by state.")
        for state in Payment.State.allCases where !state.isEnd {
            out.sample("readerd_open_payments", [("state", state.rawValue)], status.openPayments.count { $0.state == state })
        }
    }

    private func writePayments(_ out: inout OpenMetrics) {
        let ends = Payment.State.allCases.filter(\.isEnd)
        out.family("readerd_payments_accepted", .counter, "Payments that were taken on.")
        out.sample("readerd_payments_accepted_total", counts.accepted)
        out.family("readerd_payments_ended", .counter, "Payments that ended, by how.")
        for state in ends {
            out.sample("readerd_payments_ended_total", [("outcome", state.rawValue)], counts.ended[PaymentState(state)] ?? 0)
        }
        out.family(
            "readerd_payment_duration_seconds", .histogram, unit: "seconds", "From acceptance to the end, the customer's time included.")
        for state in ends {
            guard let histogram = counts.paymentDurations[PaymentState(state)] else { continue }
            out.histogram("readerd_payment_duration_seconds", [("outcome", state.rawValue)], histogram)
        }
    }

    private func writeCalls(_ out: inout OpenMetrics) {
        out.family("readerd_calls", .counter, "Calls to the backend, Stripe, readers and the journal, by how they ended.")
        for (facts, count) in counts.calls.sorted(by: { $0.key < $1.key }) {
            out.sample("readerd_calls_total", [("party", facts.party.rawValue), ("call", facts.name), ("result", facts.result)], count)
        }
        out.family("readerd_call_duration_seconds", .histogram, unit: "seconds", "How long they took.")
        for (key, histogram) in counts.durations.sorted(by: { ($0.key.party.rawValue, $0.key.name) < ($1.key.party.rawValue, $1.key.name) })
        {
            out.histogram("readerd_call_duration_seconds", [("party", key.party.rawValue), ("call", key.name)], histogram)
        }
        out.family(
            "readerd_last_connection_token_seconds", .gauge, unit: "seconds",
            "When the backend last gave a connection token, in seconds since 1970.")
        if let at = counts.lastToken?.lastOKAt { out.sample("readerd_last_connection_token_seconds", Double(at.milliseconds) / 1000) }
    }
}

extension CallFacts {
    fileprivate static func < (left: CallFacts, right: CallFacts) -> Bool {
        (left.party.rawValue, left.name, left.result) < (right.party.rawValue, right.name, right.result)
    }
}
