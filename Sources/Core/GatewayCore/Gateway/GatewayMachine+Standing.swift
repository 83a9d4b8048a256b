import GatewayModel
import Moments

/// What stands in the way of sales. The log tells it when it begins, and once when it is over.
///
/// `journalctl -p warning -u readerd` is the first page of a support case, so what begins here at error or warning ends at warning.
extension GatewayMachine {
    /// Why the backend serves nothing now; nil when it serves or has not been heard from yet.
    package var backendTrouble: CallFailure? {
        backend.refusedCredential ?? lists.firstFailure ?? backend.outage
    }

    mutating func tellStanding() {
        tellBackend()
        let news = readers.values.filter { reader in isAway(reader).map { $0 != standing.told.isReaderTold(reader.id) } ?? false }
        for id in news.map(\.id) { tellReader(id) }
        if payments.values.contains(where: { $0.isUnresolved && !standing.told.isUnresolvedTold($0.id) }) {
            for id in payments.ids where payments[id]?.isUnresolved == true { tellUnresolved(id) }
        }
    }

    private mutating func tellBackend() {
        let trouble = backendTrouble
        switch standing.told.backend(trouble, serves: lists.hasListed) {
        case .begins?:
            guard let trouble else { return }
            log(.error, "no payment can be taken: \(trouble.backendCause) What to do: \(trouble.backendRemedy)")
        case .isOver?: log(.warning, "the backend serves again")
        case nil: break
        }
    }

    /// Whether the reader is away; nil when that is not known now, so that the last word stands.
    @inline(__always) private func isAway(_ machine: ReaderMachine) -> Bool? {
        guard machine.facts.inBackend, !machine.isBarred else { return nil }
        if machine.isLive { return false }
        if let trouble = machine.standingTrouble, trouble.preventsUse { return true }
        return machine.isThere == true && !machine.isConnecting ? false : nil
    }

    private mutating func tellReader(_ id: ReaderID) {
        guard let machine = readers[id] else { return }
        let name = machine.facts.label ?? machine.facts.serial ?? id.text
        if standing.told.readerIsBack(id) { return log(.warning, "the reader \(name) can be used again", .reader(id)) }
        guard let trouble = machine.standingTrouble else { return }
        standing.told.readerIsAway(id)
        log(.warning, "the reader \(name) cannot be used: \(trouble.message) What to do: \(trouble.remedy)", .reader(id))
    }

    private mutating func tellUnresolved(_ id: PaymentID) {
        guard let record = payments[id]?.record, standing.told.isUnresolved(id) else { return }
        log(
            .error,
            "payment unresolved: whether the money was taken is not known yet (\(Self.terms(of: record))). What to do: try the same cart again "
                + "with the same amount, which is safe, or wait: readerd goes on asking", .payment(id))
    }

    /// Tells the log of a payment's end. An end that a person has to know of is a warning. A decline and a cancel are everyday events.
    mutating func tellEnd(_ record: PaymentRecord) {
        var words = "payment ended: \(record.state.rawValue), money \(record.money.rawValue)"
        if let failure = record.failure { words += ", \(failure.code.rawValue): \(failure.message)" }
        words += " (\(Self.terms(of: record)))"
        let wasUnresolved = standing.told.ended(record.id)
        log(record.state == .failed || wasUnresolved ? .warning : .notice, words, .payment(record.id))
    }

    private static func terms(of record: PaymentRecord) -> String {
        let reader = record.readerLabel.map { "\($0), \(record.reader.text)" } ?? record.reader.text
        return
            "\(record.request.amount.text) \(record.currency?.text ?? "in the cart's currency"), cart \(record.request.cart.text), reader \(reader)"
    }
}
