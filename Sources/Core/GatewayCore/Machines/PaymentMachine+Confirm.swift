import GatewayModel
import Moments

extension PaymentMachine {
    /// The time from when "confirming" is to be written until a verdict on the reader's answer.
    struct Confirming: Sendable {
        var shown: Charge
        var context: TransactionContext
        var card: CollectedCard
        var intent: IntentID
        var sends = 0
        /// The outcome of the reader's answer; nil while the answer is awaited.
        var outcome: Outcome?
        var pursuit: Pursuit

        struct Outcome: Sendable {
            /// The state in which the payment left the reader.
            var left: ReaderLeft
            var words: String
            var declineCode: String?
        }
    }

    mutating func beginConfirm(
        _ active: Active, card: CollectedCard, facts: IntentFacts, shown: Charge, at now: Now, _ actions: inout [Action]
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
            $0.tipMinor = card.tipMinor + active.tipLeft
            $0.currency = facts.currency
            $0.amountMinor = facts.amountMinor - active.tipLeft
        }
        state = .confirmWriting(
            Confirming(shown: shown, context: active.context, card: card, intent: facts.id, pursuit: Pursuit(from: now.mono + 3_000)))
        actions.append(.writeConfirming(record))
    }

    /// Sends the confirm. "confirming" is on disk now, and the confirm may not leave earlier.
    package mutating func confirmingWritten(at now: Now) -> [Action] {
        guard case .confirmWriting(var confirming) = state else { return [] }
        confirming.sends = 1
        confirming.pursuit = Pursuit(from: now.mono + 3_000)
        state = .confirming(confirming)
        return [.command(.confirm(confirming.context, intent: confirming.intent, card: confirming.card))]
    }

    /// Takes back the confirm, because "confirming" could not be written. The payment confirms nothing and asks the reader to cancel.
    package mutating func confirmingFailed(at now: Now) -> [Action] {
        guard case .confirmWriting(let confirming) = state else { return [] }
        var actions: [Action] = []
        let reason = PaymentFailure(
            code: .journalUnavailable, message: "The agent could not write its journal, so the card was not charged.",
            remedy: "Free some space on this box's disk; payments go on by themselves.")
        withdraw(confirming, .failure(reason), at: now, &actions)
        return actions
    }

    /// Takes back the confirm, whatever becomes of its row. The payment confirms nothing and asks the reader to cancel.
    mutating func withdraw(_ confirming: Confirming, _ reason: Active.Stop, at now: Now, _ actions: inout [Action]) {
        takeConfirmBack()
        actions.append(.confirmUndone)
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

    // MARK: The answer

    /// Reports the reader's answer as evidence. The cart judges what it proves, and its verdict follows.
    mutating func confirmAnswered(
        _ before: Confirming, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, _ actions: inout [Action]
    ) {
        var confirming = before
        let fate: IntentEvidence.Fate
        switch result {
        case .success(.confirmed(let answer)):
            fate = .answered(.init(field: answer.field, intent: answer.intent, status: answer.status, at: now.mono))
            let words = answer.message ?? answer.code ?? "no reason given"
            // A reader that asks to be confirmed again keeps its card.
            let isDone = answer.field != .none && answer.status != .requiresConfirmation
            confirming.outcome = Confirming.Outcome(
                left: isDone ? .idle : .unknown,
                words: "the reader's answer does not say what became of the money: \(words)",
                declineCode: answer.declineCode ?? answer.code)
            if answer.intent == nil || answer.intent == confirming.intent { noteAnswer(answer, at: now, &actions) }
        case .success:
            fate = .answered(.init(field: .none, intent: nil, status: nil, at: now.mono))
            confirming.outcome = Confirming.Outcome(
                left: .unknown, words: "the reader answered something else than a confirmation")
        case .failure(.unreachable(let detail)):
            fate = .notSent
            confirming.outcome = Confirming.Outcome(left: .unknown, words: detail)
        case .failure(let failure):
            fate = .lost
            confirming.outcome = Confirming.Outcome(left: .unknown, words: failure.sentence)
        }
        state = .confirming(confirming)
        actions.append(.confirmEnded(fate))
    }

    /// Takes the answer to a confirm that was already known to be charged.
    mutating func lateAnswer(_ result: Result<ReaderReply, ReaderFailure>, at now: Now, _ actions: inout [Action]) {
        guard case .success(.confirmed(let answer)) = result else { return actions.append(.confirmEnded(.lost)) }
        if answer.intent == nil || answer.intent == record.intent { noteAnswer(answer, at: now, &actions) }
        actions.append(
            .confirmEnded(.answered(.init(field: answer.field, intent: answer.intent, status: answer.status, at: now.mono))))
    }

    private mutating func noteAnswer(_ answer: ConfirmAnswer, at now: Now, _ actions: inout [Action]) {
        if let card = answer.card { edit { $0.card = card.merged(over: $0.card) } }
        if let receipt = answer.receipt { edit { $0.receipt = receipt } }
        guard answer.status == .succeeded || answer.status == .requiresCapture else { return }
        noteCharged(answer.amountMinor, answer.currency, at: now, &actions)
    }

    /// Compares the charge with the shown amount and the tip. If they differ, a person has to know.
    package mutating func charged(_ facts: IntentFacts, at now: Now) -> [Action] {
        guard facts.id == record.intent, !isEnded, record.amountChargedMinor == nil,
            facts.status == .succeeded || facts.status == .requiresCapture
        else { return [] }
        var actions: [Action] = []
        noteCharged(facts.amountMinor, facts.currency, at: now, &actions)
        return actions
    }

    private mutating func noteCharged(_ charged: Int64?, _ currency: Currency?, at now: Now, _ actions: inout [Action]) {
        if let charged { edit { $0.amountChargedMinor = charged } }
        guard let shown = record.amountMinor, let unit = record.currency else { return }
        if let currency, currency != unit {
            return warn(.chargedCurrencyDiffers(shown: unit, charged: currency), at: now, &actions)
        }
        guard let charged else { return }
        let expected = shown.addingReportingOverflow(record.tipMinor)
        if expected.overflow || charged != expected.partialValue {
            warn(.chargedAmountDiffers(shown: shown, tip: record.tipMinor, charged: charged, currency: unit), at: now, &actions)
        }
    }

    // MARK: The verdict

    /// Takes the verdict of the cart's evidence on this attempt. The cart tells it after every answer to a confirm, and whenever it
    /// changes.
    package mutating func judged(_ verdict: Verdict, at now: Now) -> [Action] {
        var actions: [Action] = []
        switch state {
        case .confirming(let confirming): judged(confirming, verdict, at: now, &actions)
        case .following: judgedWhileFollowing(verdict, at: now, &actions)
        case .queued, .active, .confirmWriting, .ended: break
        }
        return actions
    }

    private mutating func judged(_ before: Confirming, _ verdict: Verdict, at now: Now, _ actions: inout [Action]) {
        var confirming = before
        switch verdict {
        case .unknown:
            guard let outcome = confirming.outcome else { return }
            actions.append(.release(outcome.left))
            beginFollowing(confirming, showing: .unresolved, note: outcome.words, at: now, &actions)
        case .confirmAgain:
            guard confirming.outcome != nil, confirming.sends == 1, !record.cancelRequested else { return }
            confirming.sends = 2
            confirming.outcome = nil
            confirming.pursuit = Pursuit(from: now.mono + 3_000)
            state = .confirming(confirming)
            actions.append(.command(.confirm(confirming.context, intent: confirming.intent, card: confirming.card)))
        case .authorized:
            actions.append(.release(confirming.outcome?.left ?? .unknown))
            edit { $0.authorized = true }
            beginFollowing(
                confirming, showing: .finishing,
                note: confirming.outcome == nil ? "Stripe says that the intent was charged" : "the issuer approved", at: now, &actions)
        case .notConfirmed:
            actions.append(.release(.unknown))
            conclude(verdict, words: confirming.outcome?.words, at: now, &actions)
        case .declined:
            actions.append(.release(confirming.outcome?.left ?? .unknown))
            conclude(verdict, declineCode: confirming.outcome?.declineCode, at: now, &actions)
        case .intentCanceled, .notCharged, .taken, .superseded, .cartPaid, .orderFailed, .said:
            actions.append(.release(confirming.outcome?.left ?? .unknown))
            conclude(verdict, at: now, &actions)
        }
    }

    /// Ends the payment by a verdict. Nothing else ends a payment that was confirmed.
    mutating func conclude(
        _ verdict: Verdict, words: String? = nil, declineCode: String? = nil, at now: Now, _ actions: inout [Action]
    ) {
        func failed(_ failure: PaymentFailure, note: String? = nil, _ machine: inout Self) {
            machine.edit { if verdict == .declined { $0.tipMinor = 0 } }
            machine.end(
                failure.code == .cardDeclined ? .declined : .failed, money: .notTaken, failure: failure, note: note, at: now, &actions)
        }
        edit { $0.decidesBy = nil }
        switch verdict {
        case .unknown, .confirmAgain, .authorized: break
        case .taken(let order):
            edit {
                $0.order = order ?? $0.order
                $0.authorized = true
            }
            end(.succeeded, money: .taken, failure: nil, note: "the backend says: submitted", at: now, &actions)
        case .declined where declineCode.map(PaymentFailure.isOfStripe) == true:
            failed(.stripeWasBusy(declineCode), &self)
        case .declined:
            failed(
                PaymentFailure(
                    code: .cardDeclined, message: "The card was declined.", declineCode: declineCode,
                    remedy: "Ask for another card or another way to pay."), &self)
        case .notConfirmed:
            failed(.readerLost("The reader was lost before the card was charged: \(words ?? "nothing was sent")"), &self)
        case .intentCanceled:
            let message =
                record.authorized
                ? "The payment was canceled at Stripe; what was held on the card is let go."
                : "The payment was canceled at Stripe; the card was not charged."
            failed(PaymentFailure(code: .intentFailed, message: message, remedy: "Try again."), note: "Stripe says: canceled", &self)
        case .notCharged:
            failed(
                .readerLost("The reader's answer was lost; Stripe says that the card was not charged."),
                note: "not charged: Stripe says so after the authorization window, and the reader was seen idle", &self)
        case .superseded(let other):
            failed(
                PaymentFailure(code: .superseded, message: "A later attempt took the money of this cart.", supersededBy: other), &self)
        case .cartPaid(let other): failed(.cartPaidEarlier(by: other), &self)
        case .orderFailed: endOrderFailed(at: now, &actions)
        case .said(let paid):
            let words = technician.map { "resolved by \($0.by): \($0.note)" }
            if paid {
                end(.succeeded, money: .taken, failure: nil, note: words, at: now, &actions)
            } else {
                failed(
                    PaymentFailure(code: .resolvedByTechnician, message: "A technician found that the money was not taken."),
                    note: words, &self)
            }
        }
    }
}

