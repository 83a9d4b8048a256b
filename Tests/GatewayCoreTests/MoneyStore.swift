import GatewayCore
import GatewayModel
import Moments
import Testing

/// A store whose reader reads a card at once; what becomes of the confirm is the test's.
@dynamicMemberLookup
struct MoneyStore {
    static let intent = IntentID(unchecked: "pi_1")

    var store = StoreFixture()
    var confirm: (ReaderCommand) -> Result<ReaderReply, ReaderFailure> = Self.approves
    var tip: Int64 = 0
    /// The confirm waits until ``answerConfirm(_:)``.
    var holdsConfirm = false
    /// What the backend says until the confirm has been answered.
    var statusBefore: CartStatus?
    /// All but the confirm; nil: a reader that reads a card at once.
    var reader: (ReaderCommand) -> Result<ReaderReply, ReaderFailure> = Self.reads

    init() {}

    subscript<Value>(dynamicMember path: WritableKeyPath<StoreFixture, Value>) -> Value {
        get { store[keyPath: path] }
        set { store[keyPath: path] = newValue }
    }

    subscript<Value>(dynamicMember path: KeyPath<StoreFixture, Value>) -> Value { store[keyPath: path] }

    static func approves(_: ReaderCommand) -> Result<ReaderReply, ReaderFailure> {
        .success(
            .confirmed(ConfirmAnswer(field: .confirmed, intent: intent, status: .succeeded, amountMinor: 5678, currency: StoreFixture.usd)))
    }

    static func declines(_: ReaderCommand) -> Result<ReaderReply, ReaderFailure> {
        .success(
            .confirmed(
                ConfirmAnswer(
                    field: .declined, intent: intent, status: .requiresPaymentMethod, code: "card_declined", declineCode: "generic_decline")
            ))
    }

    /// A reader that reads a card at once.
    static func reads(_ command: ReaderCommand) -> Result<ReaderReply, ReaderFailure> { StoreFixture.usual(command) }

    private mutating func wire() {
        let (confirm, tip, reader) = (confirm, tip, reader)
        store.reader = { command in
            switch command {
            case .confirm: confirm(command)
            case .query:
                .success(
                    .card(
                        CollectedCard(
                            summary: CardSummary(brand: "visa", last4: "4242", entry: "chip"), tipMinor: tip, echo: Secret("{}"))))
            default: reader(command)
            }
        }
        if holdsConfirm { store.holds = \.isConfirm }
    }

    @discardableResult
    mutating func pay(
        _ id: String, _ amount: String = "56.78", minor: Int64? = nil, cart: CartID = StoreFixture.cart, afterKeyed: Bool = false,
        recall: Recall? = nil
    ) throws -> RequestID {
        wire()
        if let minor { store.intentAmount = minor }
        let after = store.status
        if let statusBefore { store.status = statusBefore }
        let known = store.rows.last { $0.cart?.cart == cart.lock }?.cart
        let request = PaymentRequest(
            cart: cart, amount: try DecimalAmount(amount), reader: StoreFixture.reader.text,
            tip: tip > 0 ? TipConfiguration(options: [TipOption(label: "10 %", amountMinor: tip)], hideCustomAmount: false) : nil,
            afterKeyedEntry: afterKeyed)
        let asked = store.ask(.pay(PaymentID(unchecked: id), request, recall ?? Recall(cart: known)))
        // The session, the intent, the prompt and the card.
        store.wait(500)
        store.status = after
        return asked
    }

    /// Why this one may not begin; nil: it may.
    mutating func refused(
        _ id: String, _ amount: String = "56.78", minor: Int64? = nil, cart: CartID = StoreFixture.cart, afterKeyed: Bool = false,
        recall: Recall? = nil
    ) throws -> Refusal? {
        let asked = try pay(id, amount, minor: minor, cart: cart, afterKeyed: afterKeyed, recall: recall)
        return store.refusal(asked)
    }

    @discardableResult
    mutating func ask(_ request: Request) -> RequestID { store.ask(request) }

    mutating func wait(_ milliseconds: Int64) {
        wire()
        store.wait(milliseconds)
    }

    /// The backend gives this intent to whoever waits for one.
    mutating func gives(_ intent: String) {
        let made = BackendIntent(
            id: IntentID(unchecked: intent), publishableKey: StoreFixture.key, clientSecret: ClientSecret(Secret("pi_secret")))
        store.answer(.paymentIntent(.success(made))) { if case .paymentIntent = $0 { true } else { false } }
    }

    mutating func settle() { store.settle() }
    mutating func answer(_ answer: Answer, to isMeant: (Call) -> Bool) { store.answer(answer, to: isMeant) }

    mutating func answerConfirm(_ result: Result<ReaderReply, ReaderFailure>) {
        holdsConfirm = false
        store.holds = { _ in false }
        store.answer(.reader(result)) { $0.isConfirm }
    }

    /// The agent is killed, and starts again from what its journal has.
    mutating func restart() {
        var records: [PaymentID: PaymentRecord] = [:]
        var order: [PaymentID] = []
        var carts: [CartID: CartFacts] = [:]
        for row in store.rows {
            if let record = row.payment {
                if records.updateValue(record, forKey: record.id) == nil { order.append(record.id) }
            }
            if let cart = row.cart { carts[cart.cart] = cart }
        }
        let open = order.compactMap { records[$0] }.filter { !$0.state.isEnd }
        let locks = Set(open.map(\.request.cart.lock))
        let taken = carts.values.filter { locks.contains($0.cart) || $0.isOpen }
        store.machine = GatewayMachine(policy: store.policy, seed: 2)
        store.calls = []
        store.holds = { _ in false }
        store.feed(.start(open: open, carts: taken.sorted { $0.cart < $1.cart }, facts: [:]))
        wait(200)
    }

    func payment(_ id: String) -> PaymentRecord? { store.payment(id) }
    func refusal(_ id: RequestID) -> Refusal? { store.refusal(id) }
    var confirms: Int { store.commands.count { $0 == "confirmPayment" } }
    var collects: Int { store.commands.count { $0 == "collectPaymentMethod" } }
    var reads: Int { store.made.count { if case .readIntent = $0.call { true } else { false } } }
}
