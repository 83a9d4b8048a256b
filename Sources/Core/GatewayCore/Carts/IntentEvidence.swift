import GatewayModel
import Moments

/// What is known of one PaymentIntent, and of the attempts that confirmed it. Nothing else may decide what became of its money.
///
/// The type holds facts, and ``verdicts(_:under:)`` judges them. It folds words as they come, so that it stays small however long the agent
/// asks. Of all readings it keeps only the newest that may clear an attempt and the first that says "charged". A moment is one of this
/// life's forward-only clock.
package struct IntentEvidence: Sendable, Hashable {
    /// The reader's words to a confirm, whichever of its three fields carried them.
    package struct Answer: Sendable, Hashable {
        package var field: ConfirmAnswer.Field
        package var intent: IntentID?
        package var status: IntentStatus?
        package var at: MonoTime

        package init(field: ConfirmAnswer.Field, intent: IntentID?, status: IntentStatus?, at: MonoTime) {
            self.field = field
            self.intent = intent
            self.status = status
            self.at = at
        }
    }

    /// The fate of one send of a confirm.
    package enum Fate: Sendable, Hashable {
        case waiting
        /// Nothing of the confirm left this box.
        case notSent
        /// The confirm may have arrived, but there will be no answer.
        case lost
        case answered(Answer)
    }

    package struct Send: Sendable, Hashable {
        package var at: MonoTime
        package var fate: Fate
    }

    /// A payment that journaled "confirming" on this intent.
    package struct Attempt: Sendable, Hashable {
        package let payment: PaymentID
        /// The reader that takes the card. A word that this reader is idle speaks of this attempt.
        package let reader: ReaderID
        package fileprivate(set) var sends: [Send]
        /// When its reader was first seen idle after the last send.
        package fileprivate(set) var seenIdle: MonoTime?
        package fileprivate(set) var isCancelRequested = false
        /// A technician's word on whether the attempt took the money.
        package fileprivate(set) var word: Bool?
        /// A card that was read for it, to be compared with the charge's card.
        package fileprivate(set) var card: CardSummary?
        /// Whether it has ended by a technician's word. Then only the window and an idle reader can show that it charges nothing any more.
        package fileprivate(set) var isEnded = false
        /// Whether the charge was known when a technician said that the attempt took nothing. Then the word is that the money was let go.
        package fileprivate(set) var wasLetGo = false
    }

    /// A charge of the intent, or of its cart.
    package struct Charge: Sendable, Hashable {
        /// When the first word of it was answered.
        package var knownAt: MonoTime
        /// The attempts that had confirmed by then. No other can have made it.
        package var among: [PaymentID]
        /// The charged card, where a word tells it.
        package var card: CardSummary?
    }

    /// The backend's word `Submitted`.
    package struct Submitted: Sendable, Hashable {
        package var order: OrderID?
    }

    /// An unbroken run of the backend's `Failed`: the moments at which the first and the last of it were asked.
    package struct FailedRun: Sendable, Hashable {
        package var first: MonoTime
        package var last: MonoTime
    }

    package let intent: IntentID
    /// The attempts in the order in which "confirming" was journaled. Those that were cleared and have ended are gone.
    package private(set) var attempts: [Attempt] = []
    package private(set) var isCanceled = false
    package private(set) var charge: Charge?
    package private(set) var submitted: Submitted?
    /// When the newest reading that says "not charged, and nothing is under way" was asked.
    package private(set) var readFree: MonoTime?
    package private(set) var failed: FailedRun?
    /// When the newest status word other than `Failed` was asked.
    private var heardOtherwise: MonoTime = .min
    /// The attempt that was told, now or in an earlier life, that it bears the money. It does not change any more.
    package private(set) var bearer: PaymentID?

    /// The largest number of attempts. A cart has fewer.
    package static let limit = 64

    package init(_ intent: IntentID) { self.intent = intent }

    // MARK: Attempts

    /// Notes a send: "confirming" is on disk, and the reader's link has got the confirm.
    package mutating func sent(_ payment: PaymentID, on reader: ReaderID, card: CardSummary?, at now: MonoTime) {
        let send = Send(at: now, fate: .waiting)
        guard let index = index(payment) else {
            attempts.append(Attempt(payment: payment, reader: reader, sends: [send], card: card))
            return
        }
        attempts[index].sends.append(send)
        attempts[index].seenIdle = nil
    }

    /// Notes the fate of the last send.
    package mutating func ended(_ payment: PaymentID, _ fate: Fate) {
        guard let index = index(payment), let last = attempts[index].sends.indices.last,
            attempts[index].sends[last].fate == .waiting
        else { return }
        attempts[index].sends[last].fate = fate
        guard case .answered(let answer) = fate, answer.intent == intent, let status = answer.status else { return }
        note(status, asked: attempts[index].sends[last].at, answered: answer.at, isReading: false)
    }

    /// Takes up an attempt after a restart. It was journaled as confirming, and whatever was sent may have arrived.
    package mutating func recovered(
        _ payment: PaymentID, on reader: ReaderID, card: CardSummary?, isCancelRequested: Bool, isEnded: Bool = false,
        wasLetGo: Bool = false, at now: MonoTime
    ) {
        guard index(payment) == nil else { return }
        var attempt = Attempt(payment: payment, reader: reader, sends: [Send(at: now, fate: .lost)], card: card)
        attempt.isCancelRequested = isCancelRequested
        attempt.isEnded = isEnded
        attempt.wasLetGo = wasLetGo
        if isEnded { attempt.word = false }
        attempts.append(attempt)
    }

    package mutating func cancelRequested(_ payment: PaymentID) {
        if let index = index(payment) { attempts[index].isCancelRequested = true }
    }

    /// Notes that the reader was proved idle, because it admitted another point of sale.
    package mutating func idle(_ reader: ReaderID, at now: MonoTime) {
        for index in attempts.indices where attempts[index].reader == reader && attempts[index].seenIdle == nil {
            guard attempts[index].sends.last?.fate != .waiting else { continue }
            attempts[index].seenIdle = now
        }
    }

    package mutating func said(_ payment: PaymentID, paid: Bool) {
        guard let index = index(payment), attempts[index].word == nil else { return }
        attempts[index].word = paid
        attempts[index].wasLetGo = !paid && charge != nil
    }

    /// Notes that the attempt has ended by this verdict.
    package mutating func close(_ payment: PaymentID, by verdict: Verdict) {
        guard let index = index(payment) else { return }
        if case .said(paid: false) = verdict {
            attempts[index].isEnded = true
        } else {
            attempts.remove(at: index)
        }
    }

    /// Notes that this attempt was told that it bears the money.
    package mutating func bound(_ payment: PaymentID) { if bearer == nil { bearer = payment } }

    // MARK: Words

    /// Takes Stripe's word on this intent.
    package mutating func read(_ status: IntentStatus, card: CardSummary? = nil, asked: MonoTime, answered: MonoTime) {
        note(status, asked: asked, answered: answered, isReading: true)
        if let card { charge?.card = card }
    }

    private mutating func note(_ status: IntentStatus, asked: MonoTime, answered: MonoTime, isReading: Bool) {
        switch status {
        case .canceled: isCanceled = true
        case .succeeded, .requiresCapture: noteCharge(at: answered)
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction:
            if isReading { readFree = max(readFree ?? .min, asked) }
        case .processing, .other: break
        }
    }

    private mutating func noteCharge(at now: MonoTime) {
        guard let known = charge else {
            charge = Charge(knownAt: now, among: attempts.map(\.payment))
            return
        }
        charge?.knownAt = min(known.knownAt, now)
    }

    /// Takes up a charge that an earlier life wrote to the journal.
    package mutating func recoverCharge(among: [PaymentID], at now: MonoTime) {
        if charge == nil { charge = Charge(knownAt: now, among: among) }
    }

    package mutating func recoverCanceled() { isCanceled = true }

    /// Takes the backend's word on the cart.
    package mutating func heard(_ status: CartStatus, asked: MonoTime, answered: MonoTime) {
        switch status {
        case .submitted(let order):
            submitted = Submitted(order: order ?? submitted?.order)
            noteCharge(at: answered)
        case .failed:
            guard asked > heardOtherwise else { return }
            failed = FailedRun(first: min(failed?.first ?? asked, asked), last: max(failed?.last ?? asked, asked))
        case .open:
            heardOtherwise = max(heardOtherwise, asked)
            guard let run = failed, run.first <= asked else { return }
            failed = run.last > asked ? FailedRun(first: run.last, last: run.last) : nil
        }
    }

    // MARK: What can be seen

    private func index(_ payment: PaymentID) -> Int? { attempts.firstIndex { $0.payment == payment } }

    package func attempt(_ payment: PaymentID) -> Attempt? { attempts.first { $0.payment == payment } }

    /// Whether a confirm on the intent has neither an answer nor lost its link.
    package var isWaiting: Bool { attempts.contains(where: \.isWaiting) }
}

extension IntentEvidence.Attempt {
    package var isWaiting: Bool { sends.last?.fate == .waiting }

    /// The answer to the last send, if there is one.
    package var answer: IntentEvidence.Answer? {
        if case .answered(let answer)? = sends.last?.fate { return answer }
        return nil
    }

    /// From when on its reader counts as idle after the last send that left this box; nil when that is not known.
    ///
    /// An answer in one of the three fields ends the reader's work. A reader that does not come back counts as idle `absence` after the
    /// send.
    package func idleSince(_ terms: EvidenceTerms) -> MonoTime? {
        guard let last = sends.last(where: { $0.fate != .notSent }), last.fate != .waiting else { return nil }
        var idle = last.at + terms.absence
        if let seenIdle { idle = min(idle, seenIdle) }
        if case .answered(let answer) = last.fate, answer.field != .none { idle = min(idle, answer.at) }
        return idle
    }

    /// Whether the reader was seen idle, and does not count as idle only by the time that has passed.
    package var wasSeenIdle: Bool {
        guard seenIdle == nil else { return true }
        if let answer { return answer.field != .none }
        return false
    }
}
