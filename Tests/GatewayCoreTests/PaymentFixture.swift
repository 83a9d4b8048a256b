import GatewayCore
import GatewayModel
import Moments

/// A payment with the smallest request, its cart, and what is needed to lead it anywhere.
struct PaymentFixture {
    static let usd = Currency(unchecked: "usd")
    static let intent = IntentID(unchecked: "pi_1")
    static let key = PublishableKey(unchecked: "pk_test_1")
    static let context = TransactionContext(transactionID: "42", startTime: 1)

    var machine: PaymentMachine
    /// Where what becomes of the confirm is judged.
    var cart: CartMachine
    var now = Now(mono: 0, wall: 1_000_000)
    var policy = GatewayPolicy()

    init(amount: String = "56.78", tip: TipConfiguration? = nil) throws {
        let request = PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount(amount), tip: tip)
        let record = PaymentRecord(
            id: PaymentID(unchecked: "p1"), request: request, reader: ReaderID(unchecked: "tmr_1"), readerLabel: "Front", at: now.wall)
        machine = PaymentMachine(record: record, policy: policy, now: now)
        cart = CartMachine(
            CartFacts(cart: request.cart), isRecalled: true,
            terms: EvidenceTerms(window: policy.authorizationWindow, patience: policy.statusPatience), at: now)
        cart.reserve(record.id, request)
    }

    var record: PaymentRecord { machine.record }

    mutating func later(_ milliseconds: Int64) {
        now.mono += milliseconds
        now.wall += milliseconds
    }

    static func facts(_ status: IntentStatus = .requiresPaymentMethod, minor: Int64 = 5678, currency: Currency = usd) -> IntentFacts {
        IntentFacts(id: intent, status: status, amountMinor: minor, currency: currency)
    }

    static func card(tip: Int64 = 0) -> CollectedCard {
        CollectedCard(summary: CardSummary(brand: "visa", last4: "4242", entry: "chip"), tipMinor: tip, echo: Secret("{}"))
    }

    mutating func grant(currency: Currency? = nil) -> [PaymentMachine.Action] {
        machine.granted(context: Self.context, expectedCurrency: currency, at: now)
    }

    /// Granted, session, intent and baseline: the reader is about to ask for the card.
    mutating func prepare() -> [PaymentMachine.Action] {
        var actions = grant()
        actions += machine.sessionReady(at: now)
        actions += machine.baseline(.open, at: now)
        actions += machine.intentReady(Self.facts(), key: Self.key, at: now)
        return actions
    }

    mutating func answer(_ command: ReaderCommand, _ reply: ReaderReply = .done) -> [PaymentMachine.Action] {
        judging(machine.answered(command, .success(reply), at: now))
    }

    mutating func fail(_ command: ReaderCommand, _ failure: ReaderFailure) -> [PaymentMachine.Action] {
        judging(machine.answered(command, .failure(failure), at: now))
    }

    var collect: ReaderCommand { .collect(Self.context, amountMinor: 5678, currency: Self.usd, tip: nil) }
    var query: ReaderCommand { .query(Self.context) }
    var cancelCollect: ReaderCommand { .cancelCollect(Self.context) }
    func confirm(tip: Int64 = 0) -> ReaderCommand { .confirm(Self.context, intent: Self.intent, card: Self.card(tip: tip)) }

    /// The card is read and "confirming" is to be written.
    mutating func readCard(tip: Int64 = 0) -> [PaymentMachine.Action] {
        _ = prepare()
        _ = answer(collect)
        return answer(query, .card(Self.card(tip: tip)))
    }

    /// "confirming" is on disk.
    mutating func written() -> [PaymentMachine.Action] { judging(machine.confirmingWritten(at: now)) }

    /// The confirm is on its way.
    mutating func send(tip: Int64 = 0) -> [PaymentMachine.Action] {
        _ = readCard(tip: tip)
        return written()
    }

    // MARK: Evidence

    mutating func hears(_ status: CartStatus?) -> [PaymentMachine.Action] {
        var actions: [PaymentMachine.Action] = []
        let failed: String?? = if case .failed(let error)? = status { .some(error) } else { nil }
        machine.noteFailed(failed)
        if let status { actions += told(cart.heard(status, asked: now.mono, at: now)) }
        return actions + machine.statusAnswered(failed: failed, at: now)
    }

    mutating func reads(_ status: IntentStatus, minor: Int64 = 5678) -> [PaymentMachine.Action] {
        let facts = Self.facts(status, minor: minor)
        return told(cart.looked(facts, asked: now.mono, at: now)) + machine.charged(facts, at: now)
    }

    /// Its reader lets another point of sale in.
    mutating func seenIdle() -> [PaymentMachine.Action] {
        cart.idle(record.reader, at: now)
        guard let moment = cart.decides(record.id) else { return [] }
        return machine.decides(at: moment, at: now)
    }

    mutating func technician(paid: Bool, by: String = "ann", note: String = "looked it up") -> [PaymentMachine.Action] {
        guard machine.resolve(order: nil, by: by, note: note) else { return [] }
        return told(cart.said(record.id, paid: paid, at: now))
    }

    /// A new life of the agent: only the record and the cart's row are left.
    mutating func restart() -> [PaymentMachine.Action] {
        machine = PaymentMachine(record: record, policy: policy, now: now)
        cart = CartMachine(cart.facts, isRecalled: true, terms: cart.terms, at: now)
        cart.recover(record, at: now)
        return machine.recover(at: now)
    }

    private mutating func told(_ actions: [CartMachine.Action]) -> [PaymentMachine.Action] {
        var all: [PaymentMachine.Action] = []
        for case .verdict(let payment, let verdict) in actions where payment == record.id {
            all += judging(machine.judged(verdict, at: now))
        }
        return all
    }

    /// What the gateway does with what a payment says of its confirm.
    private mutating func judging(_ actions: [PaymentMachine.Action]) -> [PaymentMachine.Action] {
        var all = actions
        for action in actions {
            switch action {
            case .begun(.writeConfirming(let record)): cart.confirming(record.id, Self.intent, tip: record.tipMinor, at: now)
            case .begun(.command(.confirm(_, let intent, let card))):
                cart.sent(record.id, intent, on: record.reader, card: card.summary, at: now)
            case .owed(.confirmEnded(let fate)): all += told(cart.answered(record.id, fate, at: now))
            case .owed(.confirmUndone): cart.notConfirming(record.id)
            case .owed(.write(.ended, let record, _)): cart.ended(record, at: now)
            default: break
            }
        }
        return all
    }
}

extension [PaymentMachine.Action] {
    var commands: [String] {
        compactMap {
            switch $0 {
            case .begun(.command(let command)), .owed(.takeOff(let command)): command.name
            default: nil
            }
        }
    }
    var kinds: [JournalKind] { compactMap { if case .owed(.write(let kind, _, _)) = $0 { kind } else { nil } } }
}
