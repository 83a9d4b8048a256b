internal import CheckoutAPI
internal import CheckoutServer
internal import GatewayCore
internal import GatewayModel
import Moments
internal import Journal

/// Who follows the agent's events. Payment events are told as the journal has them when a caller is ready for them, so that none is missed,
/// doubled, told before it is on disk, or kept for who does not read; the newest ones are at hand and are not read again. The other topics are
/// live, and the last of them are kept once for all.
actor EventHub {
    enum Job: Sendable {
        case journalGrew
        case reader(ReaderView, WallTime)
        case device(DeviceChange, DeviceView, WallTime)
        case notice(CheckoutAPI.Event.Notice, WallTime)
    }

    typealias Topic = CheckoutAPI.Event.Topic

    private struct Subscriber {
        var topics: Set<Topic>
        var payment: PaymentID?
        /// The last event of the journal that was given out.
        var sequence: Int64
        /// How far the journal had grown when it was last read to its end; nil before.
        var growth: UInt64?
        /// The last live event that was given out or did not concern it.
        var live: UInt64
        /// What stands and is told first.
        var standing: [CheckoutAPI.Event]
        /// Whether nothing more will come.
        var isOver = false
        /// The caller that has everything that there is and waits for more.
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Events that one stream replays at most: with more to replay the cursor is too old.
    private static let replayLimit: Int64 = 5_000
    /// Events that are read, and kept for one caller, at a time.
    private static let page = 8
    private let journal: JournalStore
    private var subscribers: [UInt64: Subscriber] = [:]
    private var last: UInt64 = 0
    private var live = LiveEvents()
    /// Rises when there may be something new in the journal.
    private var growth: UInt64 = 0
    private var isFinished = false
    private let jobs: AsyncStream<Job>
    private nonisolated let submit: AsyncStream<Job>.Continuation

    init(journal: JournalStore) {
        self.journal = journal
        (jobs, submit) = AsyncStream.makeStream(of: Job.self)
    }

    /// Something happened; it is told in the order in which this is called.
    nonisolated func tell(_ job: Job) { submit.yield(job) }

    nonisolated func tell(_ notice: AgentNotice, at wall: WallTime) { tell(.notice(CheckoutAPI.Event.Notice(notice), wall)) }

    /// Tells until the task is cancelled or the hub is finished.
    func run() async {
        for await job in jobs {
            switch job {
            case .journalGrew: growth += 1
            case .reader(let view, let wall):
                live.add(
                    .readers,
                    CheckoutAPI.Event(cursor: "", at: Timestamp(wall), type: view.state.rawValue, reader: Reader(view)))
            case .device(let change, let view, let wall):
                live.add(
                    .devices,
                    CheckoutAPI.Event(cursor: "", at: Timestamp(wall), type: change.rawValue, device: Device(view)))
            case .notice(let notice, let wall):
                live.add(
                    .agent, CheckoutAPI.Event(cursor: "", at: Timestamp(wall), type: notice.code, agent: notice))
            }
            wakeAll()
        }
    }

    // MARK: - Following

    /// Begins a stream after the cursor; without one, now, or for a single payment from its beginning. What stands (`standing`) is told first.
    func subscribe(
        topics: Set<Topic>, payment: PaymentID?, after cursor: String?, standing: [AgentNotice] = [], at wall: WallTime = 0
    ) async throws(Problem) -> EventStream {
        guard !isFinished else { throw Self.stopping }
        // What happens from here on belongs to the stream.
        let position = live.last
        let journal = journal
        let start = try await Self.reading { () throws(JournalFailure) in
            try Self.beginning(in: journal, payment: payment, after: cursor)
        }
        guard start >= 0 else {
            throw Problem(
                .cursorGone, "The cursor is not one of this journal, or too old to go on from.",
                remedy: "Begin without a cursor, and see what was missed: readerctl payments")
        }
        guard !isFinished else { throw Self.stopping }
        let notices = topics.contains(.agent) ? standing : []
        last += 1
        let number = last
        subscribers[number] = Subscriber(
            topics: topics, payment: payment, sequence: start, live: position,
            standing: notices.map { notice in
                CheckoutAPI.Event(
                    cursor: self.cursor(start), at: Timestamp(wall), type: notice.code,
                    agent: CheckoutAPI.Event.Notice(notice))
            })
        return EventStream { () throws(Problem) in
            try await self.next(number)
        } end: {
            // Owned by nobody: it only hands the end to the actor.
            Task { await self.remove(number) }
        }
    }

    /// What there is for this subscriber, a few events at most; waits when there is nothing. Nil at the end.
    private func next(_ number: UInt64) async throws(Problem) -> [CheckoutAPI.Event]? {
        while !Task.isCancelled, var subscriber = subscribers[number], !subscriber.isOver {
            if !subscriber.standing.isEmpty {
                subscribers[number]?.standing = []
                return subscriber.standing
            }
            if subscriber.topics.contains(.payments), subscriber.growth != growth {
                let events = try await journaled(number, subscriber)
                if !events.isEmpty { return events }
                continue
            }
            if subscriber.payment == nil {
                let events = try live.next(Self.page, after: &subscriber.live, of: subscriber.topics)
                subscribers[number]?.live = subscriber.live
                if !events.isEmpty {
                    return events.map { event in
                        var event = event
                        event.cursor = cursor(subscriber.sequence)
                        return event
                    }
                }
            }
            await wait(number)
        }
        return nil
    }

    /// The next events of the journal; none when it has been read to its end.
    private func journaled(_ number: UInt64, _ subscriber: Subscriber) async throws(Problem) -> [CheckoutAPI.Event] {
        let (journal, seen) = (journal, growth)
        let isFirst = subscriber.growth == nil
        if !isFirst, let stored = journal.newestEvents(after: subscriber.sequence, payment: subscriber.payment, limit: Self.page) {
            note(stored, for: number, seen)
            return stored.compactMap { Self.event($0, in: journal) }
        }
        let (stored, events, hasEnded) = try await Self.reading { () throws(JournalFailure) in
            let stored = try journal.events(after: subscriber.sequence, payment: subscriber.payment, limit: Self.page)
            var hasEnded = false
            if let payment = subscriber.payment, isFirst, stored.isEmpty {
                // Its last event was had before: there will be no other.
                hasEnded = try journal.recall(payment: payment)?.state.isEnd == true
            }
            return (stored, stored.compactMap { Self.event($0, in: journal) }, hasEnded)
        }
        note(stored, for: number, seen)
        if hasEnded { subscribers[number]?.isOver = true }
        return events
    }

    /// Notes what the subscriber gets. Fewer events than a page holds are all that there were.
    private func note(_ stored: [StoredEvent], for number: UInt64, _ seen: UInt64) {
        if let last = stored.last?.sequence { subscribers[number]?.sequence = last }
        guard stored.count < Self.page else { return }
        subscribers[number]?.growth = seen
        // Something may have been said of it after its end: that belongs to its story, too, and has been read.
        if subscribers[number]?.payment != nil, stored.last?.record?.state.isEnd == true { subscribers[number]?.isOver = true }
    }

    private static func event(_ stored: StoredEvent, in journal: JournalStore) -> CheckoutAPI.Event? {
        stored.record.map { record in
            CheckoutAPI.Event(
                cursor: cursor(stored.sequence, in: journal), at: Timestamp(stored.at), type: stored.kind.rawValue,
                payment: Payment(record), note: stored.note)
        }
    }

    /// Waits until something happened, the subscriber is removed, or the task is cancelled.
    private func wait(_ number: UInt64) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                guard !Task.isCancelled, !isFinished, subscribers[number] != nil else { return waiter.resume() }
                subscribers[number]?.waiter = waiter
            }
        } onCancel: {
            Task { await self.wake(number) }
        }
    }

    private func wake(_ number: UInt64) {
        let waiter = subscribers[number]?.waiter
        subscribers[number]?.waiter = nil
        waiter?.resume()
    }

    private func wakeAll() {
        for number in subscribers.keys { wake(number) }
    }

    private func remove(_ number: UInt64) {
        wake(number)
        subscribers[number] = nil
    }

    /// Ends every stream.
    func finish() {
        isFinished = true
        submit.finish()
        for number in subscribers.keys { subscribers[number]?.isOver = true }
        wakeAll()
    }

    private static var stopping: Problem { Problem(.shuttingDown, "The agent is being stopped.") }

    // MARK: - The journal

    /// Reads the journal where it holds up no payment.
    private static func reading<Value: Sendable>(
        _ body: @escaping @Sendable () throws(JournalFailure) -> Value
    ) async throws(Problem) -> Value {
        try await WorkLane.streams.run { () throws(Problem) in
            do throws(JournalFailure) {
                return try body()
            } catch {
                throw Problem(.journalUnavailable, error.description)
            }
        }
    }

    /// The sequence number to go on from; negative when the cursor leads nowhere.
    private static func beginning(
        in journal: JournalStore, payment: PaymentID?, after cursor: String?
    ) throws(JournalFailure) -> Int64 {
        let newest = try journal.newestSequence()
        guard let cursor else { return payment == nil ? newest : 0 }
        guard let sequence = sequence(of: cursor, in: journal), sequence <= newest else { return -1 }
        // One payment's story is whole for as long as the payment is kept, also where it is older than the oldest event.
        guard payment == nil else { return sequence }
        return sequence >= (try journal.oldestSequence()) - 1 && newest - sequence <= replayLimit ? sequence : -1
    }

    private func cursor(_ sequence: Int64) -> String { Self.cursor(sequence, in: journal) }

    private static func cursor(_ sequence: Int64, in journal: JournalStore) -> String { "\(journal.identity)-\(sequence)" }

    private static func sequence(of cursor: String, in journal: JournalStore) -> Int64? {
        let parts = cursor.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, parts[0] == journal.identity, let sequence = Int64(parts[1]), sequence >= 0 else { return nil }
        return sequence
    }
}

