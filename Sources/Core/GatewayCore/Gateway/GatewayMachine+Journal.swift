import GatewayModel
import Moments

/// This extension handles the fate of what was to be written, and tells those who wait for it.
extension GatewayMachine {
    mutating func appended(_ result: Result<Void, JournalTrouble>, at now: Now) {
        switch result {
        case .success:
            if outbox.trouble != nil { log(.warning, "the journal can be written again: payments are accepted again") }
            for item in outbox.written(at: now.wall) { written(item, at: now) }
        case .failure(let trouble):
            if outbox.trouble == nil { log(.error, "no payment can be taken: the journal cannot be written: \(trouble.detail)") }
            notWritten(outbox.failed(trouble, at: now.mono), trouble, at: now)
        }
    }

    mutating func tickOutbox(at now: Now) {
        let before = outbox.trouble
        guard let failure = outbox.overdue(at: now.mono), let trouble = outbox.trouble else { return }
        if before == nil { log(.error, "no payment can be taken: the journal cannot be written: \(trouble.detail)") }
        notWritten(failure, trouble, at: now)
    }

    // MARK: On disk

    private mutating func written(_ item: Outbox.Item, at now: Now) {
        if item.entry.payment?.state.isEnd == true, let record = item.entry.payment {
            payments.isWritten(record.id)
            endSettled(record)
        }
        if item.entry.cardSetup?.state.isEnd == true, let record = item.entry.cardSetup {
            cardSetups.isWritten(record.id)
            cardEndSettled(record)
        }
        guard let waiter = item.waiter else { return }
        if item.isOverdue { return writtenLate(waiter, at: now) }
        switch waiter {
        case .cardSetupAccepted(let setup): cardSetupAccepted(setup, at: now)
        case .cardMethod(let setup): change(setup, at: now) { $0.methodWritten(at: now) }
        case .accepted(let payment): accepted(payment, at: now)
        case .confirming(let payment): change(payment, at: now) { $0.confirmingWritten(at: now) }
        case .intentAhead(let payment, let terms): intentAheadWritten(payment, terms)
        case .keyedEntry(let id, let cart): keyedEntryWritten(id, cart)
        case .keyedGiven(let id, let cart, let intent): keyedAnswered(id, cart, .success(intent))
        case .release(let id, let reader, let holder): releaseWritten(id, reader, holder, at: now)
        case .lossAccepted(let id): lossAcceptanceWritten(id)
        case .acknowledged(let id, let record, let given): acknowledgementWritten(id, record, given, at: now)
        }
    }

    /// Sets right a row that landed after all, because its waiter was told that nothing came of it.
    private mutating func writtenLate(_ waiter: Outbox.Waiter, at now: Now) {
        switch waiter {
        case .accepted(let payment): accepted(payment, at: now)
        case .cardSetupAccepted(let setup): cardSetupAccepted(setup, at: now)
        case .keyedEntry(_, let cart):
            if let facts = carts[cart]?.facts {
                outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: facts, note: "no intent for keyed entry was handed out"))
            }
        // The technician has agreed, and the agreement is on disk.
        case .lossAccepted: lossAcceptanceWritten(nil)
        case .acknowledged(_, let record, let given): acknowledgementWritten(nil, record, given, at: now)
        // Their ends follow, or came before. The secret of a keyed intent went to no till. A payment asks for its intent by itself.
        case .confirming, .cardMethod, .keyedGiven, .intentAhead: break
        // The row only tells the story. It freed no reader.
        case .release: break
        }
    }

    // MARK: Not on disk

    private mutating func notWritten(_ failure: Outbox.Failure, _ trouble: JournalTrouble, at now: Now) {
        for item in failure.undecided { if let waiter = item.waiter { givenUp(waiter, trouble, isDecided: false, at: now) } }
        for item in failure.dropped {
            guard let waiter = item.waiter else { continue }
            if item.isOverdue { decided(waiter) } else { givenUp(waiter, trouble, isDecided: true, at: now) }
        }
        for item in failure.kept {
            if let record = item.entry.cardSetup {
                queue.emit(.publishCardSetup(record))
                if record.state.isEnd { cardEndSettled(record) }
            }
            guard var record = item.entry.payment else { continue }
            // After a crash the agent would decide it again, so a warning tells the person who reads it.
            if record.state.isEnd, record.confirmingAt != nil, record.warn(.notJournaled) {
                payments.editEnded(record.id) { _ = $0.warn(.notJournaled) }
            }
            queue.emit(.publish(record))
            if record.state.isEnd { endSettled(record) }
        }
    }

    /// Gives up what waits for the disk. With `isDecided` the row is not on disk and never will be; without it, that is known later.
    private mutating func givenUp(_ waiter: Outbox.Waiter, _ trouble: JournalTrouble, isDecided: Bool, at now: Now) {
        switch waiter {
        case .accepted(let payment): notAccepted(payment, trouble, isDecided: isDecided)
        case .cardSetupAccepted(let setup): cardSetupNotAccepted(setup, trouble, isDecided: isDecided)
        case .cardMethod(let setup): change(setup, at: now) { $0.methodNotWritten(at: now) }
        case .confirming(let payment): confirmingNotWritten(payment, at: now)
        case .keyedEntry(let id, let cart):
            keyedEntryNotWritten(id, cart, trouble)
        case .acknowledged(let id, let record, let given): acknowledgementNotWritten(id, record, given, trouble, at: now)
        case .keyedGiven(let id, let cart, _): keyedAnswered(id, cart, .failure(.journal(trouble)))
        case .release(let id, _, _), .lossAccepted(let id): refuse(id, .journal(trouble))
        // The payment that waits for the list is not accepted either.
        case .intentAhead: break
        }
    }

    /// Settles a waiter that was told earlier that nothing comes of it. Its row is now known not to be on disk.
    private mutating func decided(_ waiter: Outbox.Waiter) {
        switch waiter {
        case .accepted(let payment): _ = payments.acceptance.giveBack(payment)
        case .cardSetupAccepted(let setup): _ = cardSetups.acceptance.giveBack(setup)
        case .cardMethod, .confirming, .intentAhead, .keyedEntry, .keyedGiven, .release, .lossAccepted, .acknowledged: break
        }
    }

    private mutating func confirmingNotWritten(_ payment: PaymentID, at now: Now) {
        // A payment that was canceled meanwhile has been taken back already.
        guard payments[payment]?.isConfirming == true, payments[payment]?.isSendingConfirm == false else { return }
        outbox.amend(payment) {
            $0.confirmingAt = nil
            $0.money = .notTaken
        }
        change(payment, at: now) { $0.confirmingFailed(at: now) }
    }
}

extension Refusal {
    /// The refusal of an act that cannot be journaled.
    static func journal(_ trouble: JournalTrouble) -> Refusal {
        Refusal(
            .journalUnavailable, "The agent cannot write its journal: \(trouble.detail)",
            remedy: trouble.remedy
                ?? "Free some space on this box's disk, or look at the disk and the state directory's permissions; payments go on by themselves."
        )
    }

    /// The refusal while the disk has been asked to keep something and has not answered.
    static func fateUnknown(_ what: String) -> Refusal {
        Refusal(
            .journalUnavailable, "The disk has not answered yet whether it keeps the \(what), which was refused for that and will not run.",
            remedy: "Repeat it when the disk answers again, or use a new id.")
    }
}
