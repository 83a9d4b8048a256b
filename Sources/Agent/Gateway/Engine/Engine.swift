internal import CheckoutServer
internal import Dispatch
internal import Discovery
package import GatewayCore
internal import GatewayModel
import Moments
internal import Journal
package import Logging
internal import Synchronization
internal import WebCall

/// Runs the machine: feeds it events in order, carries out what it asks for, and feeds the results back.
///
/// One actor owns the machine, so that decisions are made one after another; everything that waits is a child task of `run`.
package actor Engine {
    enum Job: Sendable {
        case call(CallID, Call, timeout: Int64, trace: String, urgency: Urgency)
        case wake(MonoTime)
    }

    nonisolated let edges: Edges
    nonisolated let readers: ReaderPool
    /// Stripe's own id of this location, as the backend told it last: its list is asked for that part alone.
    nonisolated let stripeLocation = Mutex<String?>(nil)
    nonisolated let logger: Logger
    nonisolated let clock: BoxClock
    /// Waiting for the disk blocks a thread. It is not one of the few that everything else runs on.
    nonisolated let journalQueue = DispatchQueue(label: "readerd.journal")
    private var machine: GatewayMachine
    private let jobs: AsyncStream<Job>
    private let submit: AsyncStream<Job>.Continuation
    private var lastRequest: UInt64 = 0
    private var replies: [RequestID: CheckedContinuation<Response, Never>] = [:]
    /// How those who wait for a reply are asked about, for they may have to be asked again.
    private var questions: [RequestID: Question] = [:]
    /// Requests that are asked again as soon as what is being handled is done.
    private var recalls: [RequestID] = []
    private var looks = LookStreams()
    /// Records that are not ended, as they may be shown: what has been journaled, or could not be.
    private var visible: [PaymentID: PaymentRecord] = [:]
    private var visibleSetups: [CardSetupID: CardSetupRecord] = [:]
    private var waiters: [LeaseHolder: [UInt64: CheckedContinuation<Void, Never>]] = [:]
    private var quietWaiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var appends: [CallID: [JournalEntry]] = [:]
    /// The moments for which somebody sleeps.
    private var scheduled: Set<MonoTime> = []
    private var lastWaiter: UInt64 = 0
    private var isClosed = false
    /// What was said of payments that have ended. Emptied here, where records change: before a row of a payment goes to the disk, and with what is shown.
    nonisolated let settled = SettledAnswers()
    /// Whether real money moves, as the machine says: set before anything is carried out that the machine decided upon knowing it.
    private nonisolated let livemode = Mutex<Bool?>(nil)
    nonisolated var isLive: Bool? { livemode.withLock { $0 } }
    nonisolated let hub: EventHub
    nonisolated let meter = Meter()

    package init(edges: Edges, policy: GatewayPolicy, seed: UInt64, logger: Logger) {
        self.edges = edges
        self.readers = ReaderPool(lan: edges.lan, usb: edges.usb, identity: edges.identity, observe: edges.observeReader)
        self.logger = logger
        self.clock = BoxClock()
        self.machine = GatewayMachine(policy: policy, seed: seed)
        (jobs, submit) = AsyncStream.makeStream(of: Job.self)
        self.hub = EventHub(journal: edges.journal)
    }

    // MARK: Running

    /// Takes up what the journal knows, then works until the task is cancelled.
    package func run() async throws {
        let open = try edges.journal.openPayments()
        let carts = try edges.journal.openCarts()
        let facts = try edges.journal.facts()
        for record in open { visible[record.id] = record }
        var ofOpen: [CartFacts] = []
        for cart in Set(open.map(\.request.cart)).sorted() {
            if let facts = try edges.journal.recall(cart: cart) { ofOpen.append(facts) }
        }
        let setups = try edges.journal.openCardSetups()
        for setup in setups { visibleSetups[setup.id] = setup }
        var (resolved, watched): ([PaymentRecord], [CartFacts]) = ([], [])
        for id in StoredFacts.watchedResolutions(facts) {
            guard let record = try edges.journal.recall(payment: id) else { continue }
            resolved.append(record)
            if let cart = try edges.journal.recall(cart: record.request.cart) { watched.append(cart) }
        }
        let warned = try edges.journal.warnedPayments(limit: GatewayMachine.maximumWarned)
        handle(.start(open: open, carts: carts + ofOpen + watched, facts: facts, cardSetups: setups, resolved: resolved, warned: warned))
        await withDiscardingTaskGroup { group in
            group.addTask { await self.hub.run() }
            for await job in jobs {
                group.addTask { await self.carryOut(job) }
            }
            // The stream ends when `run` is cancelled or the engine is closed; calls under way are given up.
            group.cancelAll()
        }
        close()
        await hub.finish()
        await readers.closeAll()
    }

    private func carryOut(_ job: Job) async {
        switch job {
        case .call(let id, let call, let timeout, let trace, let urgency):
            let (began, wall) = (ContinuousClock.now, clock.now().wall)
            let answer = await execute(call, timeout: timeout, trace: trace, urgency: urgency)
            meter.called(call, answer, at: wall, took: ContinuousClock.now - began, trace: trace)
            answered(id, answer)
        case .wake(let at):
            do {
                try await Task.sleep(until: clock.instant(of: at), clock: .continuous)
            } catch {
                return
            }
            woke(at)
        }
    }

    private func answered(_ id: CallID, _ answer: Answer) {
        if let entries = appends.removeValue(forKey: id) {
            if case .append(.success) = answer { journaled(entries) }
            settled.didChange(Self.payments(of: entries))
        }
        handle(.answer(id, answer))
    }

    private func woke(_ at: MonoTime) {
        scheduled.remove(at)
        handle(.tick)
    }

    package func handle(_ event: Event) {
        guard !isClosed else { return }
        let actions = machine.handle(event, at: clock.now())
        let mode = machine.livemode
        livemode.withLock { $0 = mode }
        for action in actions { perform(action) }
        askAgain()
        if let wake = machine.nextWake, !scheduled.contains(where: { $0 <= wake }) {
            scheduled.insert(wake)
            submit.yield(.wake(wake))
        }
        if machine.isQuiet {
            let waiting = quietWaiters
            quietWaiters = [:]
            for waiter in waiting.values { waiter.resume() }
        }
    }

    private func perform(_ action: Action) {
        switch action {
        case .call(let id, let call, let timeout, let trace):
            if case .append(let entries) = call {
                appends[id] = entries
                settled.willChange(Self.payments(of: entries))
            }
            submit.yield(.call(id, call, timeout: timeout, trace: trace, urgency: machine.sells(id) ? .sells : .prepares))
        case .respond(let id, let response):
            questions[id] = nil
            replies.removeValue(forKey: id)?.resume(returning: response)
            looks.end(id, response)
        case .recall(let id): recalls.append(id)
        case .lookNews(let id, let news): looks.tell(id, news)
        case .stopLooking: edges.lookout.stop()
        case .publish(let record):
            settled.willChange([record.id.text])
            show(record, isWritten: false)
            settled.didChange([record.id.text])
        case .publishCardSetup(let record): show(record, isWritten: false)
        case .readerChanged(let id):
            if case .success(let view) = machine.readerView(named: id.text) { hub.tell(.reader(view, clock.now().wall)) }
        case .deviceChanged(let change, let view): hub.tell(.device(change, view, clock.now().wall))
        case .notice(let notice): hub.tell(notice, at: clock.now().wall)
        case .log(let level, let message, let subject): log(level, message, subject)
        }
    }

    private func journaled(_ entries: [JournalEntry]) {
        for entry in entries {
            meter.journaled(entry)
            if let record = entry.payment { show(record, isWritten: true) }
            if let setup = entry.cardSetup { show(setup, isWritten: true) }
        }
        hub.tell(.journalGrew)
    }

    private static func payments(of entries: [JournalEntry]) -> [String] { entries.compactMap { $0.payment?.id.text } }

    /// Payments were removed from the journal.
    package nonisolated func forgetSettled() { settled.forgetAll() }

    private func show(_ record: PaymentRecord, isWritten: Bool) {
        visible[record.id] = record.state.isEnd && isWritten ? nil : record
        if record.state.isEnd { wake(.payment(record.id)) }
    }

    private func show(_ record: CardSetupRecord, isWritten: Bool) {
        visibleSetups[record.id] = record.state.isEnd && isWritten ? nil : record
        if record.state.isEnd { wake(.cardSetup(record.id)) }
    }

    private func wake(_ holder: LeaseHolder) {
        for waiter in (waiters.removeValue(forKey: holder) ?? [:]).values { waiter.resume() }
    }

    private func log(_ level: LogLevel, _ message: String, _ subject: LogSubject) {
        var metadata: Logger.Metadata = [:]
        switch subject {
        case .agent: break
        case .payment(let id): metadata["payment"] = "\(id.text)"
        case .reader(let id): metadata["reader"] = "\(id.text)"
        case .cart(let id): metadata["cart"] = "\(id.text)"
        }
        let mapped: Logger.Level =
            switch level {
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        logger.log(level: mapped, "\(message)", metadata: metadata)
    }

    /// Answers everybody who waits, so that nobody is left.
    private func close() {
        isClosed = true
        submit.finish()
        for reply in replies.values { reply.resume(returning: .refused(Refusal(.shuttingDown, "The agent is being stopped."))) }
        replies = [:]
        questions = [:]
        for waiter in waiters.values.flatMap(\.values) { waiter.resume() }
        waiters = [:]
        looks.endAll(Refusal(.shuttingDown, "The agent is being stopped."))
        for waiter in quietWaiters.values { waiter.resume() }
        quietWaiters = [:]
    }

    // MARK: Asking

    /// Asks the machine. The answer comes within the deadlines of the calls that it needs; a cancelled task is answered at once.
    ///
    /// What the journal knows of the payment and the cart is read in the same step in which the machine decides: nothing can happen between.
    func ask(
        about payment: PaymentID? = nil, _ cart: CartID? = nil, cardSetup: CardSetupID? = nil,
        _ request: @escaping @Sendable (Recall) -> Request
    ) async throws(JournalFailure) -> Response {
        guard !isClosed else { return .refused(Refusal(.shuttingDown, "The agent is being stopped.")) }
        lastRequest += 1
        let id = RequestID(lastRequest)
        let question = Question(payment: payment, cart: cart, cardSetup: cardSetup, request: request)
        let first = request(try question.recall(from: edges.journal))
        return await withTaskCancellationHandler {
            await withCheckedContinuation { reply in
                guard !Task.isCancelled else { return reply.resume(returning: .refused(Refusal(.shuttingDown, "The caller has gone."))) }
                replies[id] = reply
                questions[id] = question
                handle(.request(id, first))
            }
        } onCancel: {
            // Owned by this call: it only hands the cancellation to the actor.
            Task { await self.abandon(id) }
        }
    }

    /// Requests that had waited are put again, with what the journal knows now.
    private func askAgain() {
        while !recalls.isEmpty {
            let id = recalls.removeFirst()
            // Who asked may have gone meanwhile.
            guard let question = questions[id] else { continue }
            do throws(JournalFailure) {
                handle(.request(id, question.request(try question.recall(from: edges.journal))))
            } catch {
                handle(.forget(id))
                questions[id] = nil
                let refusal = Refusal(.journalUnavailable, "The agent cannot read its journal: \(error.description)")
                replies.removeValue(forKey: id)?.resume(returning: .refused(refusal))
            }
        }
    }

    private func abandon(_ id: RequestID) {
        questions[id] = nil
        guard let reply = replies.removeValue(forKey: id) else { return }
        handle(.forget(id))
        reply.resume(returning: .refused(Refusal(.shuttingDown, "The caller has gone.")))
    }

    // MARK: Looking for devices

    /// Looks for devices. What is refused at once is thrown; letting go of the stream gives the look up.
    func discover(_ order: DiscoveryOrder) throws(Refusal) -> LookStreams.Lines {
        guard !isClosed else { throw Refusal(.shuttingDown, "The agent is being stopped.") }
        lastRequest += 1
        let id = RequestID(lastRequest)
        let lines = looks.begin(id) { [weak self] in
            // It only hands the cancellation to the actor.
            Task { await self?.abandonLook(id) }
        }
        handle(.request(id, .discover(order)))
        if let refusal = looks.takeRefusal(of: id) { throw refusal }
        return lines
    }

    private func abandonLook(_ id: RequestID) {
        if looks.forget(id) { handle(.forget(id)) }
    }

    // MARK: Records

    func record(_ id: PaymentID) throws(JournalFailure) -> PaymentRecord? {
        if let record = visible[id] { return record }
        return try edges.journal.recall(payment: id)
    }

    func record(_ id: CardSetupID) throws(JournalFailure) -> CardSetupRecord? {
        if let record = visibleSetups[id] { return record }
        return try edges.journal.recall(cardSetup: id)
    }

    /// Returns when the payment or set-up has ended, after the time, or when the task is cancelled.
    func waitForEnd(of id: LeaseHolder, upTo limit: Duration) async {
        await Self.atMost(limit) { await self.ended(id) }
    }

    /// Waits for the one or for the time, whichever comes first, and calls the other off.
    ///
    /// - Parameter giveUp: lets a wait end that does not hear of being cancelled.
    private static func atMost(
        _ limit: Duration, _ wait: @escaping @Sendable () async -> Void, giveUp: @escaping @Sendable () async -> Void = {}
    ) async {
        await withTaskGroup { group in
            group.addTask(operation: wait)
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    return
                }
            }
            await group.next()
            group.cancelAll()
            await giveUp()
        }
    }

    private func ended(_ id: LeaseHolder) async {
        let state: PaymentState? =
            switch id {
            case .payment(let payment): visible[payment]?.state
            case .cardSetup(let setup): visibleSetups[setup]?.state
            }
        guard !isClosed, let state, !state.isEnd else { return }
        lastWaiter += 1
        let number = lastWaiter
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                guard !Task.isCancelled else { return waiter.resume() }
                waiters[id, default: [:]][number] = waiter
            }
        } onCancel: {
            Task { await self.stopWaiting(id, number) }
        }
    }

    private func stopWaiting(_ id: LeaseHolder, _ number: UInt64) {
        waiters[id]?.removeValue(forKey: number)?.resume()
        if waiters[id]?.isEmpty == true { waiters[id] = nil }
    }

    // MARK: Stopping

    /// Lets no new payment in; returns when none is under way that a stop would tear, or after the time.
    package func drain(upTo limit: Duration) async {
        handle(.stopping)
        guard !machine.isQuiet, !isClosed else { return }
        lastWaiter += 1
        let number = lastWaiter
        await Self.atMost(limit, { await self.quiet(number) }) { await self.stopWaitingForQuiet(number) }
    }

    private func quiet(_ number: UInt64) async {
        await withCheckedContinuation { waiter in
            if machine.isQuiet || isClosed { return waiter.resume() }
            quietWaiters[number] = waiter
        }
    }

    private func stopWaitingForQuiet(_ number: UInt64) { quietWaiters.removeValue(forKey: number)?.resume() }

    // MARK: Views

    func view<Value: Sendable>(_ look: @Sendable (GatewayMachine) -> Value) -> Value { look(machine) }

    package var isCredentialRefused: Bool { machine.credentialTrouble != nil }

    package var isStopping: Bool { machine.isStopping }
}
