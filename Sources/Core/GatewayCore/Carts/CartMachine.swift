import GatewayModel
import Moments

/// One cart: its one live intent, keyed entry beside it, what was confirmed on them, and whether it is paid or held.
///
/// It is the only owner of the rule that a cart has one intent that can be charged, and the only place where a verdict on money is found. It holds
/// no secret: whether one is at hand it is told. All spellings of a cart that a backend may take for one share one machine.
package struct CartMachine: Sendable, Hashable {
    /// What an intent is made for. The cart is as the till wrote it.
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
        /// The backend is to be asked for the cart's intent; the answer bears the number.
        case create(UInt64, Terms, PaymentID?)
        /// Stripe is to be asked what this intent is, before it is used; the answer bears the number.
        case read(UInt64, IntentID, PaymentID?)
        /// The payment has its intent. `tipLeft`: of the amount, what an earlier attempt left on it as a tip.
        case ready(PaymentID, IntentFacts, PublishableKey, tipLeft: Int64)
        case failed(PaymentID, PaymentFailure)
        /// The cart is paid: this payment, which has not confirmed, is to be stopped.
        case stop(PaymentID, PaymentFailure)
        /// The cart's row is to be written.
        case learnt(String)
        /// The currency of this intent became known.
        case currency(PublishableKey, Currency)
        /// The cart is charged, and by none of its payments.
        case paidBySomebodyElse
        /// The hold of this payment is over: its intent was canceled.
        case lifted(PaymentID)
        /// The backend was asked for an intent again: whether it gave the same one.
        case gaveAgain(isSame: Bool)
    }

    package enum Stage: Sendable, Hashable {
        /// Until its confirm is to be written. To `confirming`, or gone with its end.
        case running
        /// "confirming" is being written, or is on disk. Gone with its end; back to `running` where it could not be written.
        case confirming
    }

    /// A payment of this cart without an end.
    package struct Open: Sendable, Hashable {
        package let payment: PaymentID
        package let terms: Terms
        package var stage: Stage
    }

    /// The making of the cart's intent, one at a time.
    enum Making: Sendable, Hashable {
        case creating(UInt64, Terms)
        case reading(UInt64, IntentID, PublishableKey, Terms, asked: MonoTime)

        var terms: Terms {
            switch self {
            case .creating(_, let terms), .reading(_, _, _, let terms, _): terms
            }
        }
    }

    package var terms: EvidenceTerms
    package internal(set) var facts: CartFacts
    package internal(set) var open: [Open] = []
    var evidence: [IntentID: IntentEvidence] = [:]
    /// The verdict that each open payment was told last.
    var told: [PaymentID: Verdict] = [:]
    var making: Making?
    /// Numbers the makings, so that the answer of an abandoned one is not taken for another's.
    var makings: UInt64 = 0
    /// Made by the backend, not read yet: read again before another is made.
    var unread: Unread?
    /// Intents whose client secret is in memory.
    package internal(set) var readable: Set<IntentID> = []
    /// The payment for which the backend was asked last.
    var askedFor: PaymentID?
    /// Bound intents for which the backend was asked in this life, because their secret was gone.
    var askedAgain: Set<IntentID> = []
    /// The making under way was begun anew because Stripe had canceled, or did not know, the last one.
    var isRemaking = false
    /// What was known of the intent before the confirm that is being written.
    var beforeConfirm: CartFacts.Intent?
    /// The intent that was given up by the acknowledgement that is being written.
    var acknowledged: CartFacts.Intent?
    /// How often keyed entry is being handed out at this moment.
    package internal(set) var handingOut = 0
    /// What Stripe said last of intents that were handed out for keyed entry.
    var keyedStatus: [IntentID: IntentStatus] = [:]
    /// The cart is charged, and by none of its payments.
    package internal(set) var isPaidBySomebodyElse = false
    /// The backend says `Submitted`.
    var submitted: IntentEvidence.Submitted?
    /// The journal was asked what it knows of the cart; without that nothing of it is written.
    package private(set) var isRecalled: Bool

    struct Unread: Sendable, Hashable {
        var id: IntentID
        var key: PublishableKey
        var terms: Terms
    }

    /// `facts`: what the journal knows, or nothing that it was not asked for.
    package init(_ facts: CartFacts, isRecalled: Bool, terms: EvidenceTerms, at now: Now) {
        self.facts = facts
        self.isRecalled = isRecalled
        self.terms = terms
        takeUp(at: now)
    }

    /// What the journal knows of the cart, where memory has not asked it yet; nil: nothing.
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

    /// What the journal's row says of an intent that somebody confirmed becomes evidence of this life.
    private mutating func takeUp(at now: Now) {
        // Rows of older agents do not keep who it was, where that payment has ended.
        let isUnnamed = facts.intent.map { $0.cart == nil && $0.everConfirmed && !$0.knownNotCharged } == true && facts.openPayments.isEmpty
        facts.openPayments = []
        // They bear the name that the till wrote.
        if facts.intent != nil, facts.intent?.cart == nil { facts.intent?.cart = facts.cart }
        facts.cart = facts.cart.lock
        guard let intent = facts.intent, intent.everConfirmed else { return }
        prepareEvidence(intent.id, isUnnamed: isUnnamed, at: now)
    }

    // MARK: What can be seen

    /// Nothing of it would be lost if it were forgotten and recalled from the journal.
    package func isAtRest(at now: Now) -> Bool {
        open.isEmpty && making == nil && handingOut == 0
            && evidence.values.allSatisfy { $0.uncleared(under: terms, at: now.mono).isEmpty }
    }

    /// A payment of it is before its confirm, or at it.
    package var isAtWork: Bool { open.contains { !isFollowed($0) } }

    /// A confirm of this cart is being written or waits for its answer.
    package var isConfirming: Bool { open.contains { isConfirming($0) } }

    func isConfirming(_ item: Open) -> Bool {
        guard item.stage == .confirming else { return false }
        return attempt(item.payment)?.isWaiting != false
    }

    /// Its confirm was sent, and what became of it is being found out.
    func isFollowed(_ item: Open) -> Bool { item.stage == .confirming && attempt(item.payment)?.isWaiting == false }

    package func isOpen(_ payment: PaymentID) -> Bool { open.contains { $0.payment == payment } }

    /// The moment at which it can be said at the earliest that this payment took nothing.
    package func decides(_ payment: PaymentID) -> MonoTime? {
        evidence.values.lazy.first { $0.attempt(payment) != nil }?.decides(payment, under: terms)
    }

    /// As ``decides(_:)``, also where the reader counts as idle only because so much time has passed.
    package func isDecidable(_ payment: PaymentID, at now: Now) -> Bool {
        guard let idle = attempt(payment)?.idleSince(terms) else { return false }
        return now.mono >= idle + terms.window
    }

    func attempt(_ payment: PaymentID) -> IntentEvidence.Attempt? {
        evidence.values.lazy.compactMap { $0.attempt(payment) }.first
    }

    /// What is known of one of its intents.
    package func known(of intent: IntentID) -> IntentEvidence? { evidence[intent] }

    /// The intent may not be replaced: it was confirmed or handed out, and is not known not to be charged.
    func isBound(_ intent: CartFacts.Intent, at now: MonoTime) -> Bool {
        if facts.keyed?.contains(where: { $0.id == intent.id }) == true { return true }
        return intent.everConfirmed && !isKnownNotCharged(intent, at: now)
    }

    func isKnownNotCharged(_ intent: CartFacts.Intent, at now: MonoTime) -> Bool {
        guard let evidence = evidence[intent.id] else { return intent.knownNotCharged }
        return evidence.isKnownNotCharged(under: terms, at: now)
    }
}
