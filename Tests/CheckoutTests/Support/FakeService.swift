import CheckoutAPI
import CheckoutServer
import Synchronization
import TestSupport

/// A service that keeps payments in memory and does what a test tells it to.
final class FakeService: NotedService {
    private struct State {
        var payments: [String: Payment] = [:]
        var ended: [String: EventCounter] = [:]
        var sources: [EventStream.Source] = []
        var refusal: Problem?
        var calls: [String] = []
        var callers: [Caller] = []
        var lastDisplay: Display?
    }

    private let state = Mutex(State())
    /// Counts payments' waits that were cancelled, streams that were opened and ended.
    let waits = EventCounter()
    let cancelled = EventCounter()
    let streams = EventCounter()
    let endedStreams = EventCounter()
    /// How many events a stream may hold.
    let streamLimit: Int
    /// Listing readers takes until it has been counted; it does not mind that the caller goes.
    let readersGate: EventCounter?
    /// Counts the calls that have come to it.
    let atGate = EventCounter()

    /// Answers that may be given again without coming here.
    let settled: SettledAnswers?
    /// Says at once what it is, or has to be asked.
    let isInfoAtHand: Bool

    init(streamLimit: Int = 1024, readersGate: EventCounter? = nil, settled: SettledAnswers? = nil, isInfoAtHand: Bool = false) {
        self.settled = settled
        self.isInfoAtHand = isInfoAtHand
        self.streamLimit = streamLimit
        self.readersGate = readersGate
    }

    static let when = Timestamp(milliseconds: 1_769_851_800_250)

    static func payment(_ id: String, _ body: PaymentBody, state: Payment.State = .queued) -> Payment {
        Payment(
            id: id, cart: body.cart, amount: body.amount, accountBalancePaymentAmount: body.accountBalancePaymentAmount, currency: "usd",
            amountMinor: 5678, lane: body.lane, reader: "tmr_123", readerLabel: "Front Desk", state: state,
            money: state == .succeeded ? .taken : .notTaken, card: Payment.Card(brand: "visa", last4: "4242", entry: "contactless"),
            receipt: Payment.Receipt(applicationName: "VISA CREDIT", aid: "A0000000031010"),
            warnings: [Payment.Warning(code: .chargedTwice, message: "m", remedy: "r")], createdAt: when, updatedAt: when,
            endedAt: state.isEnd ? when : nil,
            timeline: [Payment.TimelineEntry(state: .queued, at: when)])
    }

    // What a test does.

    var calls: [String] { state.withLock { $0.calls } }
    var callers: [Caller] { state.withLock { $0.callers } }
    var lastDisplay: Display? { state.withLock { $0.lastDisplay } }

    /// Everything is refused with it from now on.
    func refuse(_ problem: Problem?) { state.withLock { $0.refusal = problem } }

    func add(_ payment: Payment) { state.withLock { $0.payments[payment.id] = payment } }

    func end(_ id: String) {
        let counter = state.withLock { state -> EventCounter? in
            guard var payment = state.payments[id] else { return nil }
            payment.state = .succeeded
            payment.money = .taken
            payment.endedAt = Self.when
            state.payments[id] = payment
            return state.ended[id]
        }
        counter?.add()
    }

    func send(_ event: Event) {
        for source in state.withLock({ $0.sources }) { source.send(event) }
    }

    func endStreams(_ problem: Problem? = nil) {
        for source in state.withLock({ $0.sources }) { source.finish(problem) }
    }

    var anyReader: Reader { Self.reader }

    func note(_ call: String, _ caller: Caller) throws(Problem) {
        let refusal = state.withLock { state in
            state.calls.append(call)
            state.callers.append(caller)
            return state.refusal
        }
        if let refusal { throw refusal }
    }

    // What the server asks.

    func infoAtHand(caller: Caller) -> Info? {
        guard isInfoAtHand else { return nil }
        return Info(
            version: "1.2.3", mode: .test, location: "12", startedAt: Timestamp(milliseconds: 0), uptimeSeconds: 17,
            caller: Info.Caller(
                role: caller.role, pid: Int(caller.pid), uid: Int(caller.uid), gid: Int(caller.gid), groups: caller.groups.map { Int($0) }))
    }

    func status(caller: Caller) async throws(Problem) -> Status {
        try note("status", caller)
        return Status(
            canTakePayments: true, reasons: [], backend: Status.Part(state: .ok, lastOKAt: Self.when), journal: Status.Part(state: .ok),
            readers: [Self.reader], lanes: [Status.Lane(lane: "till-1", reader: "tmr_123", readerState: .ready, payment: nil, waiting: 0)],
            openPayments: [])
    }

