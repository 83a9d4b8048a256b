import GatewayModel
import Moments

/// The cart's one live intent. The machine uses it again wherever it may have been charged, and replaces it only where it cannot have been.
extension CartMachine {
    /// Asks for the intent, for a payment that holds its reader.
    package mutating func wantsIntent(_ payment: PaymentID, at now: Now) -> [Action] {
        guard let item = open.first(where: { $0.payment == payment }) else { return [] }
        var actions: [Action] = []
        prepare(item.terms, for: payment, at: now, &actions)
        return actions
    }

    /// Whether an intent may be made for a payment whose reader is still being looked up. It may for a cart that has never had an intent or
    /// a form: there it can stand in nobody's way, also when that payment is refused.
    package var mayHaveIntentAhead: Bool {
        making == nil && unread == nil && open.isEmpty && facts.intent == nil && facts.replaced.isEmpty && facts.canceled?.isEmpty != false
            && !facts.keyedEntry && facts.keyedEver != true && refusesPaid == nil
    }

    /// Asks for the intent of such a payment.
    package mutating func wantsIntentAhead(_ terms: Terms, of payment: PaymentID) -> [Action] {
        guard mayHaveIntentAhead else { return [] }
        var actions: [Action] = []
        create(terms, for: payment, &actions)
        // The payment has asked for nothing itself yet.
        askedFor = nil
        return actions
    }

    /// Asks the backend once a life for a confirmed intent whose secret is gone; nil when there is nothing to ask.
    package mutating func wantsSecret(at now: Now) -> [Action]? {
        guard making == nil, let intent = facts.intent, intent.everConfirmed, !readable.contains(intent.id),
            !askedAgain.contains(intent.id), !facts.paid
        else { return nil }
        var actions: [Action] = []
        let cart = intent.cart ?? facts.cart
        create(Terms(cart: cart, amount: intent.amount, accountBalance: intent.accountBalance), for: nil, &actions)
        return actions
    }

    private mutating func prepare(_ terms: Terms, for payment: PaymentID?, at now: Now, _ actions: inout [Action]) {
        // An intent for the same amounts is being made already, for a payment that has ended meanwhile. A question over other amounts has to
        // be answered first: the backend may take up two of them in either order, and charge what the earlier one asked for.
        if let making, making.terms == terms || making.asksBackend { return }
        if let intent = facts.intent, evidence[intent.id]?.isLetGo == true {
            guard isKnownNotCharged(intent, at: now.mono) else { return fail(.letGoNotYet, &actions) }
            giveUp(intent.id)
        }
        if let intent = facts.intent {
            let fits = fits(intent, terms)
            if !fits, isBound(intent, at: now.mono) {
                return fail(.anotherAmountMayBeCharged, &actions)
            }
            if fits, readable.contains(intent.id), isUsable(intent) {
                return read(intent.id, intent.publishableKey, terms, for: payment, at: now, &actions)
            }
            if fits, isBound(intent, at: now.mono), withheld.contains(intent.id) { return goOnUnread(intent, &actions) }
        }
        if let unread, unread.terms == terms { return read(unread.id, unread.key, terms, for: payment, at: now, &actions) }
        create(terms, for: payment, &actions)
    }

    /// Whether the intent is over the wanted amount, with or without an earlier attempt's tip. If not, the machine asks the backend again, which makes another
    /// or updates this one.
    private func isUsable(_ intent: CartFacts.Intent) -> Bool {
        guard let wanted = intent.amount.minorUnits(in: intent.currency) else { return false }
        return intent.amountMinor == wanted || tipLeft(of: intent, asking: wanted) > 0
    }

    /// The part of the intent's amount that an earlier attempt left on it as a tip, in minor units.
    private func tipLeft(of intent: CartFacts.Intent, asking wanted: Int64) -> Int64 {
        guard let left = intent.tipLeft, wanted.addingReportingOverflow(left) == (intent.amountMinor, false) else { return 0 }
        return left
    }

    private mutating func create(_ terms: Terms, for payment: PaymentID?, _ actions: inout [Action]) {
        makings += 1
        making = .creating(makings, terms)
        askedFor = payment
        if let intent = facts.intent, fits(intent, terms) { askedAgain.insert(intent.id) }
        actions.append(.create(makings, terms, payment))
    }

