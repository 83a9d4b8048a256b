import GatewayCore
import GatewayModel
import Moments
import Testing

/// The whole middle, in a store that the test plays: a backend, Stripe, readers and a disk that answer at once what is usual, but for what the test
/// wants to answer itself.
struct StoreFixture {
    struct OpenCall {
        var id: CallID
        var call: Call
        var timeout: Int64
        var trace: String
    }

    enum Disk { case works, hangs, isFull }

    static let reader = ReaderID(unchecked: "tmr_1")
    static let cart = CartID(unchecked: "c1")
    static let key = PublishableKey(unchecked: "pk_test_1")
    static let usd = Currency(unchecked: "usd")

    var machine: GatewayMachine
    var now = Now(mono: 1_000_000, wall: 1_769_851_800_000)
    var policy = GatewayPolicy()
    var disk = Disk.works
    /// What the test answers itself.
    var holds: (Call) -> Bool = { _ in false }
    /// What the store says.
    var listed = [BackendReader(id: Self.reader, label: "Front Desk")]
    /// Nil: every reader that the backend lists, each with a serial number of its own.
    var stripeLists: [StripeReader]?
    var status = CartStatus.open
    var intentStatus = IntentStatus.requiresPaymentMethod
    var intentAmount: Int64 = 5678
    /// Of intents other than `pi_1`.
    var otherIntents: [String: IntentStatus] = [:]
    /// Which intent the backend gives.
    var givenIntent: (PaymentType) -> String = { _ in "pi_1" }
    var reader: (ReaderCommand) -> Result<ReaderReply, ReaderFailure>
    /// Calls that have no answer yet, oldest first.
    var calls: [OpenCall] = []
    /// Every call that was made.
    var made: [OpenCall] = []
    var rows: [JournalEntry] = []
    var responses: [RequestID: Response] = [:]
    var published: [PaymentRecord] = []
    /// What was logged at warning or error.
    var told: [String] = []
    private var lastRequest: UInt64 = 0
    private var requests: [RequestID: Request] = [:]
    private var tokens = 0

    init(
        policy: GatewayPolicy = GatewayPolicy(), open: [PaymentRecord] = [], carts: [CartFacts] = [], facts: [String: String] = [:],
        seed: UInt64 = 1,
        holding holds: @escaping (Call) -> Bool = { _ in false }
    ) {
        self.holds = holds
        self.policy = policy
        self.machine = GatewayMachine(policy: policy, seed: seed)
        self.reader = Self.usual
        feed(.start(open: open, carts: carts, facts: facts))
    }

    /// A reader that waits for a card.
    static func usual(_ command: ReaderCommand) -> Result<ReaderReply, ReaderFailure> {
        switch command {
        case .activate, .prove: .success(.activated(session: SessionToken(Secret("rst_1")), livemode: false, software: nil))
        case .heartbeat, .display, .clearDisplay, .collect, .cancelCollect, .collectReusable, .cancelReusable: .success(.done)
        case .query, .queryReusable: .success(.pending)
        case .confirm:
            .success(
                .confirmed(
                    ConfirmAnswer(
                        field: .confirmed, intent: IntentID(unchecked: "pi_1"), status: .succeeded, amountMinor: 5678, currency: Self.usd)))
        case .confirmReusable: .success(.createdReusable(paymentMethod: "pm_1"))
        }
    }

    static let card = CollectedCard(summary: CardSummary(brand: nil, last4: nil, entry: nil), tipMinor: 0, echo: Secret("{}"))

    // MARK: Events

