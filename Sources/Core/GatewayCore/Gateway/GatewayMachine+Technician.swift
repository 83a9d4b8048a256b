import GatewayModel
import Moments

/// A technician's decisions: that a reader is free again, and that a lost journal is lost.
extension GatewayMachine {
    // MARK: Releasing a reader

    /// Frees a reader that its holder has left and that was not seen idle. The agent journals that first and frees the reader only then.
    /// The payment or card set-up stays as it is.
    mutating func release(_ id: RequestID, _ reference: String, _ holder: LeaseHolder, by: String, _ recall: Recall, at now: Now) {
        let reader: ReaderID
        switch resolveEntry(reference) {
        // The device owes what one of its entries has left undone.
        case .success(let found): reader = readers[found]?.holder == holder ? found : device(found)
        case .failure(let refusal): return refuse(id, refusal)
        }
        if let refusal = refusesRelease(of: reader, from: holder) { return refuse(id, refusal) }
        var entry = JournalEntry(kind: .released, at: now.wall, note: "the reader \(reader.text) was released by \(by)")
        switch holder {
        case .payment(let payment):
            guard let record = payments.record(payment) ?? recall.payment else {
                return refuse(id, refusesForLoss ?? .paymentNotFound(payment))
            }
            entry.payment = record
        case .cardSetup(let setup):
            guard let record = cardSetups.record(setup) ?? recall.cardSetup else {
                return refuse(id, refusesForLoss ?? .cardSetupNotFound(setup))
            }
            entry.cardSetup = record
        }
        outbox.add(entry, waiter: .release(id, reader, holder))
    }

    mutating func releaseWritten(_ id: RequestID, _ reader: ReaderID, _ holder: LeaseHolder, at now: Now) {
        if let refusal = refusesRelease(of: reader, from: holder) { return refuse(id, refusal) }
        var isFree = false
        changeReader(reader, at: now) { reader, _ in
            var actions: [ReaderMachine.Action] = []
            isFree = reader.releaseByHand(of: holder, actions: &actions)
            return actions
        }
        if isFree { respond(id, .done) } else { refuse(id, leaseChanged(reader)) }
    }

    private func refusesRelease(of reader: ReaderID, from holder: LeaseHolder) -> Refusal? {
        guard let machine = readers[reader], machine.holder == holder else { return leaseChanged(reader) }
        guard machine.isFreeing else {
            return Refusal(
                .readerBusy, "The \(holder.words) is at work on this reader; it leaves it within its own time limits.",
                remedy: "Cancel it, or wait for its end.", payment: holder.payment)
        }
        guard !machine.owesAnswer(to: holder) else {
            return Refusal(
                .readerBusy, "The reader has not answered yet what it was asked for the \(holder.words).",
                remedy: "Wait for its answer: a reader that is switched off or unplugged is given up within 15 s.", payment: holder.payment)
        }
        return nil
    }

    private func leaseChanged(_ reader: ReaderID) -> Refusal {
        guard let holder = readers[reader]?.holder else {
            return Refusal(.leaseChanged, "Nothing has this reader: it is free.", remedy: "There is nothing to release.")
        }
        return Refusal(
            .leaseChanged, "The \(holder.words) has this reader.", remedy: "Look at the reader again, and name what has it.",
            payment: holder.payment)
    }

    // MARK: The loss of a journal

    mutating func noteLosses(_ facts: [String: String]) {
        losses.recall(facts)
        for name in losses.names {
            log(
                .error,
                "the payment journal was damaged and set aside as \(name); no payment is accepted until a technician agrees to its loss")
        }
        if let notice = losses.notice { queue.emit(.notice(notice)) }
    }

    /// The refusal while a journal is missing, when no cart can be known to be unpaid.
    package var refusesForLoss: Refusal? { losses.refusal }
    package static var lossCode: String { JournalLoss.code }

    /// What a follower of the agent's events has to know first.
    package var standingNotices: [AgentNotice] { [losses.notice].compactMap { $0 } + contradictions + standingWarnings }

    mutating func acceptLoss(_ id: RequestID, by: String, note: String, at now: Now) {
        let rows = losses.agreement(by: by, note: note, at: now.wall)
        guard let last = rows.last else { return respond(id, .done) }
        for row in rows.dropLast() { outbox.add(row) }
        outbox.add(last, waiter: .lossAccepted(id))
    }

    mutating func lossAcceptanceWritten(_ id: RequestID?) {
        losses.accepted()
        log(.notice, "a technician has agreed to the loss of the journal; payments are accepted again")
        queue.emit(
            .notice(
                AgentNotice(
                    code: "journal_loss_accepted",
                    message: "A technician has agreed to the loss of the journal; payments are accepted again.")))
        if let id { respond(id, .done) }
    }
}