    func events(topics: Set<Event.Topic>, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream {
        try note("events \(topics.map(\.rawValue).sorted().joined(separator: ",")) \(cursor ?? "-")", caller)
        return openStream()
    }

    private func openStream() -> EventStream {
        let (stream, source) = EventStream.make(limit: streamLimit)
        source.onEnd { [endedStreams] in endedStreams.add() }
        state.withLock { $0.sources.append(source) }
        streams.add()
        return stream
    }

    func openCart(_ cart: String, _ body: CartBody, caller: Caller) async throws(Problem) -> Cart {
        try note("openCart \(cart) \(body.lane ?? "-") \(body.reader ?? "-")", caller)
        return Cart(
            cart: cart, lane: body.lane, reader: "tmr_123", readerState: .ready,
            warm: Cart.Warm(configuration: true, token: true, session: true, currency: false), openedAt: Self.when)
    }

    func display(_ display: Display, cart: String, caller: Caller) async throws(Problem) {
        try note("display \(cart)", caller)
        state.withLock { $0.lastDisplay = display }
    }

    func createPayment(_ id: String, _ body: PaymentBody, caller: Caller) async throws(Problem) -> AcceptedPayment {
        try note("createPayment \(id)", caller)
        return state.withLock { state in
            if let known = state.payments[id] { return AcceptedPayment(created: false, payment: known) }
            let payment = Self.payment(id, body)
            state.payments[id] = payment
            return AcceptedPayment(created: true, payment: payment)
        }
    }

    func payment(_ id: String, waitUpTo: Duration?, caller: Caller) async throws(Problem) -> Payment {
        try note("payment \(id)", caller)
        let (payment, counter) = state.withLock { state in
            let counter = state.ended[id] ?? EventCounter()
            state.ended[id] = counter
            return (state.payments[id], counter)
        }
        guard let payment else { throw Problem(.paymentNotFound, "There is no payment \(id).") }
        guard let waitUpTo, !payment.state.isEnd else { return payment }
        waits.add()
        let reached = await counter.reaches(1, within: waitUpTo)
        if !reached, Task.isCancelled { cancelled.add() }
        return state.withLock { $0.payments[id] } ?? payment
    }

    func payments(_ query: PaymentQuery, caller: Caller) async throws(Problem) -> PaymentList {
        try note("payments \(query.cart ?? "-") \(query.state?.rawValue ?? "-") \(query.limit) \(query.before ?? "-")", caller)
        return PaymentList(payments: state.withLock { $0.payments.values.sorted { $0.id < $1.id } }, next: nil)
    }

    func paymentEvents(_ id: String, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream {
        try note("paymentEvents \(id)", caller)
        if cursor == "gone" { throw Problem(.cursorGone, "That cursor is too old.") }
        return openStream()
    }

    func cancelPayment(_ id: String, caller: Caller) async throws(Problem) -> Payment {
        try note("cancelPayment \(id)", caller)
        guard var payment = state.withLock({ $0.payments[id] }) else { throw Problem(.paymentNotFound, "There is no payment \(id).") }
        if payment.state.isEnd { throw Problem(.alreadyEnded, "The payment has ended.", payment: id) }
        payment.cancelRequested = true
        add(payment)
        return payment
    }

    func resolvePayment(_ id: String, _ body: ResolveBody, caller: Caller) async throws(Problem) -> Payment {
        try note("resolvePayment \(id) \(body.outcome.rawValue) \(body.note)", caller)
        guard let payment = state.withLock({ $0.payments[id] }) else { throw Problem(.paymentNotFound, "There is no payment \(id).") }
        return payment
    }

    func acknowledgePayment(_ id: String, _ body: AcknowledgeBody, caller: Caller) async throws(Problem) -> Payment {
        try note("acknowledgePayment \(id) \(body.note)", caller)
        guard var payment = state.withLock({ $0.payments[id] }) else { throw Problem(.paymentNotFound, "There is no payment \(id).") }
        payment.warnings = []
        add(payment)
        return payment
    }

    static let reader = Reader(reader: "tmr_123", label: "Front Desk", serial: "S1", registered: true, driveable: true, state: .ready)

    func readers(refresh: Bool, caller: Caller) async throws(Problem) -> ReaderList {
        try note("readers \(refresh)", caller)
        atGate.add()
        if let readersGate { _ = await readersGate.reaches(1) }
        return ReaderList(readers: [Self.reader])
    }

    func reader(_ name: String, caller: Caller) async throws(Problem) -> Reader {
        try note("reader \(name)", caller)
        guard name == "Front Desk" || name == "tmr_123" else { throw Problem(.readerNotFound, "There is no reader \(name).") }
        return Self.reader
    }

}

/// Counts, and lets a test wait for a count.
final class EventCounter: Sendable {
    private let state = Mutex((count: 0, waiters: [Int: (target: Int, continuation: CheckedContinuation<Void, Never>)](), next: 0))

    var count: Int { state.withLock { $0.count } }

    func add() {
        let due = state.withLock { state in
            state.count += 1
            let due = state.waiters.filter { $0.value.target <= state.count }
            for key in due.keys { state.waiters[key] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// False when the time was over, or the task was cancelled, before the count was reached.
    func reaches(_ target: Int, within limit: Duration = .seconds(20)) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.wait(target)
                return self.count >= target
            }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return self.count >= target }
                return self.count >= target
            }
            let reached = await group.next() ?? false
            group.cancelAll()
            return reached
        }
    }

    private func wait(_ target: Int) async {
        let ticket = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let over = state.withLock { state in
                    if state.count >= target || Task.isCancelled { return true }
                    state.waiters[ticket] = (target, continuation)
                    return false
                }
                if over { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.continuation.resume()
        }
    }
}