    mutating func feed(_ event: Event) {
        var again: [RequestID] = []
        for action in machine.handle(event, at: now) {
            switch action {
            case .call(let id, let call, let timeout, let trace):
                let open = OpenCall(id: id, call: call, timeout: timeout, trace: trace)
                made.append(open)
                calls.append(open)
            case .respond(let id, let response):
                #expect(responses[id] == nil, "a request is answered once")
                responses[id] = response
            case .recall(let id): again.append(id)
            case .publish(let record): published.append(record)
            case .log(let level, let words, _): if level == .warning || level == .error { told.append(words) }
            case .publishCardSetup, .readerChanged, .deviceChanged, .notice, .lookNews, .stopLooking: break
            }
        }
        for id in again { if let request = requests[id] { feed(.request(id, recalling(request))) } }
        settle()
    }

    /// Answers what the test does not hold, oldest first.
    mutating func settle() {
        while let index = calls.firstIndex(where: { !holds($0.call) && usualAnswer($0.call, draw: false) != nil }) {
            let open = calls.remove(at: index)
            guard let answer = usualAnswer(open.call, draw: true) else { return }
            if case .append(let entries) = open.call, answer == .append(.success(())) { rows += entries }
            feed(.answer(open.id, answer))
        }
    }

    /// `draw`: a token that is told is used up.
    private mutating func usualAnswer(_ call: Call, draw: Bool) -> Answer? {
        switch call {
        case .append:
            switch disk {
            case .works: return .append(.success(()))
            case .isFull: return .append(.failure(JournalTrouble(detail: "no space left")))
            case .hangs: return nil
            }
        case .configuration: return .configuration(.success(BackendConfiguration(publishableKey: Self.key, stripeLocation: "tml_1")))
        case .connectionToken:
            if draw { tokens += 1 }
            return .connectionToken(.success(ConnectionToken(Secret("pst_\(tokens)"))))
        case .paymentIntent(_, _, _, let type):
            return .paymentIntent(
                .success(
                    BackendIntent(
                        id: IntentID(unchecked: givenIntent(type)), publishableKey: Self.key,
                        clientSecret: ClientSecret(Secret("pi_1_secret")))))
        case .paymentStatus: return .paymentStatus(.success(status))
        case .setupIntent(let user):
            return .setupIntent(
                .success(
                    BackendSetupIntent(id: "seti_\(user)", publishableKey: Self.key, clientSecret: ClientSecret(Secret("seti_secret")))))
        case .storeCard(_, let method): return .storedCard(.success(StoredCard(paymentMethod: method, bankcard: "1")))
        case .backendReaders, .terminals: return .backendReaders(.success(listed))
        case .registerTerminal, .updateTerminal, .deregisterTerminal: return .terminalChanged(.success(()))
        case .stripeReaders:
            if let stripeLists { return .stripeReaders(.success(StripeReaderList(stripeLists))) }
            return .stripeReaders(
                .success(
                    StripeReaderList(
                        listed.enumerated().map { index, entry in
                            StripeReader(
                                id: entry.id, serial: "S\(index)", model: "s700", label: nil, address: "10.0.0.\(10 + index)",
                                baseURL: "example.test", status: "online", lastSeenAt: nil, software: nil, livemode: false)
                        })))
        case .readIntent(let id, _, _):
            return .intent(
                .success(
                    IntentFacts(
                        id: id, status: otherIntents[id.text] ?? intentStatus, amountMinor: intentAmount, currency: Self.usd)))
        case .reader(_, _, let command, _): return .reader(reader(command))
        case .networks, .lookAtLAN, .lookAtUSB: return nil
        }
    }

    @discardableResult
    mutating func ask(_ request: Request) -> RequestID {
        lastRequest += 1
        let id = RequestID(lastRequest)
        requests[id] = request
        feed(.request(id, request))
        return id
    }

    /// The same, with what the journal knows now.
    private func recalling(_ request: Request) -> Request {
        switch request {
        case .pay(let id, let body, _, let isTechnician):
            .pay(id, body, Recall(payment: row(id), cart: row(body.cart)), isTechnician: isTechnician)
        case .openCart(let cart, let lane, let reader, _): .openCart(cart, lane: lane, reader: reader, Recall(cart: row(cart)))
        default: request
        }
    }

