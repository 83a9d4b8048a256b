import GatewayCore

/// A payment with the smallest request, and what is needed to lead it anywhere.
struct PaymentFixture {
    static let usd = Currency(unchecked: "usd")
    static let intent = IntentID(unchecked: "pi_1")
    static let key = PublishableKey(unchecked: "pk_test_1")
    static let context = TransactionContext(transactionID: "42", startTime: 1)

    var machine: PaymentMachine
    var now = Now(mono: 0, wall: 1_000_000)
    var policy = GatewayPolicy()

    init(amount: String = "56.78", tip: TipConfiguration? = nil, older: PaymentID? = nil) throws {
        let request = PaymentRequest(cart: CartID(unchecked: "c1"), amount: try DecimalAmount(amount), tip: tip)
        let record = PaymentRecord(
            id: PaymentID(unchecked: "p1"), request: request, reader: ReaderID(unchecked: "tmr_1"), readerLabel: "Front", at: now.wall)
        machine = PaymentMachine(record: record, older: older, policy: policy, now: now)
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
        machine.answered(command, .success(reply), at: now)
    }

    mutating func fail(_ command: ReaderCommand, _ failure: ReaderFailure) -> [PaymentMachine.Action] {
        machine.answered(command, .failure(failure), at: now)
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

    /// The confirm is on its way.
    mutating func send(tip: Int64 = 0) -> [PaymentMachine.Action] {
        _ = readCard(tip: tip)
        return machine.confirmingWritten(at: now)
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
