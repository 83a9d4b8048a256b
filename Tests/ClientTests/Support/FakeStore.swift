import CheckoutAPI
import CheckoutServer
import Synchronization

/// What stands behind the real server in these tests: payments that end when a test says so. It outlives the server, as the journal does.
final class FakeStore: CheckoutService {
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

    private func called(_ name: String) { state.withLock { $0.calls.append(name) } }

    func info(caller: Caller) async throws(Problem) -> Info {
        Info(
            version: "1.2.3", mode: .test, location: "12", startedAt: Timestamp(milliseconds: 0), uptimeSeconds: 17,
            caller: Info.Caller(
                role: caller.role, pid: Int(caller.pid), uid: Int(caller.uid), gid: Int(caller.gid), groups: caller.groups.map { Int($0) }))
    }

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

    func closeCart(_ cart: String, caller: Caller) async throws(Problem) { called("closeCart \(cart)") }

    func display(_ display: Display, cart: String, caller: Caller) async throws(Problem) { called("display \(cart) \(display.totalMinor)") }

    func cartStatus(_ cart: String, caller: Caller) async throws(Problem) -> CartStatus { CartStatus(status: .submitted, order: "8812") }

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

    func devices(caller: Caller) async throws(Problem) -> DeviceList {
        return DeviceList(devices: [
            Device(
                device: "usb:1-2", transport: .usb, usb: USBIdentity(vendorID: "0b00", productID: "3070", bus: 1, portPath: "2"),
                driveable: false, reason: Reason(code: "no_public_protocol", message: "A card reader.", remedy: nil),
                firstSeenAt: Timestamp(milliseconds: 1),
                lastSeenAt: Timestamp(milliseconds: 1))
        ])
    }

    func registerReader(_ body: RegisterBody, caller: Caller) async throws(Problem) -> Reader {
        called("registerReader \(body.registrationCode) \(body.label) \(body.location ?? "-")")
        return Self.readers[0]
    }

    func relabelReader(_ name: String, _ body: LabelBody, caller: Caller) async throws(Problem) -> Reader {
        called("relabelReader \(name) \(body.label)")
        return Self.readers[0]
    }

    func removeReader(_ name: String, caller: Caller) async throws(Problem) { called("removeReader \(name)") }
    func identifyReader(_ name: String, caller: Caller) async throws(Problem) { called("identifyReader \(name)") }

    func connectReader(_ name: String, _ body: ConnectBody, caller: Caller) async throws(Problem) -> Reader {
        called("connectReader \(name) \(body.cart ?? "-") \(body.takeOver ?? false)")
        return Self.readers[0]
    }

    func disconnectReader(_ name: String, caller: Caller) async throws(Problem) -> Reader {
        called("disconnectReader \(name)")
        return Self.readers[0]
    }

    func releaseReader(_ name: String, _ body: ReleaseBody, caller: Caller) async throws(Problem) -> Reader {
        called("releaseReader \(name) \(body.payment ?? "-") \(body.cardSetup ?? "-")")
        return try await reader(name, caller: caller)
    }

    func acceptJournalLoss(_ body: AcceptLossBody, caller: Caller) async throws(Problem) { called("acceptJournalLoss \(body.note)") }

    func configuration(cart: String?, caller: Caller) async throws(Problem) -> Configuration {
        Configuration(publishableKey: "pk_test_1", stripeLocation: cart == nil ? nil : "tml_1")
    }

    func createPaymentIntent(_ body: IntentBody, caller: Caller) async throws(Problem) -> IntentAnswer {
        IntentAnswer(id: "pi_\(body.cart)_\(body.amount)", publishableKey: "pk_test_1", clientSecret: "pi_secret")
    }

    func createSetupIntent(_ body: SetupIntentBody, caller: Caller) async throws(Problem) -> IntentAnswer {
        IntentAnswer(id: "seti_\(body.user)", publishableKey: "pk_test_1", clientSecret: "seti_secret")
    }

    func createConnectionToken(_ body: ConnectionTokenBody, caller: Caller) async throws(Problem) -> ConnectionTokenAnswer {
        ConnectionTokenAnswer(token: "pst_\(body.cart)")
    }

    func createCardSetup(_ id: String, _ body: CardSetupBody, caller: Caller) async throws(Problem) -> AcceptedCardSetup {
        return AcceptedCardSetup(created: true, setup: Self.setup(id, user: body.user))
    }

    func cardSetup(_ id: String, waitUpTo: Duration?, caller: Caller) async throws(Problem) -> CardSetup {
        return Self.setup(id, user: "77")
    }

    func cancelCardSetup(_ id: String, caller: Caller) async throws(Problem) -> CardSetup {
        return Self.setup(id, user: "77")
    }

    func storeBankcard(_ body: BankcardBody, caller: Caller) async throws(Problem) -> Bankcard {
        return Bankcard(paymentMethod: body.paymentMethod, bankcard: "993")
    }

    private static func setup(_ id: String, user: String) -> CardSetup {
        CardSetup(
            id: id, user: user, state: .succeeded, paymentMethod: "pm_1", bankcard: "993", createdAt: Timestamp(milliseconds: 0),
            updatedAt: Timestamp(milliseconds: 0), endedAt: Timestamp(milliseconds: 0),
            timeline: [.init(state: .succeeded, at: Timestamp(milliseconds: 0))])
    }
}
