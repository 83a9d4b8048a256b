import GatewayModel
import Moments

/// What is to be written to the journal, in order, one transaction at a time.
///
/// An entry that somebody waits for is given up when it cannot be written, and they are told; any other stays, is shown all the same, and is
/// written when there is room. A disk that hangs is a disk that fails: nobody waits longer than `deadline`.
struct Outbox: Sendable {
    enum Waiter: Sendable, Equatable {
        case accepted(PaymentID)
        case confirming(PaymentID)
        /// The keyed-entry intent may be asked for.
        case keyedEntry(RequestID, CartID)
        /// The keyed-entry intent's secret may go to the checkout: after a restart too, its name tells what is to be read.
        case keyedGiven(RequestID, CartID, BackendIntent)
        /// The reader may be freed by hand.
        case release(RequestID, ReaderID, LeaseHolder)
        /// A technician's agreement to the loss of a journal holds.
        case lossAccepted(RequestID)
        /// The payment's warnings are taken off.
        case acknowledged(RequestID, PaymentRecord, Acknowledged)
        case cardSetupAccepted(CardSetupID)
        /// A card may be stored at the backend.
        case cardMethod(CardSetupID)
    }

    struct Item: Sendable {
        var entry: JournalEntry
        var waiter: Waiter?
        /// Since when it is to be written; nil: it came with the event that is being handled.
        var since: MonoTime?
        /// The time was over before its fate was known: whoever waits, or would be shown it once written, has been told.
        var isOverdue = false
    }

    /// What is told when something cannot be written, or not in time.
    struct Failure: Sendable {
        /// Given up: it is not on disk and will not be. Of one that is overdue it had been told before that nothing comes of it.
        var dropped: [Item]
        /// Somebody waits, and whether it is on disk will be known later.
        var undecided: [Item]
        /// Nobody waits: it will be written, and is shown meanwhile.
        var kept: [Item]
    }

    /// How long anything may take to get onto the disk.
    static let deadline: Int64 = 10_000

    private var queue: [Item] = []
    private var inFlight: [Item] = []
    private var retryAt: MonoTime?
    private(set) var trouble: JournalTrouble?
    private var isWriting = false
    /// When the disk last took what was to be written; nil: not since the start.
    private(set) var writtenAt: WallTime?

    mutating func add(_ entry: JournalEntry, waiter: Waiter? = nil) {
        queue.append(Item(entry: entry, waiter: waiter))
        // Somebody waits: what could not be written a moment ago is tried again now.
        if waiter != nil { retryAt = nil }
    }

    /// The next transaction, if one may begin. From here on the time runs of what was added since.
    mutating func next(at now: MonoTime) -> [JournalEntry]? {
        for index in queue.indices where queue[index].since == nil { queue[index].since = now }
        guard !isWriting, !queue.isEmpty else { return nil }
        if let retryAt, now < retryAt { return nil }
        isWriting = true
        inFlight = queue
        queue = []
        return inFlight.map(\.entry)
    }

    /// On disk, all of it; `isOverdue` of those that were given up as late before.
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

    /// Whose time is over. What has not been handed to the disk yet, and is waited for, is given up; of what has, nobody knows.
    mutating func overdue(at now: MonoTime) -> Failure? {
        guard let wake = overdueAt, now >= wake else { return nil }
        trouble = trouble ?? JournalTrouble(detail: "the disk has not answered for \(Self.deadline / 1000) s")
        var failure = Failure(dropped: [], undecided: [], kept: [])
        // One transaction: what is late for one of its entries is late for all.
        let hangs = isStuck || (isWriting && inFlight.contains { isLate($0, now) })
        for index in inFlight.indices where hangs && !inFlight[index].isOverdue {
            inFlight[index].isOverdue = true
            if inFlight[index].waiter == nil { failure.kept.append(inFlight[index]) } else { failure.undecided.append(inFlight[index]) }
        }
        var staying: [Item] = []
        for var item in queue {
            // Behind a transaction that hangs nothing is waited for.
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

    /// Entries stand in the order in which they came: the first that is not overdue is the next to be.
    private var overdueAt: MonoTime? {
        if isStuck { return queue.contains { !$0.isOverdue } ? .min : nil }
        let next = inFlight.first { !$0.isOverdue } ?? queue.first { !$0.isOverdue }
        return next?.since.map { $0 + Self.deadline }
    }

    /// The disk has been asked to write, and does not answer: nothing that would have to wait for it is begun.
    var isStuck: Bool { isWriting && inFlight.contains(where: \.isOverdue) }

    /// What waits says something of a payment that turned out otherwise.
    mutating func amend(_ payment: PaymentID, _ change: (inout PaymentRecord) -> Void) {
        for index in queue.indices where queue[index].entry.payment?.id == payment {
            if var record = queue[index].entry.payment {
                change(&record)
                queue[index].entry.payment = record
            }
        }
    }

    /// A row that somebody waits for and that has not been handed to the disk is taken back. False: it has been.
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
