import CheckoutAPI
import CheckoutServer
import Synchronization
import TestSupport

/// What stands behind the real server in these tests: payments that end when a test says so. It outlives the server, as the journal does.
final class FakeStore: NotedService {
    struct Known {
        var body: PaymentBody
        var payment: Payment
        var events: [Event] = []
        var sources: [EventStream.Source] = []
    }

    struct State {
        var payments: [String: Known] = [:]
        var clock: Int64 = 1_769_851_800_000
        var created: [String] = []
        var calls: [String] = []
        /// Answers to the next calls that begin a payment.
        var refusals: [Problem] = []
        var sources: [EventStream.Source] = []
        var events: [Event] = []
        var resolved: [ResolveBody] = []
        var acknowledged: [AcknowledgeBody] = []
    }

    let state = Mutex(State())

    var created: [String] { state.withLock { $0.created } }
    var calls: [String] { state.withLock { $0.calls } }
    func calls(_ prefix: String) -> Int { calls.count { $0.hasPrefix(prefix) } }

    func refuse(_ problems: Problem...) { state.withLock { $0.refusals += problems } }

    /// Puts the payment into a state a little later, and tells those who watch it.
    func move(_ id: String, to next: Payment.State, after milliseconds: Int64 = 250, _ change: (inout Payment) -> Void = { _ in }) {
        state.withLock { state in
            guard var known = state.payments[id] else { return }
            state.clock += milliseconds
            let now = Timestamp(milliseconds: state.clock)
            if known.payment.state != next { known.payment.timeline.append(Payment.TimelineEntry(state: next, at: now)) }
            known.payment.state = next
            known.payment.updatedAt = now
            if next.isEnd { known.payment.endedAt = now }
            change(&known.payment)
            let event = Event(cursor: "\(id)-\(known.events.count + 1)", at: now, type: "payment.state", payment: known.payment)
            known.events.append(event)
            for source in known.sources + state.sources {
                source.send(event)
            }
            if next.isEnd { for source in known.sources { source.finish() } }
            state.events.append(event)
            state.payments[id] = known
        }
    }

    var anyReader: Reader { Self.readers[0] }

    func note(_ call: String, _ caller: Caller) throws(Problem) { called(call) }

    private func called(_ name: String) { state.withLock { $0.calls.append(name) } }

    func status(caller: Caller) async throws(Problem) -> Status {
        Status(
            canTakePayments: false,
            reasons: [Reason(code: "reader_unavailable", message: "Reader Back is offline.", remedy: "Plug it in.")],
            backend: Status.Part(state: .ok), journal: Status.Part(state: .ok), readers: Self.readers,
            lanes: [Status.Lane(lane: "till-1", reader: "tmr_123", readerState: .ready, payment: nil, waiting: 2)],
            openPayments: [
                Status.OpenPayment(
                    id: "till-1-9", cart: "9", lane: "till-1", reader: "tmr_123", state: .unresolved, money: .unknown,
                    createdAt: Timestamp(milliseconds: 0))
            ])
    }

    func events(topics: Set<Event.Topic>, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream {
        called("events \(cursor ?? "-")")
        if cursor == "gone" { throw Problem(.cursorGone, "That cursor is too old.") }
        let (stream, source) = EventStream.make()
        state.withLock { state in
            if let cursor, let index = state.events.firstIndex(where: { $0.cursor == cursor }) {
                for event in state.events[(index + 1)...] { source.send(event) }
            }
            state.sources.append(source)
        }
        return stream
    }

    func openCart(_ cart: String, _ body: CartBody, caller: Caller) async throws(Problem) -> Cart {
        called("openCart \(cart) \(body.lane ?? "-") \(body.reader ?? "-")")
        return Cart(
            cart: cart, lane: body.lane, reader: "tmr_123", readerState: .inUseElsewhere,
            warm: Cart.Warm(configuration: true, token: true, session: false, currency: true), openedAt: Timestamp(milliseconds: 0))
    }

    func display(_ display: Display, cart: String, caller: Caller) async throws(Problem) { called("display \(cart) \(display.totalMinor)") }

    func createPayment(_ id: String, _ body: PaymentBody, caller: Caller) async throws(Problem) -> AcceptedPayment {
        called("createPayment \(id)")
        let (refusal, answer): (Problem?, AcceptedPayment?) = state.withLock { state in
            if !state.refusals.isEmpty { return (state.refusals.removeFirst(), nil) }
            if let known = state.payments[id] {
                if known.body != body { return (Problem(.paymentIDReused, "The id \(id) was used for something else."), nil) }
                return (nil, AcceptedPayment(created: false, payment: known.payment))
            }
            let now = Timestamp(milliseconds: state.clock)
            let payment = Payment(
                id: id, cart: body.cart, amount: body.amount, accountBalancePaymentAmount: body.accountBalancePaymentAmount,
                currency: "usd",
                amountMinor: 5678, lane: body.lane, reader: "tmr_123", readerLabel: "Front Desk", state: .queued, money: .notTaken,
                createdAt: now, updatedAt: now, timeline: [Payment.TimelineEntry(state: .queued, at: now)])
            var known = Known(body: body, payment: payment)
            known.events = [Event(cursor: "\(id)-1", at: now, type: "payment.created", payment: payment)]
            state.payments[id] = known
            state.created.append(id)
            return (nil, AcceptedPayment(created: true, payment: payment))
        }
        if let refusal { throw refusal }
        guard let answer else { throw Problem(.internalError, "no answer") }
        return answer
    }

    func payment(_ id: String, waitUpTo: Duration?, caller: Caller) async throws(Problem) -> Payment {
        called("payment \(id)")
        let deadline = ContinuousClock.now + (waitUpTo ?? .zero)
        while true {
            guard let payment = state.withLock({ $0.payments[id]?.payment }) else {
                throw Problem(.paymentNotFound, "There is no payment \(id).")
            }
            if payment.state.isEnd || ContinuousClock.now >= deadline { return payment }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return payment }
        }
    }