    private mutating func read(
        _ id: IntentID, _ key: PublishableKey, _ terms: Terms, for payment: PaymentID?, at now: Now, _ actions: inout [Action]
    ) {
        makings += 1
        making = .reading(makings, id, key, terms, asked: now.mono)
        actions.append(.read(makings, id, payment))
    }

    /// Goes on with an intent that the machine cannot read: its secret is gone, and the backend does not give it back. No other may replace
    /// it while it could be charged.
    private func goOnUnread(_ intent: CartFacts.Intent, _ actions: inout [Action]) {
        guard let payment = wanting else { return }
        let minor = intent.amountMinor
        let facts = IntentFacts(id: intent.id, status: .requiresPaymentMethod, amountMinor: minor, currency: intent.currency)
        let left = intent.amount.minorUnits(in: intent.currency).map { tipLeft(of: intent, asking: $0) } ?? 0
        actions.append(.ready(payment, facts, intent.publishableKey, tipLeft: left))
    }

    /// The payment that waits for the intent. There is at most one.
    var wanting: PaymentID? { open.first { $0.stage == .running }?.payment }

    private func fail(_ failure: PaymentFailure, _ actions: inout [Action]) {
        if let wanting { actions.append(.failed(wanting, failure)) }
    }

    /// Takes the backend's answer to `create`. After a success the intent's secret is at hand.
    package mutating func created(
        _ number: UInt64, _ result: Result<(id: IntentID, key: PublishableKey), CallFailure>, at now: Now
    ) -> [Action] {
        guard case .creating(number, let terms)? = making else { return [] }
        making = nil
        var actions: [Action] = []
        if case .success(let made) = result {
            readable.insert(made.id)
            if let intent = facts.intent, intent.everConfirmed, fits(intent, terms) {
                actions.append(.gaveAgain(isSame: intent.id == made.id))
            }
        }
        if let next = open.first(where: { $0.stage == .running }), next.terms != terms {
            // The payment over other amounts has waited for this answer.
            prepare(next.terms, for: next.payment, at: now, &actions)
            return actions
        }
        switch result {
        case .success(let made):
            if let intent = facts.intent, intent.id != made.id, isBound(intent, at: now.mono) {
                // The backend made another intent while the cart's own may be charged. The other one is never confirmed.
                if fits(intent, terms) {
                    withheld.insert(intent.id)
                    goOnUnread(intent, &actions)
                } else {
                    fail(.anotherAmountMayBeCharged, &actions)
                }
                return actions
            }
            if facts.canceled?.contains(made.id) == true {
                fail(.intentCanceledForGood, &actions)
                return actions
            }
            unread = Unread(id: made.id, key: made.key, terms: terms)
            // It was made ahead of its payment, which reads it.
            if wanting == nil, askedFor == nil, facts.intent == nil { return actions }
            read(made.id, made.key, terms, for: wanting, at: now, &actions)
        case .failure(let failure): fail(failure.paymentFailure, &actions)
        }
        return actions
    }

    /// Takes Stripe's answer to `read`.
    package mutating func read(_ number: UInt64, _ result: Result<IntentFacts, CallFailure>, at now: Now) -> [Action] {
        guard case .reading(number, let id, let key, let terms, let asked)? = making else { return [] }
        making = nil
        var actions: [Action] = []
        switch result {
        case .failure(.rejected(status: 404, _)) where isReplaceable(id, at: now):
            drop(id)
            remake(terms, at: now, &actions)
        case .failure(let failure):
            fail(
                PaymentFailure(
                    code: .intentFailed, message: "Stripe could not be asked about the cart's payment: \(failure.detail)",
                    remedy: "Nothing was taken. Check the shop's internet connection, then try again."), &actions)
        case .success(let intent):
            unread = nil
            adopt(intent, key, terms, at: now, &actions)
            learn(intent, asked: asked, at: now, &actions)
            use(intent, key, terms, at: now, &actions)
        }
        return actions
    }

    private func isReplaceable(_ id: IntentID, at now: Now) -> Bool {
        guard let intent = facts.intent, intent.id == id else { return true }
        return !isBound(intent, at: now.mono)
    }

    private mutating func remake(_ terms: Terms, at now: Now, _ actions: inout [Action]) {
        guard !isRemaking else {
            isRemaking = false
            return fail(.intentCanceledForGood, &actions)
        }
        guard wanting != nil else { return }
        isRemaking = true
        create(terms, for: wanting, &actions)
    }