extension PaymentFailure {
    /// Whether Stripe answers that it could not work on the request. Then it did not ask the issuer, and the card is as good as before.
    static func isOfStripe(_ code: String) -> Bool { ["lock_timeout", "rate_limit"].contains(code) }

    static func stripeWasBusy(_ code: String?) -> PaymentFailure {
        PaymentFailure(
            code: .intentFailed, message: "Stripe was busy with other requests (\(code ?? "no reason given")); the card was not refused.",
            remedy: "Nothing was taken. Try again with the same card.")
    }

    static func cartPaidEarlier(by older: PaymentID?) -> PaymentFailure {
        PaymentFailure(
            code: .cartPaid,
            message: older == nil ? "This cart has been paid already." : "This cart's money was taken by an earlier attempt.",
            remedy: "Do not take it again; look at the earlier payment of this cart.", paidBy: older)
    }
}

extension CardSummary {
    /// The card with the older facts where the answer withholds them.
    func merged(over older: CardSummary?) -> CardSummary {
        CardSummary(brand: brand ?? older?.brand, last4: last4 ?? older?.last4, entry: entry ?? older?.entry)
    }
}

extension ReaderFailure {
    /// The failure in words.
    package var sentence: String {
        switch self {
        case .unreachable(let detail), .lost(let detail), .invalidAnswer(let detail), .unsupported(let detail): detail
        case .untrusted(let problem): problem.sentence
        case .rpc(let code, let detail): detail.isEmpty ? "the reader's link failed (\(code))" : detail
        case .app(let code, let detail): detail.isEmpty ? "the reader refused (\(code))" : detail
        }
    }
}
