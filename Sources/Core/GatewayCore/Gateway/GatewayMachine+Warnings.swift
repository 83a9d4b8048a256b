import GatewayModel
import Moments

/// Payments of which a person should know something, and their acknowledgement by a technician.
///
/// A warning stands in the payment itself: in its rows, in what tills see, in the status and in the checks, until a technician acknowledges
/// it.
extension GatewayMachine {
    package static var maximumWarned: Int { Warnings.maximum }

    mutating func startWarnings(_ records: [PaymentRecord]) {
        for record in records { keepWarned(record) }
    }

    // MARK: Warning

    /// Tells the warnings that are new in a record that is about to be journaled.
    mutating func noteWarnings(of record: PaymentRecord) {
        for warning in standing.warnings.note(record) {
            log(.error, warning.message, .payment(record.id))
            queue.emit(.notice(Self.notice(of: record.id, warning)))
        }
    }

    /// Keeps the payment's warnings for the status and the checks.
    mutating func keepWarned(_ record: PaymentRecord) { standing.warnings.keep(record) }

    /// Replaces the payment's warnings wherever its record is held.
    private mutating func replace(_ record: PaymentRecord) {
        payments.change(record.id) { $0.replaceWarnings(by: record) }
        payments.editEnded(record.id) { $0.replaceWarnings(by: record) }
        carts.change(record.request.cart) { if $0.charged?.id == record.id { $0.charged?.replaceWarnings(by: record) } }
        resolutions.warningsChanged(of: record)
    }

    // MARK: Acknowledging

    /// Acknowledges a payment's warnings for a technician. It removes the warnings and lets the cart go that is held for this payment. The
    /// answer follows the journal.
    mutating func acknowledge(_ id: RequestID, _ payment: PaymentID, by: String, note: String, _ recall: Recall, at now: Now) {
        let held = payments.record(payment) ?? standing.warnings.record(payment)
        // Memory has let the warnings go, and the journal's record is older than the word that is being written.
        if held == nil, standing.warnings.join(payment, id) { return }
        let known = held ?? recall.payment
        guard payments.acceptance.reserved(payment) == nil, var record = known else {
            return refuse(id, refusesForLoss ?? .paymentNotFound(payment))
        }
        let cart = record.request.cart
        remember(cart, recalled: recall.cart, at: now)
        let lifts = carts[cart]?.facts.held == payment
        let seen = record.warnings
        if !lifts, seen.isEmpty {
            if standing.warnings.join(payment, id) { return }
            // The row by which Stripe's word ended the hold may be on its way to the disk, and the answer follows it.
            if recall.cart?.held != payment { return answer(id, with: record) }
        }
        standing.warnings.acknowledges(payment)
        record.unwarn(seen.map(\.code))
        // This happens at once, so that no later row of this payment has the warnings again. They come back if this row cannot be written.
        replace(record)
        if lifts { carts.changeMoney(of: cart) { $0.acknowledgeHold(payment) } }
        let isHeldNoMore = lifts || seen.isEmpty
        let words = (seen.map(\.code.rawValue) + (isHeldNoMore ? ["the cart is held no more"] : [])).joined(separator: ", ")
        journal(
            .acknowledged, record, note: "acknowledged by \(by): \(note) (\(words))",
            waiter: .acknowledged(id, record, Acknowledged(warnings: seen, lifts: lifts)), at: now)
    }

    /// Applies an acknowledgement that is on disk. `id` is nil when the row landed after its waiter had been refused; it holds all the
    /// same.
    mutating func acknowledgementWritten(_ id: RequestID?, _ record: PaymentRecord, _ given: Acknowledged, at now: Now) {
        var current = payments.record(record.id) ?? standing.warnings.record(record.id) ?? record
        if id == nil {
            current.unwarn(given.warnings.map(\.code))
            replace(current)
            keepWarned(current)
            outbox.amend(record.id) { $0.replaceWarnings(by: current) }
            if given.lifts, carts.changeMoney(of: record.request.cart, { $0.acknowledgeHold(record.id) }) == true {
                // The rows of the cart that waited behind this one say that it is held.
                outbox.add(
                    JournalEntry(kind: .cart, at: now.wall, cart: carts[record.request.cart]?.facts, note: "the cart is held no more"))
            }
        }
        if given.lifts { carts.changeMoney(of: record.request.cart) { $0.holdIsOver(record.id) } }
        carryOut(resolutions.acknowledged(record.id), at: now)
        log(.notice, "a technician has acknowledged the payment's warnings", .payment(record.id))
        for request in (id.map { [$0] } ?? []) + standing.warnings.settle(record.id) { answer(request, with: current) }
    }

    mutating func acknowledgementNotWritten(
        _ id: RequestID, _ record: PaymentRecord, _ given: Acknowledged, _ trouble: JournalTrouble, at now: Now
    ) {
        var current = payments.record(record.id) ?? standing.warnings.record(record.id) ?? record
        for warning in given.warnings { _ = current.warn(warning) }
        replace(current)
        keepWarned(current)
        outbox.amend(record.id) { $0.replaceWarnings(by: current) }
        if given.lifts {
            carts.changeMoney(of: record.request.cart) { $0.holdAgain(record.id, at: now) }
            // The rows of the cart that waited behind this one say that it is held no more.
            outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: carts[record.request.cart]?.facts, note: "the cart is held again"))
        }
        for request in [id] + standing.warnings.settle(record.id) { refuse(request, .journal(trouble)) }
    }

    // MARK: Telling

    private static func notice(of payment: PaymentID, _ warning: PaymentWarning) -> AgentNotice {
        AgentNotice(
            code: warning.code.rawValue, message: "The payment \(payment.text): \(warning.message)", remedy: warning.remedy,
            payment: payment)
    }

    /// The warnings that no technician has acknowledged. A technician's word that the backend contradicts stands in `contradictions`.
    package var standingWarnings: [AgentNotice] {
        standing.warnings.standing.filter { $0.warning.code != .contradicted || !resolutions.contradicts($0.payment) }
            .map { Self.notice(of: $0.payment, $0.warning) }
    }
}

extension PaymentRecord {
    mutating func replaceWarnings(by other: PaymentRecord) {
        unwarn(PaymentWarning.Code.allCases)
        for warning in other.warnings { _ = warn(warning) }
    }
}
