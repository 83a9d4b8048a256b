extension PaymentMachine {
    /// From the moment that "confirming" is to be written until the reader's answer is understood.
    struct Confirming: Sendable {
        var shown: Charge
        var context: TransactionContext
        var card: CollectedCard
        var intent: IntentID
        /// The backend's `Failed` stood before the confirm; nil: not known.
        var failedBefore: Bool?
        var sentAt: MonoTime
        var sends: Int
    }

    mutating func beginConfirm(
        _ active: Active, card: CollectedCard, facts: IntentFacts, shown: Charge, failedBefore: Bool?, at now: Now,
        _ actions: inout [Action]
    ) {
        guard shown == Charge(amountMinor: facts.amountMinor, currency: facts.currency) else {
            var stopped = active
            stopped.stop(.failure(.amountMismatch(asked: shown.amountMinor, intent: facts.amountMinor, currency: facts.currency)))
            state = .active(stopped)
            advance(at: now, &actions)
            return
        }
        show(.authorizing, at: now)
        edit {
            $0.money = .unknown
            $0.confirmingAt = now.wall
            $0.tipMinor = card.tipMinor
            $0.currency = facts.currency
            $0.amountMinor = facts.amountMinor
        }
        state = .confirmWriting(
            Confirming(
                shown: shown, context: active.context, card: card, intent: facts.id, failedBefore: failedBefore, sentAt: now.mono, sends: 0)
        )
        actions.append(.writeConfirming(record))
    }

    /// "confirming" is on disk: now, and only now, the confirm may be sent.
    package mutating func confirmingWritten(at now: Now) -> [Action] {
        guard case .confirmWriting(var confirming) = state else { return [] }
        confirming.sentAt = now.mono
        confirming.sends = 1
        state = .confirming(confirming)
        return [.command(.confirm(confirming.context, intent: confirming.intent, card: confirming.card))]
    }

    /// "confirming" could not be written: nothing is confirmed, the reader is asked to cancel.
    package mutating func confirmingFailed(at now: Now) -> [Action] {
        guard case .confirmWriting(let confirming) = state else { return [] }
        var actions: [Action] = []
        let reason = PaymentFailure(
            code: .journalUnavailable, message: "The agent could not write its journal, so the card was not charged.",
            remedy: "Free some space on this box's disk; payments go on by themselves.")
        withdraw(confirming, .failure(reason), at: now, &actions)
        return actions
    }

    /// Nothing is confirmed, whatever becomes of the row: the reader is asked to cancel.
    mutating func withdraw(_ confirming: Confirming, _ reason: Active.Stop, at now: Now, _ actions: inout [Action]) {
        takeConfirmBack()
        actions.append(.confirmNotSent)
        var active = Active(context: confirming.context)
        active.reader = .cardRead(confirming.card)
        active.shown = confirming.shown
        active.stop(reason)
        state = .active(active)
        advance(at: now, &actions)
    }

    mutating func takeConfirmBack() {
        edit {
            $0.money = .notTaken
            $0.confirmingAt = nil
            $0.tipMinor = 0
        }
    }

    mutating func confirmAnswered(
        _ confirming: Confirming, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, _ actions: inout [Action]
    ) {
        switch result {
        case .success(.confirmed(let answer)): confirmAnswered(confirming, answer, at: now, &actions)
        case .success: becomeUnknown(confirming, "the reader answered something else than a confirmation", at: now, &actions)
        case .failure(.unreachable(let detail)) where confirming.sends == 1:
            // Nothing was sent, so nothing can be charged by this attempt.
            actions.append(.confirmNotSent)
            actions.append(.release(.unknown))
            end(
                .failed, money: .notTaken, failure: .readerLost("The reader was lost before the card was charged: \(detail)"), at: now,
                &actions)
        case .failure(let failure): becomeUnknown(confirming, failure.sentence, at: now, &actions)
        }
    }

    private mutating func confirmAnswered(_ before: Confirming, _ answer: ConfirmAnswer, at now: Now, _ actions: inout [Action]) {
        var confirming = before
        if let named = answer.intent, named != confirming.intent {
            becomeUnknown(confirming, "the reader's answer names another payment", at: now, &actions)
            return
        }
        if let card = answer.card { edit { $0.card = card.merged(over: $0.card) } }
        switch answer.status {
        case .requiresCapture, .succeeded, .processing:
            // A refusal that carries a paid intent means: it had been charged before this confirm.
            // Where it was confirmed twice, the first time may have been what charged it.
            let charged = answer.field == .confirmed || confirming.sends > 1
            edit { $0.authorized = charged }
            if !charged {
                actions.append(.alreadyCharged(proven: true))
                actions.append(.release(.idle))
                end(.failed, money: .notTaken, failure: .cartPaidEarlier(by: older), at: now, &actions)
                return
            }
            noteAmount(confirming, answer, &actions)
            actions.append(.release(.idle))
            actions.append(.tookMoney)
            beginFollowing(confirming, showing: .finishing, note: "the issuer approved", at: now, &actions)
        case .requiresPaymentMethod:
            actions.append(.release(.idle))
            actions.append(.intentNotCharged)
            actions.append(.sawIntent(.requiresPaymentMethod))
            edit { $0.tipMinor = 0 }
            end(
                .declined, money: .notTaken,
                failure: PaymentFailure(
                    code: .cardDeclined, message: "The card was declined.", declineCode: answer.declineCode ?? answer.code,
                    remedy: "Ask for another card or another way to pay."), at: now, &actions)
        case .requiresConfirmation where confirming.sends < 2:
            confirming.sends += 1
            confirming.sentAt = now.mono
            state = .confirming(confirming)
            actions.append(.command(.confirm(confirming.context, intent: confirming.intent, card: confirming.card)))
        case .canceled:
            actions.append(.release(.idle))
            actions += [.intentGone, .sawIntent(.canceled)]
            end(
                .failed, money: .notTaken,
                failure: PaymentFailure(
                    code: .intentFailed, message: "The payment was canceled at Stripe before the card was charged.", remedy: "Try again."),
                at: now, &actions)
        case nil where older != nil && answer.refusesIntentState:
            // Refused for the intent's state while an earlier attempt's outcome is open: this attempt took nothing, that one may have.
            actions.append(.alreadyCharged(proven: false))
            actions.append(.release(.idle))
            end(.failed, money: .notTaken, failure: .cartPaidEarlier(by: older), at: now, &actions)
        case .requiresConfirmation, .requiresAction, .other, nil:
            let words = answer.message ?? answer.code ?? "no reason given"
            becomeUnknown(confirming, "the reader's answer does not say what became of the money: \(words)", at: now, &actions)
        }
    }

    /// The amount charged must be what was shown plus the tip; if it is not, somebody has to know.
    private mutating func noteAmount(_ confirming: Confirming, _ answer: ConfirmAnswer, _ actions: inout [Action]) {
        guard let charged = answer.amountMinor else { return }
        let expected = confirming.shown.amountMinor.addingReportingOverflow(confirming.card.tipMinor)
        if expected.overflow || charged != expected.partialValue {
            actions.append(
                .alarm(
                    "the issuer was asked for \(charged) minor units, the reader showed \(confirming.shown.amountMinor) and a tip of \(confirming.card.tipMinor)"
                ))
        }
    }

    private mutating func becomeUnknown(_ confirming: Confirming, _ why: String, at now: Now, _ actions: inout [Action]) {
        actions.append(.release(.unknown))
        beginFollowing(confirming, showing: .unresolved, note: why, at: now, &actions)
    }
}