/// The last live events of each topic, numbered through all topics.
private struct LiveEvents {
    /// Events of each topic that are kept.
    private static let kept = 256
    private var events: [CheckoutAPI.Event.Topic: [(number: UInt64, event: CheckoutAPI.Event)]] = [:]
    /// The number of the oldest event that is not kept any more, by topic.
    private var gone: [CheckoutAPI.Event.Topic: UInt64] = [:]
    private(set) var last: UInt64 = 0

    mutating func add(_ topic: CheckoutAPI.Event.Topic, _ event: CheckoutAPI.Event) {
        last += 1
        events[topic, default: []].append((last, event))
        // A quarter at a time, so that not every event moves all the others.
        guard let count = events[topic]?.count, count > Self.kept + Self.kept / 4 else { return }
        gone[topic] = events[topic]?[count - Self.kept - 1].number
        events[topic]?.removeFirst(count - Self.kept)
    }

    /// The next of these topics, and where to go on. Throws when some were missed.
    func next(
        _ most: Int, after number: inout UInt64, of topics: Set<CheckoutAPI.Event.Topic>
    ) throws(Problem) -> [CheckoutAPI.Event] {
        let after = number
        guard topics.allSatisfy({ (gone[$0] ?? 0) <= after }) else {
            throw Problem(
                .overloaded, "More than \(Self.kept) events waited for this stream's reader.",
                remedy: "Read faster, and go on from the last cursor.")
        }
        let found = topics.flatMap { topic in (events[topic] ?? []).filter { $0.number > after } }.sorted { $0.number < $1.number }
        let some = found.prefix(most)
        number = found.count > some.count ? some.last?.number ?? last : last
        return some.map(\.event)
    }
}

extension CheckoutAPI.Event.Notice {
    init(_ notice: AgentNotice) {
        self.init(code: notice.code, message: notice.message, remedy: notice.remedy, payment: notice.payment?.text)
    }
}