    private mutating func use(
        _ intent: IntentFacts, _ key: PublishableKey, _ terms: Terms, at now: Now, _ actions: inout [Action]
    ) {
        if intent.status == .canceled { return remake(terms, at: now, &actions) }
        isRemaking = false
        guard let payment = wanting else { return }
        switch intent.status {
        case .requiresPaymentMethod, .requiresConfirmation:
            guard let known = facts.intent, let wanted = terms.amount.minorUnits(in: intent.currency), wanted != intent.amountMinor else {
                actions.append(.ready(payment, intent, key, tipLeft: 0))
                return
            }
            // The amount has an earlier attempt's tip, or was changed from outside. The backend may update it, and is asked once an
            // attempt.
            guard askedFor == payment else { return create(terms, for: payment, &actions) }
            actions.append(.ready(payment, intent, key, tipLeft: tipLeft(of: known, asking: wanted)))
        case .succeeded, .requiresCapture: break
        case .processing, .requiresAction, .other: actions.append(.failed(payment, .cartUnresolved(by: lastConfirmed(but: payment))))
        case .canceled: break
        }
    }

    private func lastConfirmed(but payment: PaymentID) -> PaymentID? {
        open.last { $0.payment != payment && $0.stage == .confirming }?.payment
    }

    private mutating func adopt(
        _ intent: IntentFacts, _ key: PublishableKey, _ terms: Terms, at now: Now, _ actions: inout [Action]
    ) {
        if let old = facts.intent, old.id != intent.id { facts.replaced.append(old.id) }
        var adopted = CartFacts.Intent(
            id: intent.id, amountMinor: intent.amountMinor, currency: intent.currency, publishableKey: key, amount: terms.amount,
            accountBalance: terms.accountBalance)
        adopted.cart = terms.cart
        // A backend may update the amount of the cart's one intent, so the machine remembers what was confirmed on it.
        if let same = facts.intent, same.id == intent.id {
            adopted.everConfirmed = same.everConfirmed
            adopted.knownNotCharged = same.knownNotCharged
            adopted.chargedAmong = same.chargedAmong
            adopted.said = same.said
            adopted.tipLeft = same.tipLeft
        }
        facts.intent = adopted
        facts.replaced = Array(facts.replaced.suffix(32))
        actions.append(.currency(key, intent.currency))
        if wanting == nil { write("the intent came while no payment of the cart was open", &actions) }
    }

    /// Gives up an intent whose charge was let go by a technician's word. It is never confirmed again, and is watched like any replaced
    /// intent.
    mutating func giveUp(_ id: IntentID) {
        facts.canceled = Array(((facts.canceled ?? []) + [id]).suffix(16))
        evidence[id]?.recoverCanceled()
        drop(id)
    }

    /// Drops an intent that can never be charged, or that Stripe does not know. The cart needs another.
    mutating func drop(_ id: IntentID) {
        guard let gone = facts.intent, gone.id == id else { return }
        if gone.everConfirmed { facts.replaced = Array((facts.replaced + [gone.id]).suffix(32)) }
        facts.intent = nil
    }
}

extension PaymentFailure {
    static var anotherAmountMayBeCharged: PaymentFailure {
        PaymentFailure(
            code: .intentFailed, message: "An earlier attempt of this cart over another amount may have been charged.",
            remedy: "Wait until the earlier payment is resolved.")
    }

    static var letGoNotYet: PaymentFailure {
        let refusal = Refusal.letGoNotYet(by: nil)
        return PaymentFailure(code: .intentFailed, message: refusal.detail, remedy: refusal.remedy)
    }

    static var intentCanceledForGood: PaymentFailure {
        PaymentFailure(
            code: .intentFailed,
            message: "The cart's payment was canceled at Stripe, or its money was let go, and the backend gives no other.",
            remedy: "Nothing was taken. Make a new cart.")
    }

    static func cartUnresolved(by payment: PaymentID?) -> PaymentFailure {
        PaymentFailure(
            code: .cartUnresolved,
            message: payment.map { "What became of the payment \($0.text) of this cart is not known yet, and a card cannot be taken now." }
                ?? "Stripe is at work on this cart's payment, and a card cannot be taken now.",
            remedy: "Nothing was taken by this attempt. Wait until the earlier payment is resolved, then try again.", payment: payment)
    }
}
