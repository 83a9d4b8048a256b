internal import GatewayCore
import GatewayModel
import Moments

/// Spells values for the hash of a world, by numbers that stand here and nowhere else, in an order that stands here and nowhere else.
///
/// The name of a type, a case or a field does not show, nor does the order of declarations: a world that hashes as before decides as
/// before. A number that stands here keeps its meaning. An absent value is not spelled, so that a new field that nothing fills changes no
/// hash.
extension Trace {
    mutating func put(_ field: UInt64, _ text: String?) {
        guard let text else { return }
        mix(field)
        mix(text)
    }

    mutating func put(_ field: UInt64, _ id: (some Identifier)?) { put(field, id?.text) }

    mutating func put(_ field: UInt64, _ secret: Secret) { put(field, secret.reveal()) }

    mutating func put(_ field: UInt64, _ number: (some BinaryInteger)?) {
        guard let number else { return }
        mix(field)
        mix(UInt64(truncatingIfNeeded: number))
    }

    mutating func put(_ field: UInt64, _ moment: WallTime?) { put(field, moment?.milliseconds) }

    mutating func put(_ field: UInt64, _ moment: MonoTime?) { put(field, moment?.milliseconds) }

    mutating func put(_ field: UInt64, _ flag: Bool?) { put(field, flag.map { $0 ? 1 : 0 }) }

    mutating func put(_ field: UInt64, _ amount: DecimalAmount?) { put(field, amount?.text) }

    /// Spells a value with fields of its own.
    mutating func put<Value>(_ field: UInt64, _ value: Value?, _ spell: (inout Trace, Value) -> Void) {
        guard let value else { return }
        mix(field)
        spell(&self, value)
    }

    mutating func put<Value>(_ field: UInt64, each values: [Value], _ spell: (inout Trace, Value) -> Void) {
        guard !values.isEmpty else { return }
        mix(field)
        mix(UInt64(values.count))
        for value in values { spell(&self, value) }
    }

    /// Spells a result, which is one of two ends.
    mutating func put<Value, Problem>(
        _ field: UInt64, _ result: Result<Value, Problem>, _ spell: (inout Trace, Value) -> Void,
        problem spellProblem: (inout Trace, Problem) -> Void
    ) {
        mix(field)
        switch result {
        case .success(let value):
            mix(1)
            spell(&self, value)
        case .failure(let problem):
            mix(2)
            spellProblem(&self, problem)
        }
    }
}

extension Trace {
    mutating func spell(_ action: Action) {
        switch action {
        case .call(let id, let call, let timeout, let trace):
            mix(1)
            put(1, id.value)
            put(2, call) { $0.spell($1) }
            put(3, timeout)
            put(4, trace)
        case .recall(let id):
            mix(12)
            put(1, id.value)
        case .respond(let id, let response):
            mix(2)
            put(1, id.value)
            put(2, response) { $0.spell($1) }
        case .publish(let record):
            mix(3)
            spell(record)
        case .publishCardSetup(let record):
            mix(4)
            spell(record)
        case .readerChanged(let id):
            mix(5)
            put(1, id)
        case .deviceChanged(let change, let view):
            mix(6)
            put(1, change.rawValue)
            put(2, view) { $0.spell($1) }
        case .notice(let notice):
            mix(7)
            put(1, notice.code)
            put(2, notice.message)
            put(3, notice.remedy)
            put(4, notice.payment)
        case .lookNews(let id, .progress(let looked, let total)):
            mix(8)
            put(1, id.value)
            put(2, looked)
            put(3, total)
        case .lookNews(let id, .device(let view)):
            mix(9)
            put(1, id.value)
            put(2, view) { $0.spell($1) }
        case .stopLooking: mix(10)
        case .log(let level, let message, let subject):
            mix(11)
            put(1, Self.number(of: level))
            put(2, message)
            put(3, subject) { $0.spell($1) }
        }
    }

    private static func number(of level: LogLevel) -> Int {
        switch level {
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        }
    }

    private mutating func spell(_ subject: LogSubject) {
        switch subject {
        case .agent: mix(1)
        case .payment(let id): put(2, id)
        case .reader(let id): put(3, id)
        case .cart(let id): put(4, id)
        }
    }

    mutating func spell(_ response: Response) {
        switch response {
        case .payment(let record, let created):
            mix(1)
            spell(record)
            put(100, created)
        case .cardSetup(let record, let created):
            mix(2)
            spell(record)
            put(100, created)
        case .cart(let view):
            mix(3)
            spell(view)
        case .done: mix(4)
        case .cartStatus(let status):
            mix(5)
            spell(status)
        case .configuration(let configuration):
            mix(6)
            put(1, configuration.publishableKey)
            put(2, configuration.stripeLocation)
        case .connectionToken(let token):
            mix(7)
            put(1, token.secret)
        case .intent(let intent):
            mix(8)
            put(1, intent.id)
            put(2, intent.publishableKey)
            put(3, intent.clientSecret.secret)
        case .readers: mix(9)
        case .reader(let id, let label):
            mix(10)
            put(1, id)
            put(2, label)
        case .discovered(let summary):
            mix(11)
            spell(summary)
        case .refused(let refusal):
            mix(12)
            spell(refusal)
        }
    }

    private mutating func spell(_ view: CartView) {
        put(1, view.cart)
        put(2, view.lane)
        put(3, view.reader)
        put(4, view.readerState?.rawValue)
        put(5, view.hasConfiguration)
        put(6, view.hasToken)
        put(7, view.hasSession)
        put(8, view.currency)
        put(9, view.openedAt)
    }

    private mutating func spell(_ summary: LookSummary) {
        put(1, summary.devices)
        put(2, summary.addresses)
        put(3, each: summary.subnets) { $0.spell($1) }
        put(4, each: summary.notes) {
            $0.put(1, $1.code.rawValue)
            $0.put(2, $1.message)
            $0.put(3, $1.remedy)
        }
    }

    private mutating func spell(_ refusal: Refusal) {
        put(1, refusal.code.rawValue)
        put(2, refusal.detail)
        put(3, refusal.remedy)
        put(4, refusal.payment)
        put(5, refusal.order)
        put(6, refusal.readerState?.rawValue)
        put(7, each: refusal.candidates) { $0.put(1, $1) }
        put(8, refusal.field)
    }

    mutating func spell(_ status: CartStatus) {
        switch status {
        case .open: mix(1)
        case .submitted(let order): put(2, order?.text ?? "")
        case .failed(let error): put(3, error ?? "")
        }
    }
}
