import GatewayModel
import Moments

/// What is known of one PaymentIntent, and of the attempts that confirmed it: the only ground on which it is said what became of its money.
///
/// It holds facts and judges nothing; ``verdicts(_:under:)`` judges. Words are folded as they come, so that it stays small however long it is
/// asked about: of all readings only the newest that may clear an attempt counts, and the first that says "charged". A moment is one of this life's
/// forward-only clock.
package struct IntentEvidence: Sendable, Hashable {
    /// What the reader said to a confirm, whichever of its three fields carried it.
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

    /// What became of one send of a confirm.
    package enum Fate: Sendable, Hashable {
        case waiting
        /// Nothing of it left this box.
        case notSent
        /// It may have arrived, and there will be no answer.
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
        /// Where it is read: what shows this reader idle speaks of this attempt.
        package let reader: ReaderID
        package fileprivate(set) var sends: [Send]
        /// When its reader was first seen idle after the last send.
        package fileprivate(set) var seenIdle: MonoTime?
        package fileprivate(set) var isCancelRequested = false
        /// A technician's word: whether it took the money.
        package fileprivate(set) var word: Bool?
        /// A card read for it, to be compared with the charge's.
        package fileprivate(set) var card: CardSummary?
        /// It has ended by a technician's word, and only the window and an idle reader will show that it can charge nothing any more.
        package fileprivate(set) var isEnded = false
        /// When a technician said that it took nothing the charge was known: that the money was let go is what was said.
        package fileprivate(set) var wasLetGo = false
    }

    /// The intent, or its cart, is charged.
    package struct Charge: Sendable, Hashable {
        /// When the first word of it was answered.
        package var knownAt: MonoTime
        /// Who had confirmed by then: nobody else can have made it.
        package var among: [PaymentID]
        /// The card that was charged, where that is told.
        package var card: CardSummary?
    }

    /// The backend says `Submitted`.
    package struct Submitted: Sendable, Hashable {
        package var order: OrderID?
    }

    /// An unbroken run of the backend's `Failed`: the moments at which the first and the last of it were asked.
    package struct FailedRun: Sendable, Hashable {
        package var first: MonoTime
        package var last: MonoTime
    }

    package let intent: IntentID
    /// In the order in which "confirming" was journaled. Those that were cleared and have ended are gone.
    package private(set) var attempts: [Attempt] = []
    package private(set) var isCanceled = false
    package private(set) var charge: Charge?
    package private(set) var submitted: Submitted?
    /// When the newest reading that says "not charged, and nothing is under way" was asked.
    package private(set) var readFree: MonoTime?
    package private(set) var failed: FailedRun?
    /// When the newest status word other than `Failed` was asked.
    private var heardOtherwise: MonoTime = .min
    /// Told already, here or in an earlier life: it does not change any more.
    package private(set) var bearer: PaymentID?

    /// So many attempts fit; a cart has fewer.
    package static let limit = 64

    package init(_ intent: IntentID) { self.intent = intent }

    // MARK: Attempts

    /// "confirming" is on disk, and the confirm is given to the reader's link.
    package mutating func sent(_ payment: PaymentID, on reader: ReaderID, card: CardSummary?, at now: MonoTime) {
        let send = Send(at: now, fate: .waiting)
        guard let index = index(payment) else {
            attempts.append(Attempt(payment: payment, reader: reader, sends: [send], card: card))
            return
        }
        attempts[index].sends.append(send)
        attempts[index].seenIdle = nil
    }

    /// The last send has met its fate.
    package mutating func ended(_ payment: PaymentID, _ fate: Fate) {
        guard let index = index(payment), let last = attempts[index].sends.indices.last,
            attempts[index].sends[last].fate == .waiting
        else { return }
        attempts[index].sends[last].fate = fate
        guard case .answered(let answer) = fate, answer.intent == intent, let status = answer.status else { return }
        note(status, asked: attempts[index].sends[last].at, answered: answer.at, isReading: false)
    }

    /// After a restart: it was journaled as confirming, and whatever was sent may have arrived.
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

    /// The reader was proven idle: it let another point of sale in.
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

    /// It has ended, by this verdict.
    package mutating func close(_ payment: PaymentID, by verdict: Verdict) {
        guard let index = index(payment) else { return }
        if case .said(paid: false) = verdict {
            attempts[index].isEnded = true
        } else {
            attempts.remove(at: index)
        }
    }

    /// This attempt was told that it bears the money.
    package mutating func bound(_ payment: PaymentID) { if bearer == nil { bearer = payment } }

    // MARK: Words

    /// Stripe's word on this intent.
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

    /// Known since an earlier life, from the journal.
    package mutating func recoverCharge(among: [PaymentID], at now: MonoTime) {
        if charge == nil { charge = Charge(knownAt: now, among: among) }
    }

    package mutating func recoverCanceled() { isCanceled = true }

    /// The backend's word on the cart.
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

    /// A confirm on it has neither an answer nor lost its link.
    package var isWaiting: Bool { attempts.contains(where: \.isWaiting) }
}

extension IntentEvidence.Attempt {
    package var isWaiting: Bool { sends.last?.fate == .waiting }

    /// The answer to the last send, if there is one.
    package var answer: IntentEvidence.Answer? {
        if case .answered(let answer)? = sends.last?.fate { return answer }
        return nil
    }

    /// From when on its reader counts as idle after the last send that left this box; nil: not known.
    ///
    /// An answer in one of the three fields ends the reader's work. One that does not come back counts as idle `absence` after the send.
    package func idleSince(_ terms: EvidenceTerms) -> MonoTime? {
        guard let last = sends.last(where: { $0.fate != .notSent }), last.fate != .waiting else { return nil }
        var idle = last.at + terms.absence
        if let seenIdle { idle = min(idle, seenIdle) }
        if case .answered(let answer) = last.fate, answer.field != .none { idle = min(idle, answer.at) }
        return idle
    }

    /// Whether idleness was seen, and does not only follow from the time that has passed.
    package var wasSeenIdle: Bool {
        guard seenIdle == nil else { return true }
        if let answer { return answer.field != .none }
        return false
    }
}

/// The moments that evidence is measured by.
package struct EvidenceTerms: Sendable, Hashable {
    /// `authorization_window_s`: so long after its reader was seen idle an attempt may still be charged.
    package var window: Int64
    /// `status_s`: so long after the charge was known the backend's `Failed` is no news.
    package var patience: Int64
    /// A reader that does not come back counts as idle so long after the last send.
    package var absence: Int64

    package init(window: Int64, patience: Int64, absence: Int64 = 3_600_000) {
        self.window = window
        self.patience = patience
        self.absence = absence
    }
}
