import GatewayModel
import Moments

/// One cart: its one live intent, keyed entry beside it, what was confirmed on them, and whether it is paid or held.
///
/// It alone owns the rule that a cart has one intent that can be charged, and it alone finds verdicts on money. It holds no secret and is
/// told whether one is at hand. All spellings of a cart that a backend may take for one share one machine.
package struct CartMachine: Sendable, Hashable {
    /// The terms for which an intent is made. The cart is spelled as the till wrote it.
    package struct Terms: Sendable, Hashable {
        package var cart: CartID
        package var amount: DecimalAmount
        package var accountBalance: DecimalAmount?

        package init(cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount?) {
            self.cart = cart
            self.amount = amount
            self.accountBalance = accountBalance
        }

        package init(_ request: PaymentRequest) {
            self.init(cart: request.cart, amount: request.amount, accountBalance: request.accountBalance)
        }
    }

    package enum Action: Sendable, Equatable {
        case verdict(PaymentID, Verdict)
        /// Asks the backend for the cart's intent. The answer has the same number.
        case create(UInt64, Terms, PaymentID?)
        /// Asks Stripe about this intent before it is used. The answer has the same number.
        case read(UInt64, IntentID, PaymentID?)
        /// Gives the payment its intent. `tipLeft` is the part of its amount that an earlier attempt left as a tip, in minor units.
        case ready(PaymentID, IntentFacts, PublishableKey, tipLeft: Int64)
        case failed(PaymentID, PaymentFailure)
        /// Stops this payment, which has not confirmed, because the cart is paid.
        case stop(PaymentID, PaymentFailure)
        /// Writes the cart's row.
        case learnt(String)
        /// Tells that the currency of this intent became known.
        case currency(PublishableKey, Currency)
        /// Tells that the cart is charged, but by none of its payments.
        case paidBySomebodyElse
        /// Tells that the hold of this payment is over, because its intent was canceled.
        case lifted(PaymentID)
        /// Tells that the backend was asked for an intent again, and whether it gave the same one.
        case gaveAgain(isSame: Bool)
    }

    package enum Stage: Sendable, Hashable {
        /// The payment is before its confirm. It goes to `confirming`, or is gone with its end.
        case running
        /// "confirming" is being written, or is on disk. The payment is gone with its end, and goes back to `running` where it could not be
        /// written.
        case confirming
    }

    /// A payment of this cart that has not ended.
    package struct Open: Sendable, Hashable {
        package let payment: PaymentID
        package let terms: Terms
        package var stage: Stage
    }

    /// The making of the cart's intent. There is one at a time.
    enum Making: Sendable, Hashable {
        case creating(UInt64, Terms)
        case reading(UInt64, IntentID, PublishableKey, Terms, asked: MonoTime)

        var terms: Terms {
            switch self {
            case .creating(_, let terms), .reading(_, _, _, let terms, _): terms
            }
        }

        /// Whether the backend is asked. That may change what the cart's intent is over.
        var asksBackend: Bool {
            switch self {
            case .creating: true
            case .reading: false
            }
        }
    }

    package var terms: EvidenceTerms
    package internal(set) var facts: CartFacts
    package internal(set) var open: [Open] = []
    var evidence: [IntentID: IntentEvidence] = [:]
    /// The verdict that each open payment was last told.
    var told: [PaymentID: Verdict] = [:]
    var making: Making?
    /// The number of the current making, so that the answer to an abandoned one counts for no other.
    var makings: UInt64 = 0
    /// An intent that the backend has made and that is not read yet. The machine reads it again before it makes another.
    var unread: Unread?
    /// The intents whose client secret is in memory.
    package internal(set) var readable: Set<IntentID> = []
    /// The payment for which the backend was asked last.
    var askedFor: PaymentID?
    /// The bound intents for which the backend was asked in this life, because their secret was gone.
    var askedAgain: Set<IntentID> = []
    /// The intents that the backend does not give again: it was asked, and gave another. A call without an answer says nothing of that, and
    /// may have changed the intent.
    var withheld: Set<IntentID> = []
    /// Whether the making was begun anew, because Stripe had canceled the last intent or did not know it.
    var isRemaking = false
    /// The facts of the intent before the confirm that is being written.
    var beforeConfirm: CartFacts.Intent?
    /// What a technician has let go, until the journal keeps the word. Until then nothing may rest on it.
    var lettingGo: LettingGo?
    /// How many intents for keyed entry are being handed out at this moment.
    package internal(set) var handingOut = 0
    /// Stripe's last word on the intents for keyed entry.
    var keyedStatus: [IntentID: IntentStatus] = [:]
    /// Whether the cart is charged, but by none of its payments.
    package internal(set) var isPaidBySomebodyElse = false
    /// The backend's word `Submitted`, if it has come.
    var submitted: IntentEvidence.Submitted?
    /// Whether the journal was asked what it knows of the cart. Without that, nothing of the cart is written.
    package private(set) var isRecalled: Bool

    /// A hold that a technician has acknowledged, and the intent that was given up with it.
    struct LettingGo: Sendable, Hashable {
        var payment: PaymentID
        var intent: CartFacts.Intent?
    }

    struct Unread: Sendable, Hashable {
        var id: IntentID
        var key: PublishableKey
        var terms: Terms
    }

    /// Makes the machine of a cart. `facts` holds what the journal knows, or nothing when it was not asked.
    package init(_ facts: CartFacts, isRecalled: Bool, terms: EvidenceTerms, at now: Now) {
        self.facts = facts
        self.isRecalled = isRecalled
        self.terms = terms
        takeUp(at: now)
    }

    /// Takes in what the journal knows of the cart, when memory has not asked it yet; nil when it knows nothing.
    package mutating func recall(_ known: CartFacts?, at now: Now) {
        guard !isRecalled else { return }
        isRecalled = true
        guard var known else { return }
        if let submitted {
            known.paid = true
            known.order = known.order ?? submitted.order
        }
        facts = known
        takeUp(at: now)
    }

    /// Turns the journal's row of a confirmed intent into evidence of this life.
    private mutating func takeUp(at now: Now) {
        // Rows of older agents do not keep which payment confirmed, where that payment has ended.
        let isUnnamed = facts.intent.map { $0.cart == nil && $0.everConfirmed && !$0.knownNotCharged } == true && facts.openPayments.isEmpty
        facts.openPayments = []
        // Such rows have the name that the till wrote.
        if facts.intent != nil, facts.intent?.cart == nil { facts.intent?.cart = facts.cart }
        facts.cart = facts.cart.lock
        guard let intent = facts.intent, intent.everConfirmed else { return }
        prepareEvidence(intent.id, isUnnamed: isUnnamed, at: now)
    }

    // MARK: What can be seen

    /// Whether memory could forget the cart and recall it from the journal without a loss.
    package func isAtRest(at now: Now) -> Bool {
        open.isEmpty && making == nil && handingOut == 0 && lettingGo == nil
            && evidence.values.allSatisfy { $0.uncleared(under: terms, at: now.mono).isEmpty }
    }

    /// Whether a payment of the cart is before its confirm, or at it.
    package var isAtWork: Bool { open.contains { !isFollowed($0) } }

    /// Whether a confirm of this cart is being written or waits for its answer.
    package var isConfirming: Bool { open.contains { isConfirming($0) } }

    func isConfirming(_ item: Open) -> Bool {
        guard item.stage == .confirming else { return false }
        return attempt(item.payment)?.isWaiting != false
    }

    /// Whether the payment's confirm was sent and its outcome is being found out.
    func isFollowed(_ item: Open) -> Bool { item.stage == .confirming && attempt(item.payment)?.isWaiting == false }

    package func isOpen(_ payment: PaymentID) -> Bool { open.contains { $0.payment == payment } }

    /// The earliest moment at which the machine can say that this payment took nothing.
    package func decides(_ payment: PaymentID) -> MonoTime? {
        evidence.values.lazy.first { $0.attempt(payment) != nil }?.decides(payment, under: terms)
    }

    /// Whether ``decides(_:)`` has passed, also where the reader counts as idle only by the time that has gone by.
    package func isDecidable(_ payment: PaymentID, at now: Now) -> Bool {
        guard let idle = attempt(payment)?.idleSince(terms) else { return false }
        return now.mono >= idle + terms.window
    }

    func attempt(_ payment: PaymentID) -> IntentEvidence.Attempt? {
        evidence.values.lazy.compactMap { $0.attempt(payment) }.first
    }

    /// The evidence of one of the cart's intents.
    package func known(of intent: IntentID) -> IntentEvidence? { evidence[intent] }

    /// Whether the intent may not be replaced: it was confirmed, and may have been charged.
    ///
    /// That it was handed out for keyed entry as well does not bind it. As any form's intent it is read before another one is confirmed
    /// (``keyedIntents``), and no evidence could ever lift such a bond.
    func isBound(_ intent: CartFacts.Intent, at now: MonoTime) -> Bool { intent.everConfirmed && !isKnownNotCharged(intent, at: now) }

    func isKnownNotCharged(_ intent: CartFacts.Intent, at now: MonoTime) -> Bool {
        guard let evidence = evidence[intent.id] else { return intent.knownNotCharged }
        return evidence.isKnownNotCharged(under: terms, at: now)
    }
}
