import GatewayModel

/// The newest events of the journal, without a gap. Who follows the events has them from here, and the journal is not read for that.
struct NewestEvents {
    static let kept = 32
    private var events: [StoredEvent] = []

    /// Adds what was written. Events whose numbers do not follow those at hand take their place.
    mutating func add(_ more: [StoredEvent]) {
        if let last = events.last, more.first?.sequence != last.sequence &+ 1 { events = [] }
        events += more
        events.removeFirst(max(0, events.count - Self.kept))
    }

    /// Forgets all of them.
    mutating func clear() { events = [] }

    /// The next events after a sequence number. The result is nil when not all of them are at hand.
    func next(_ limit: Int, after sequence: Int64, of payment: PaymentID?) -> [StoredEvent]? {
        guard let first = events.first, first.sequence <= sequence.addingReportingOverflow(1).partialValue else { return nil }
        return Array(events.lazy.filter { $0.sequence > sequence && (payment == nil || $0.record?.id == payment) }.prefix(limit))
    }
}
