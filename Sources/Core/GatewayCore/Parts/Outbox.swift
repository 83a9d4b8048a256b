import GatewayModel
import Moments

/// What is to be written to the journal, in order, one transaction at a time.
///
/// An entry with a waiter is given up when it cannot be written, and the waiter is told. Any other entry stays, is shown all the same, and
/// is written when there is room. A disk that hangs is a disk that fails: no waiter waits longer than `deadline`.
struct Outbox: Sendable {
    enum Waiter: Sendable, Equatable {
        case accepted(PaymentID)
        case confirming(PaymentID)
        /// The agent may have the cart's first intent made, for a payment that waits for the list of readers.
        case intentAhead(PaymentID, CartMachine.Terms)
        /// The agent may ask for the keyed-entry intent.
        case keyedEntry(RequestID, CartID)
        /// The keyed-entry intent's secret may go to the checkout. After a restart too, its name tells what has to be read.
        indirect case keyedGiven(RequestID, CartID, BackendIntent)
        /// The reader may be freed by hand.
        case release(RequestID, ReaderID, LeaseHolder)
        /// A technician's agreement to the loss of a journal holds.
        case lossAccepted(RequestID)
        /// The payment's warnings are removed.
        indirect case acknowledged(RequestID, PaymentRecord, Acknowledged)
        case cardSetupAccepted(CardSetupID)
        /// The backend may store the card.
        case cardMethod(CardSetupID)
    }

    struct Item: Sendable {
        var entry: JournalEntry {
            _read { yield sharedEntry.value }
            _modify { yield &sharedEntry.value }
        }
        private var sharedEntry: Shared<JournalEntry>
        var waiter: Waiter?
        /// Since when the entry is to be written; nil when it came with the event that is being handled.
        var since: MonoTime?
        /// Whether the entry's time was over before its fate was known. The waiter, or the caller that would see it once written, has been
        /// told.
        var isOverdue = false

        init(_ entry: JournalEntry, waiter: Waiter?) {
            self.sharedEntry = Shared(entry)
            self.waiter = waiter
        }
    }

    /// The entries that cannot be written, or not in time.
    struct Failure: Sendable {
        /// Entries that were given up. They are not on disk and never will be. The waiter of an overdue one was told before that nothing
        /// comes of it.
        var dropped: [Item]
        /// Entries with a waiter. It will be known later whether they are on disk.
        var undecided: [Item]
        /// Entries without a waiter. They will be written, and are shown meanwhile.
        var kept: [Item]
    }

    /// How long an entry may take to get onto the disk, in milliseconds.
    static let deadline: Int64 = 10_000

    private var queue: [Item] = []
    private var inFlight: [Item] = []
    private var retryAt: MonoTime?
    private(set) var trouble: JournalTrouble?
    private var isWriting = false
    /// When the disk last took what was to be written; nil when it has not since the start.
    private(set) var writtenAt: WallTime?

    mutating func add(_ entry: JournalEntry, waiter: Waiter? = nil) {
        queue.append(Item(entry, waiter: waiter))
        // A waiter waits, so what could not be written a moment ago is tried again now.
        if waiter != nil { retryAt = nil }
    }

    /// The next transaction, if one may begin. The time of the entries that were added since runs from here.
    mutating func next(at now: MonoTime) -> [JournalEntry]? {
        for index in queue.indices where queue[index].since == nil { queue[index].since = now }
        guard !isWriting, !queue.isEmpty else { return nil }
        if let retryAt, now < retryAt { return nil }
        isWriting = true
        inFlight = queue
        queue = []
        return inFlight.map(\.entry)
    }

    /// Notes that all of the transaction is on disk. `isOverdue` marks those entries that were given up as late before.
    mutating func written(at moment: WallTime) -> [Item] {
        writtenAt = moment
        isWriting = false
        retryAt = nil
        trouble = nil
        let items = inFlight
        inFlight = []
        return items
    }

    mutating func failed(_ trouble: JournalTrouble, at now: MonoTime) -> Failure {
        isWriting = false
        self.trouble = trouble
        retryAt = now + 2_000
        let items = inFlight
        inFlight = []
        let kept = items.filter { $0.waiter == nil }
        queue = kept + queue
        return Failure(dropped: items.filter { $0.waiter != nil }, undecided: [], kept: kept.filter { !$0.isOverdue })
    }

    /// The entries whose time is over. An entry with a waiter that has not been handed to the disk is given up. The fate of one that has
    /// been is not known.
    mutating func overdue(at now: MonoTime) -> Failure? {
        guard let wake = overdueAt, now >= wake else { return nil }
        trouble = trouble ?? JournalTrouble(detail: "the disk has not answered for \(Self.deadline / 1000) s")
        var failure = Failure(dropped: [], undecided: [], kept: [])
        // The entries share one transaction. If it is late for one, it is late for all.
        let hangs = isStuck || (isWriting && inFlight.contains { isLate($0, now) })
        for index in inFlight.indices where hangs && !inFlight[index].isOverdue {
            inFlight[index].isOverdue = true
            if inFlight[index].waiter == nil { failure.kept.append(inFlight[index]) } else { failure.undecided.append(inFlight[index]) }
        }
        var staying: [Item] = []
        for var item in queue {
            // No entry waits behind a transaction that hangs.
            guard !item.isOverdue, hangs || isLate(item, now) else {
                staying.append(item)
                continue
            }
            if item.waiter != nil {
                failure.dropped.append(item)
            } else {
                item.isOverdue = true
                failure.kept.append(item)
                staying.append(item)
            }
        }
        queue = staying
        return failure
    }

    private func isLate(_ item: Item, _ now: MonoTime) -> Bool {
        guard !item.isOverdue, let since = item.since else { return false }
        return now >= since + Self.deadline
    }

    /// When the next entry is overdue. Entries stand in the order of arrival, so it is the first that is not overdue yet.
    private var overdueAt: MonoTime? {
        if isStuck { return queue.contains { !$0.isOverdue } ? .min : nil }
        let next = inFlight.first { !$0.isOverdue } ?? queue.first { !$0.isOverdue }
        return next?.since.map { $0 + Self.deadline }
    }

    /// Whether the disk has been asked to write and does not answer. Then nothing begins that would have to wait for it.
    var isStuck: Bool { isWriting && inFlight.contains(where: \.isOverdue) }

    /// Changes the entries that wait, because the payment turned out otherwise than they say.
    mutating func amend(_ payment: PaymentID, _ change: (inout PaymentRecord) -> Void) {
        for index in queue.indices where queue[index].entry.payment?.id == payment {
            if var record = queue[index].entry.payment {
                change(&record)
                queue[index].entry.payment = record
            }
        }
    }

    /// Takes back a row with a waiter that has not been handed to the disk. Returns false when it has been.
    mutating func withdraw(_ waiter: Waiter) -> Bool {
        guard let index = queue.firstIndex(where: { $0.waiter == waiter }) else { return false }
        queue.remove(at: index)
        return true
    }

    var isEmpty: Bool { queue.isEmpty && inFlight.isEmpty }

    var nextWake: MonoTime? {
        let retry = isWriting || queue.isEmpty ? nil : retryAt
        guard let overdueAt else { return retry }
        return min(retry ?? .max, overdueAt)
    }
}

/// What an acknowledgement took off, to be given back if it cannot be journaled.
struct Acknowledged: Sendable, Equatable {
    var warnings: [PaymentWarning]
    /// Whether the cart was held for the payment.
    var lifts: Bool
}
