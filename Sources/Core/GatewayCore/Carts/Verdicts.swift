import GatewayModel
import Moments

/// Judges all attempts of an intent at once, each by the first row of the table in `VerdictTests` that applies. At most one
/// bears the money.
package func verdicts(_ evidence: IntentEvidence, under terms: EvidenceTerms) -> [PaymentID: Verdict] {
    let cleared = evidence.attempts.map { evidence.clears($0, under: terms) }
    let bearer = evidence.findBearer(cleared)
    let saidPaid = evidence.attempts.first { $0.word == true && !$0.isEnded }?.payment
    var verdicts: [PaymentID: Verdict] = [:]
    for (index, attempt) in evidence.attempts.enumerated() where !attempt.isEnded {
        verdicts[attempt.payment] =
            cleared[index]
            ?? bearer.map { evidence.paid(attempt, at: index, bearer: $0, under: terms) }
            ?? (evidence.isTooLate(attempt, cleared) ? .cartPaid(by: nil) : evidence.open(attempt, saidPaid: saidPaid))
    }
    assert(verdicts.values.count { $0.bears } <= 1, "two attempts of one intent bear its money")
    return verdicts
}

extension IntentEvidence {
    /// The verdict of rows 1 to 4, by which the attempt took nothing; nil when none applies.
    fileprivate func clears(_ attempt: Attempt, under terms: EvidenceTerms) -> Verdict? {
        if isCanceled { return .intentCanceled }
        guard bearer != attempt.payment else { return nil }
        if attempt.sends.allSatisfy({ $0.fate == .notSent }) { return .notConfirmed }
        if let answer = attempt.answer, answer.intent == intent, answer.status == .requiresPaymentMethod,
            attempt.sends.dropLast().allSatisfy(\.hasAnswer)
        {
            return .declined
        }
        if let readFree, let idle = attempt.idleSince(terms), readFree >= idle + terms.window { return .notCharged }
        return nil
    }

    /// The attempt that bears the money by row 5; nil when there is none yet.
    fileprivate func findBearer(_ cleared: [Verdict?]) -> PaymentID? {
        guard let charge, !isCanceled else { return nil }
        if let bearer { return bearer }
        let left = zip(attempts, cleared).filter { $1 == nil }.map(\.0)
        if let own = left.first(where: { !$0.isEnded && $0.saysCharged(intent) }) { return own.payment }
        let candidates = left.filter { charge.among.contains($0.payment) }
        // Where no other attempt can have made the charge, its own answer would say nothing new.
        let isAlone = candidates.count == 1 && left.count == 1
        guard isAlone || !isWaiting else { return nil }
        let open = candidates.filter { !$0.isEnded }
        if let card = charge.card {
            let same = open.filter { card.isSame(as: $0.card) }
            if same.count == 1 { return same.first?.payment }
        }
        return (open.last { !$0.isRefused } ?? open.last)?.payment
    }

    /// Whether row 5 says that another party bears the money: this attempt confirmed when the intent was already charged, and none of those
    /// that had confirmed before bears it.
    fileprivate func isTooLate(_ attempt: Attempt, _ cleared: [Verdict?]) -> Bool {
        guard let charge, !isWaiting, !charge.among.contains(attempt.payment) else { return false }
        return !zip(attempts, cleared).contains { $1 == nil && !$0.isEnded && charge.among.contains($0.payment) }
    }

    /// Whether the intent, or its cart, is charged, and no attempt that is known here can have made the charge.
    package func isPaidBySomebodyElse(under terms: EvidenceTerms) -> Bool {
        guard let charge, !isCanceled, bearer == nil, !isWaiting, !isLetGo else { return false }
        return !attempts.contains { charge.among.contains($0.payment) && clears($0, under: terms) == nil }
    }

    /// The verdict of rows 5, 6 and 8 for an intent whose bearer is known.
    fileprivate func paid(_ attempt: Attempt, at index: Int, bearer: PaymentID, under terms: EvidenceTerms) -> Verdict {
        guard attempt.payment == bearer else {
            guard let place = attempts.firstIndex(where: { $0.payment == bearer }) else {
                return charge?.among.contains(attempt.payment) == true ? .superseded(by: bearer) : .cartPaid(by: bearer)
            }
            return index < place ? .superseded(by: bearer) : .cartPaid(by: bearer)
        }
        if let submitted { return .taken(submitted.order) }
        if let charge, let failed, failed.last >= max(failed.first, charge.knownAt) + terms.patience { return .orderFailed }
        return attempt.word.map { .said(paid: $0) } ?? .authorized
    }

