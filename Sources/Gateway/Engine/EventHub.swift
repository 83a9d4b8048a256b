internal import CheckoutAPI
internal import CheckoutServer
internal import GatewayCore
internal import Journal

/// Who follows the agent's events. Payment events are read from the journal, so that none is missed, doubled or told before it is on disk;
/// the other topics are live.
actor EventHub {
    enum Job: Sendable {
        case journalGrew
        case reader(ReaderView, WallTime)
        case device(DeviceChange, DeviceView, WallTime)
        case notice(CheckoutAPI.Event.Notice, WallTime)
    }

    private struct Subscriber {
        var topics: Set<CheckoutAPI.Event.Topic>
        var payment: PaymentID?
        /// The last event of the journal that was sent.
        var sequence: Int64
        var source: EventStream.Source
    }

    /// More than this to replay is too much for one stream: the cursor is too old.
    private static let replayLimit: Int64 = 5_000
    private let journal: JournalStore
    private var subscribers: [UInt64: Subscriber] = [:]
    private var last: UInt64 = 0
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
            case .journalGrew: for number in subscribers.keys.sorted() { catchUp(number) }
            case .reader(let view, let wall):
                publish(.readers) {
                    CheckoutAPI.Event(cursor: $0, at: Timestamp(milliseconds: wall), type: view.state.rawValue, reader: Reader(view))
                }
            case .device(let change, let view, let wall):
                publish(.devices) {
                    CheckoutAPI.Event(cursor: $0, at: Timestamp(milliseconds: wall), type: change.rawValue, device: Device(view))
                }
            case .notice(let notice, let wall):
                publish(.agent) { CheckoutAPI.Event(cursor: $0, at: Timestamp(milliseconds: wall), type: notice.code, agent: notice) }
            }
        }
    }

    /// Begins a stream after the cursor; without one, now, or for a single payment from its beginning. What stands (`standing`) is told first.
    func subscribe(
        topics: Set<CheckoutAPI.Event.Topic>, payment: PaymentID?, after cursor: String?, standing: [AgentNotice] = [],
        at wall: WallTime = 0
    ) throws(Problem) -> EventStream {
        guard !isFinished else { throw Problem(.shuttingDown, "The agent is being stopped.") }
        let start: Int64
        do throws(JournalFailure) {
            start = try beginning(payment: payment, after: cursor)
        } catch {
            throw Problem(.journalUnavailable, error.description)
        }
        guard start >= 0 else {
            throw Problem(
                .cursorGone, "The cursor is not one of this journal, or too old to go on from.",
                remedy: "Begin without a cursor, and read GET /v1/payments for what was missed.")
        }
        let (stream, source) = EventStream.make(limit: Int(Self.replayLimit) + 1_024)
        last += 1
        let number = last
        source.onEnd { [weak self] in
            guard let self else { return }
            Task { await self.remove(number) }
        }
        subscribers[number] = Subscriber(topics: topics, payment: payment, sequence: start, source: source)
        for notice in standing where topics.contains(.agent) {
            source.send(
                CheckoutAPI.Event(
                    cursor: self.cursor(start), at: Timestamp(milliseconds: wall), type: notice.code,
                    agent: CheckoutAPI.Event.Notice(notice)))
        }
        catchUp(number)
        if let payment, hasEnded(payment), subscribers[number] != nil {
            // Its last event was had before: there will be no other.
            subscribers[number] = nil
            source.finish()
        }
        return stream
    }

    /// The sequence number to go on from; negative when the cursor leads nowhere.
    private func beginning(payment: PaymentID?, after cursor: String?) throws(JournalFailure) -> Int64 {
        let newest = try journal.newestSequence()
        guard let cursor else { return payment == nil ? newest : 0 }
        guard let sequence = sequence(of: cursor), sequence <= newest, sequence >= (try journal.oldestSequence()) - 1 else { return -1 }
        return payment != nil || newest - sequence <= Self.replayLimit ? sequence : -1
    }

    private func hasEnded(_ payment: PaymentID) -> Bool {
        do throws(JournalFailure) {
            return try journal.recall(payment: payment)?.state.isEnd == true
        } catch {
            // The stream itself will say that the journal cannot be read.
            return false
        }
    }

    private func remove(_ number: UInt64) { subscribers[number] = nil }

    private func cursor(_ sequence: Int64) -> String { "\(journal.identity)-\(sequence)" }

    private func sequence(of cursor: String) -> Int64? {
        let parts = cursor.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, parts[0] == journal.identity, let sequence = Int64(parts[1]), sequence >= 0 else { return nil }
        return sequence
    }

    /// Sends what the journal has after what this subscriber was sent.
    private func catchUp(_ number: UInt64) {
        guard var subscriber = subscribers[number], subscriber.topics.contains(.payments) else { return }
        do throws(JournalFailure) {
            var isOver = false
            while true {
                let events = try journal.events(after: subscriber.sequence, payment: subscriber.payment, limit: 500)
                for event in events {
                    subscriber.sequence = event.sequence
                    guard let record = event.record else { continue }
                    subscriber.source.send(
                        CheckoutAPI.Event(
                            cursor: cursor(event.sequence), at: Timestamp(milliseconds: event.at), type: event.kind.rawValue,
                            payment: Payment(record), note: event.note))
                    isOver = subscriber.payment != nil && record.state.isEnd
                }
                if events.count < 500 { break }
            }
            // Something may have been said of it after its end: that belongs to its story, too.
            if isOver {
                subscribers[number] = nil
                subscriber.source.finish()
                return
            }
            subscribers[number]?.sequence = subscriber.sequence
        } catch {
            subscribers[number] = nil
            subscriber.source.finish(Problem(.journalUnavailable, error.description))
        }
    }

    private func publish(_ topic: CheckoutAPI.Event.Topic, _ event: (String) -> CheckoutAPI.Event) {
        for subscriber in subscribers.values where subscriber.topics.contains(topic) && subscriber.payment == nil {
            subscriber.source.send(event(cursor(subscriber.sequence)))
        }
    }

    /// Ends every stream.
    func finish() {
        isFinished = true
        submit.finish()
        let all = subscribers.values.map(\.source)
        subscribers = [:]
        for source in all { source.finish() }
    }
}

extension CheckoutAPI.Event.Notice {
    init(_ notice: AgentNotice) {
        self.init(code: notice.code, message: notice.message, remedy: notice.remedy, payment: notice.payment?.text)
    }
}