    func payments(_ query: PaymentQuery, caller: Caller) async throws(Problem) -> PaymentList {
        called("payments \(query.cart ?? "-") \(query.state?.rawValue ?? "-") \(query.lane ?? "-") \(query.limit) \(query.before ?? "-")")
        return PaymentList(payments: state.withLock { $0.payments.values.map(\.payment).sorted { $0.id < $1.id } }, next: "page2")
    }

    func paymentEvents(_ id: String, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream {
        called("paymentEvents \(id) \(cursor ?? "-")")
        let stream: EventStream? = state.withLock { state in
            guard var known = state.payments[id] else { return nil }
            let (stream, source) = EventStream.make()
            let start = cursor.flatMap { cursor in known.events.firstIndex { $0.cursor == cursor }.map { $0 + 1 } } ?? 0
            for event in known.events[start...] { source.send(event) }
            if known.payment.state.isEnd { source.finish() } else { known.sources.append(source) }
            state.payments[id] = known
            return stream
        }
        guard let stream else { throw Problem(.paymentNotFound, "There is no payment \(id).") }
        return stream
    }

    func cancelPayment(_ id: String, caller: Caller) async throws(Problem) -> Payment {
        called("cancelPayment \(id)")
        guard let payment = state.withLock({ $0.payments[id]?.payment }) else {
            throw Problem(.paymentNotFound, "There is no payment \(id).")
        }
        if payment.state.isEnd { throw Problem(.alreadyEnded, "The payment has ended.", payment: id) }
        move(id, to: payment.state) { $0.cancelRequested = true }
        return state.withLock { $0.payments[id]?.payment } ?? payment
    }

    func acknowledgePayment(_ id: String, _ body: AcknowledgeBody, caller: Caller) async throws(Problem) -> Payment {
        guard let payment = state.withLock({ $0.payments[id]?.payment }) else {
            throw Problem(.paymentNotFound, "There is no payment \(id).")
        }
        state.withLock { $0.acknowledged.append(body) }
        move(id, to: payment.state) { $0.warnings = [] }
        return state.withLock { $0.payments[id]?.payment } ?? payment
    }

    func resolvePayment(_ id: String, _ body: ResolveBody, caller: Caller) async throws(Problem) -> Payment {
        state.withLock { $0.resolved.append(body) }
        guard let payment = state.withLock({ $0.payments[id]?.payment }) else {
            throw Problem(.paymentNotFound, "There is no payment \(id).")
        }
        if payment.state.isEnd { throw Problem(.alreadyEnded, "The payment has ended.", payment: id) }
        move(id, to: body.outcome == .succeeded ? .succeeded : .failed) {
            $0.money = body.outcome == .succeeded ? .taken : .notTaken
            $0.order = body.order
            $0.resolvedBy = "uid \(caller.uid)"
        }
        return state.withLock { $0.payments[id]?.payment } ?? payment
    }

    static let readers = [
        Reader(
            reader: "tmr_123", label: "Front Desk", serial: "S1", registered: true, driveable: true, transport: .lan,
            address: "192.168.1.20",
            state: .ready, lane: "till-1"),
        Reader(
            reader: "tmr_124", label: "Back\u{1B}[2J", serial: "S2", registered: true, driveable: true, transport: .lan, state: .offline,
            reason: Reason(code: "offline", message: "It does not answer.", remedy: "Is it switched on?")),
    ]

    func readers(refresh: Bool, caller: Caller) async throws(Problem) -> ReaderList {
        called("readers \(refresh)")
        return ReaderList(readers: Self.readers)
    }

    func reader(_ name: String, caller: Caller) async throws(Problem) -> Reader {
        guard let reader = Self.readers.first(where: { $0.label == name }) else {
            throw Problem(.readerNotFound, "There is no reader \(name).", candidates: ["Front Desk"])
        }
        return reader
    }

}
