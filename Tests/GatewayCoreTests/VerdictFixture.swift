import GatewayCore
import GatewayModel
import Moments

/// One intent, told step by step as it may happen, and what is said of its attempts.
struct IntentStory {
    enum Step: Sendable {
        /// "confirming" is on disk, and the confirm is sent.
        case confirms(String)
        case sendsAgain(String)
        case answers(String, ConfirmAnswer.Field, IntentStatus?)
        case answersOfAnother(String, ConfirmAnswer.Field, IntentStatus)
        case losesAnswer(String)
        case neverLeft(String)
        case cancels(String)
        /// The attempt's reader lets another point of sale in.
        case idle(String)
        /// Asked and answered now.
        case reads(IntentStatus)
        case readsCard(IntentStatus, last4: String)
        /// Asked so long ago, answered now.
        case readsLate(IntentStatus, askedAgo: Int64)
        case status(CartStatus)
        case statusLate(CartStatus, askedAgo: Int64)
        case technician(String, paid: Bool)
        case passes(Int64)
        /// The agent starts anew: what the journal has is all that is left.
        case restarts
    }

    static let intent = IntentID(unchecked: "pi_1")
    static let terms = EvidenceTerms(window: 180_000, patience: 120_000)
    static let window = terms.window
    static let order = OrderID(unchecked: "8812")

    var evidence = IntentEvidence(intent)
    var now: MonoTime = 10_000_000
    /// The last verdict of each attempt that has ended.
    var ends: [PaymentID: Verdict] = [:]
    private var charged: [PaymentID]?

    init() {}

    init(_ steps: [Step]) {
        for step in steps { happens(step) }
    }

    static func id(_ name: String) -> PaymentID { PaymentID(unchecked: name) }
    static func reader(_ name: String) -> ReaderID { ReaderID(unchecked: "tmr_\(name)") }

    subscript(_ name: String) -> Verdict? { ends[Self.id(name)] ?? verdicts(evidence, under: Self.terms)[Self.id(name)] }

    /// Ends what is decided, as the cart does.
    mutating func settle() {
        for (payment, verdict) in verdicts(evidence, under: Self.terms) {
            if verdict.bears { evidence.bound(payment) }
            guard !verdict.isOpen else { continue }
            ends[payment] = verdict
            evidence.close(payment, by: verdict)
        }
    }

    mutating func happens(_ step: Step) {
        switch step {
        case .confirms(let name), .sendsAgain(let name):
            let card = CardSummary(brand: "visa", last4: name, entry: nil)
            evidence.sent(Self.id(name), on: Self.reader(name), card: card, at: now)
        case .answers(let name, let field, let status): answers(name, field, Self.intent, status)
        case .answersOfAnother(let name, let field, let status): answers(name, field, IntentID(unchecked: "pi_other"), status)
        case .losesAnswer(let name): evidence.ended(Self.id(name), .lost)
        case .neverLeft(let name): evidence.ended(Self.id(name), .notSent)
        case .cancels(let name): evidence.cancelRequested(Self.id(name))
        case .idle(let name): evidence.idle(Self.reader(name), at: now)
        case .reads(let status): evidence.read(status, asked: now, answered: now)
        case .readsCard(let status, let last4):
            evidence.read(status, card: CardSummary(brand: "visa", last4: last4, entry: nil), asked: now, answered: now)
        case .readsLate(let status, let ago): evidence.read(status, asked: now - ago, answered: now)
        case .status(let status): evidence.heard(status, asked: now, answered: now)
        case .statusLate(let status, let ago): evidence.heard(status, asked: now - ago, answered: now)
        case .technician(let name, let paid): evidence.said(Self.id(name), paid: paid)
        case .passes(let time): now += time
        case .restarts: restarts()
        }
        now += 1
    }

    private mutating func answers(_ name: String, _ field: ConfirmAnswer.Field, _ intent: IntentID, _ status: IntentStatus?) {
        evidence.ended(Self.id(name), .answered(.init(field: field, intent: intent, status: status, at: now)))
    }

    private mutating func restarts() {
        settle()
        let before = evidence
        evidence = IntentEvidence(Self.intent)
        for attempt in before.attempts {
            evidence.recovered(
                attempt.payment, on: attempt.reader, card: attempt.card, isCancelRequested: attempt.isCancelRequested,
                isEnded: attempt.isEnded, at: now)
        }
        if let charge = before.charge { evidence.recoverCharge(among: charge.among, at: now) }
        if before.isCanceled { evidence.recoverCanceled() }
        if let bearer = before.bearer { evidence.bound(bearer) }
    }
}
