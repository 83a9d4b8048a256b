/// What is to be written to the journal, in order, one transaction at a time.
///
/// An entry that somebody waits for is given up when it cannot be written, and they are told; any other stays, is shown all the same, and is
/// written when there is room.
struct Outbox: Sendable {
    enum Waiter: Sendable, Equatable {
        case accepted(PaymentID)
        case confirming(PaymentID)
        case request(RequestID)
        /// The keyed-entry intent may be asked for.
        case keyedEntry(RequestID, CartID)
        /// The reader may be freed by hand.
        case release(RequestID, ReaderID, LeaseHolder)
        /// A technician's agreement to the loss of a journal holds.
        case lossAccepted(RequestID)
        case cardSetupAccepted(CardSetupID)
        /// A card may be stored at the backend.
        case cardMethod(CardSetupID)
    }

    struct Item: Sendable {
        var entry: JournalEntry
        var waiter: Waiter?
    }

    private var queue: [Item] = []
    private var inFlight: [Item] = []
    private var retryAt: MonoTime?
    private(set) var trouble: JournalTrouble?
    private var isWriting = false

    mutating func add(_ entry: JournalEntry, waiter: Waiter? = nil) {
        queue.append(Item(entry: entry, waiter: waiter))
        // Somebody waits: what could not be written a moment ago is tried again now.
        if waiter != nil { retryAt = nil }
    }

    /// The next transaction, if one may begin.
    mutating func next(at now: MonoTime) -> [JournalEntry]? {
        guard !isWriting, !queue.isEmpty else { return nil }
        if let retryAt, now < retryAt { return nil }
        isWriting = true
        inFlight = queue
        queue = []
        return inFlight.map(\.entry)
    }

    mutating func written() -> [Item] {
        isWriting = false
        retryAt = nil
        trouble = nil
        let items = inFlight
        inFlight = []
        return items
    }

    /// What was given up, and what stays to be written.
    mutating func failed(_ trouble: JournalTrouble, at now: MonoTime) -> (dropped: [Item], kept: [Item]) {
        isWriting = false
        self.trouble = trouble
        retryAt = now + 2_000
        let items = inFlight
        inFlight = []
        let kept = items.filter { $0.waiter == nil }
        queue = kept + queue
        return (items.filter { $0.waiter != nil }, kept)
    }

    /// What waits says something of a payment that turned out otherwise.
    mutating func amend(_ payment: PaymentID, _ change: (inout PaymentRecord) -> Void) {
        for index in queue.indices where queue[index].entry.payment?.id == payment {
            if var record = queue[index].entry.payment {
                change(&record)
                queue[index].entry.payment = record
            }
        }
    }

    var isEmpty: Bool { queue.isEmpty && inFlight.isEmpty }
    var nextWake: MonoTime? { isWriting || queue.isEmpty ? nil : retryAt }
}