    /// The verdict of rows 7 to 9.
    fileprivate func open(_ attempt: Attempt, saidPaid: PaymentID?) -> Verdict {
        if let answer = attempt.answer, answer.intent == intent, answer.status == .requiresConfirmation, attempt.sends.count == 1,
            !attempt.isCancelRequested
        {
            return .confirmAgain
        }
        if let saidPaid { return saidPaid == attempt.payment ? .said(paid: true) : .superseded(by: saidPaid) }
        return attempt.word.map { .said(paid: $0) } ?? .unknown
    }

    /// Whether the charge was let go. Every attempt that can have made it has ended as not taken, and of one of them a technician who knew
    /// of the charge has said so. An intent is charged once, so that money was let go. A charge that shows after such a word contradicts
    /// it, and counts.
    package var isLetGo: Bool {
        guard let charge, !isCanceled, submitted == nil else { return false }
        let makers = attempts.filter { charge.among.contains($0.payment) }
        return makers.contains(where: \.wasLetGo) && makers.allSatisfy { $0.isEnded && $0.word == false }
    }

    /// Whether the intent was not charged, or its charge was let go, and no confirm on it can still charge it. Then another may take its
    /// place.
    package func isKnownNotCharged(under terms: EvidenceTerms, at now: MonoTime) -> Bool {
        if isCanceled { return true }
        guard charge == nil && bearer == nil || isLetGo else { return false }
        return attempts.allSatisfy { attempt in
            guard attempt.isEnded else { return false }
            return clears(attempt, under: terms) != nil || attempt.idleSince(terms).map { now >= $0 + terms.window } == true
        }
    }

    /// The attempts that a technician's word has ended and that the window has not cleared yet.
    package func uncleared(under terms: EvidenceTerms, at now: MonoTime) -> [PaymentID] {
        attempts.filter { attempt in
            attempt.isEnded && clears(attempt, under: terms) == nil
                && attempt.idleSince(terms).map { now >= $0 + terms.window } != true
        }.map(\.payment)
    }

    /// When passing time clears the last attempt that a technician's word has ended; nil when there is none.
    package func clearsByTime(under terms: EvidenceTerms) -> MonoTime? {
        attempts.lazy.filter(\.isEnded).map { $0.idleSince(terms).map { $0 + terms.window } ?? .max }.max()
    }

    /// The readers that were not seen idle since an attempt on them ended by a technician's word.
    package var unproved: [ReaderID] { attempts.filter { $0.isEnded && !$0.wasSeenIdle }.map(\.reader) }

    /// The earliest moment at which the agent can say that this attempt took nothing; nil while its reader is not idle, or when the intent
    /// is charged.
    package func decides(_ payment: PaymentID, under terms: EvidenceTerms) -> MonoTime? {
        guard charge == nil, let attempt = attempt(payment), attempt.wasSeenIdle else { return nil }
        return attempt.idleSince(terms).map { $0 + terms.window }
    }
}

extension IntentEvidence.Send {
    /// Whether the send never left, or has its answer.
    fileprivate var hasAnswer: Bool {
        switch fate {
        case .notSent, .answered: true
        case .waiting, .lost: false
        }
    }
}

extension IntentEvidence.Attempt {
    /// Whether the attempt's own `confirmed_payment_intent` says that this intent is charged.
    fileprivate func saysCharged(_ intent: IntentID) -> Bool {
        sends.contains { send in
            guard case .answered(let answer) = send.fate, answer.field == .confirmed, answer.intent == intent else { return false }
            return answer.status == .succeeded || answer.status == .requiresCapture
        }
    }

    /// Whether the attempt's own answer was a refusal. It may have met another's charge, or its own.
    fileprivate var isRefused: Bool {
        switch answer?.field {
        case .declined, .error: true
        case .confirmed, .none?, nil: false
        }
    }
}

extension CardSummary {
    /// Whether both are the same card, as far as both are told.
    fileprivate func isSame(as other: CardSummary?) -> Bool {
        guard let other, let last4, last4 == other.last4 else { return false }
        return brand == nil || other.brand == nil || brand == other.brand
    }
}