    /// What the journal knows of a payment, and of a cart: whose open payments are those that have not ended.
    func row(_ id: PaymentID) -> PaymentRecord? { rows.last { $0.payment?.id == id }?.payment }

    func row(_ id: CartID) -> CartFacts? {
        var open: [PaymentID] = []
        for payment in rows.compactMap(\.payment) where payment.request.cart == id {
            if payment.state.isEnd { open.removeAll { $0 == payment.id } } else if !open.contains(payment.id) { open.append(payment.id) }
        }
        var facts = rows.last { $0.cart?.cart == id }?.cart
        facts?.openPayments = open
        return facts
    }

    @discardableResult
    mutating func pay(
        _ id: String, cart: CartID = Self.cart, _ amount: String = "56.78", reader: ReaderID = Self.reader, recall: Recall = Recall()
    ) throws -> RequestID {
        ask(
            .pay(
                PaymentID(unchecked: id), PaymentRequest(cart: cart, amount: try DecimalAmount(amount), reader: reader.text), recall))
    }

    /// Answers a held call; the test fails when there is none.
    mutating func answer(
        _ answer: Answer, to isMeant: (Call) -> Bool, at location: SourceLocation = #_sourceLocation
    ) {
        guard let index = calls.firstIndex(where: { isMeant($0.call) }) else {
            Issue.record("no such call waits for its answer", sourceLocation: location)
            return
        }
        let open = calls.remove(at: index)
        if case .append(let entries) = open.call, answer == .append(.success(())) { rows += entries }
        feed(.answer(open.id, answer))
    }

    /// Time passes; calls that are held go on waiting, as calls do whose deadline the edge keeps.
    mutating func wait(_ milliseconds: Int64) {
        let end = now.mono + milliseconds
        while let wake = machine.nextWake, wake <= end { tick(at: max(wake, now.mono)) }
        tick(at: end)
    }

    private mutating func tick(at mono: MonoTime) {
        now.wall += mono - now.mono
        now.mono = mono
        feed(.tick)
    }

    // MARK: What is seen

    func payment(_ id: String) -> PaymentRecord? {
        let id = PaymentID(unchecked: id)
        return machine.openPayment(id) ?? rows.last { $0.payment?.id == id }?.payment
    }

    func refusal(_ id: RequestID) -> Refusal? {
        if case .refused(let refusal)? = responses[id] { return refusal }
        return nil
    }

    func shown(_ id: RequestID) -> PaymentRecord? {
        if case .payment(let record, _)? = responses[id] { return record }
        return nil
    }

    /// The names of what the reader was asked, in order.
    var commands: [String] { made.compactMap { if case .reader(_, _, let command, _) = $0.call { command.name } else { nil } } }
}

extension Call {
    var isAppend: Bool { if case .append = self { true } else { false } }
    var isConfirm: Bool { if case .reader(_, _, .confirm, _) = self { true } else { false } }
    var isQuery: Bool { if case .reader(_, _, .query, _) = self { true } else { false } }
    var isActivate: Bool { if case .reader(_, _, .activate, _) = self { true } else { false } }
    var isProof: Bool { if case .reader(_, _, .prove, _) = self { true } else { false } }
    var isCollect: Bool { if case .reader(_, _, .collect, _) = self { true } else { false } }
    var isDisplay: Bool { if case .reader(_, _, .display, _) = self { true } else { false } }
    var isStripeList: Bool { if case .stripeReaders = self { true } else { false } }
    var isClear: Bool { if case .reader(_, _, .clearDisplay, _) = self { true } else { false } }
    var isToken: Bool { if case .connectionToken = self { true } else { false } }
    var isList: Bool { if case .backendReaders = self { true } else { false } }
    var isIntent: Bool { if case .paymentIntent = self { true } else { false } }
    var isReadIntent: Bool { if case .readIntent = self { true } else { false } }
    var isSetupIntent: Bool { if case .setupIntent = self { true } else { false } }
}