extension PaymentFailure {
    static func cartPaidEarlier(by older: PaymentID?) -> PaymentFailure {
        PaymentFailure(
            code: .cartPaid, message: "This cart's money was taken by an earlier attempt.",
            remedy: "Do not take it again; look at the earlier payment of this cart.", paidBy: older)
    }
}

extension ConfirmAnswer {
    /// The intent was not in a state that it can be confirmed from. The codes are those that published interfaces use for it
    /// (reader-protocol, section 4: `intent_invalid_state`, `CONFIRM_INVALID_PAYMENT_INTENT`; Stripe's API: `payment_intent_unexpected_state`);
    /// what a reader answers is unknown.
    var refusesIntentState: Bool {
        switch code {
        case "payment_intent_unexpected_state", "intent_invalid_state", "CONFIRM_INVALID_PAYMENT_INTENT": true
        default: false
        }
    }
}

extension CardSummary {
    /// What the answer withholds is kept from before.
    func merged(over older: CardSummary?) -> CardSummary {
        CardSummary(brand: brand ?? older?.brand, last4: last4 ?? older?.last4, entry: entry ?? older?.entry)
    }
}

extension ReaderFailure {
    /// What happened, in words.
    package var sentence: String {
        switch self {
        case .unreachable(let detail), .lost(let detail), .invalidAnswer(let detail): detail
        case .untrusted(let problem): problem.sentence
        case .rpc(let code, let detail): detail.isEmpty ? "the reader's link failed (\(code))" : detail
        case .app(let code, let detail): detail.isEmpty ? "the reader refused (\(code))" : detail
        }
    }
}
