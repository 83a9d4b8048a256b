import GatewayModel
import Moments

/// This extension carries out what the cart's machine wants, and feeds it what the answers tell.
extension GatewayMachine {
    /// Feeds one event to a cart's machine and queues the actions that follow.
    mutating func changeCart(_ cart: CartID, _ event: (inout CartMachine) -> [CartMachine.Action]) {
        guard let actions = carts.changeMoney(of: cart, event) else { return }
        for action in actions { queue.add(.owed(.cart(cart.lock, action))) }
    }

    mutating func carryOut(_ action: CartMachine.Action, of cart: CartID, at now: Now) {
        switch action {
        case .verdict(let payment, let verdict): change(payment, at: now) { $0.judged(verdict, at: now) }
        case .create(let number, let terms, let payment):
            call(
                .paymentIntent(terms.cart, amount: terms.amount, accountBalance: terms.accountBalance, type: .terminal),
                for: .createIntent(cart, number), timeout: policy.backendTimeout, holder: payment.map { .payment($0) },
                isAhead: payment.map { payments[$0] == nil } == true)
        case .read(let number, let intent, let payment):
            guard let secret = carts[cart]?.secrets[intent] else {
                let lost = CallFailure.unavailable(detail: "the intent's secret is gone", mayHaveActed: false)
                return changeCart(cart) { $0.read(number, .failure(lost), at: now) }
            }
            call(
                .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .verifyIntent(cart, number),
                timeout: policy.stripeTimeout, payment: payment)
        case .ready(let payment, let facts, let key, let tipLeft):
            change(payment, at: now) { $0.intentReady(facts, key: key, tipLeft: tipLeft, at: now) }
        case .failed(let payment, let failure): change(payment, at: now) { $0.intentFailed(failure, at: now) }
        case .stop(let payment, let failure):
            change(payment, at: now) { $0.stop(failure, at: now) }
        case .learnt(let note):
            guard let book = carts[cart], book.money.isRecalled else { return }
            if book.facts.paid { close(cart, at: now) }
            outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: book.facts, note: note))
        case .currency(let key, let currency): learn(currency, of: key, at: now)
        case .paidBySomebodyElse:
            let words = "The cart is charged, and by none of its payments that are known here."
            log(.error, words, .cart(cart))
            queue.emit(
                .notice(
                    AgentNotice(
                        code: "paid_elsewhere", message: "The cart \(carts[cart]?.written.text ?? cart.text): \(words)",
                        remedy: "Look the cart up in the back office and in Stripe's dashboard.")))
        case .gaveAgain(let isSame):
            if backend.gaveAgain(isSame: isSame) {
                log(.warning, "the backend makes a new intent each time it is asked: after a restart an intent cannot be read any more")
            }
        case .lifted(let payment): log(.notice, "the money that was held is let go: its intent is canceled", .payment(payment))
        }
    }

    // MARK: The intent

    mutating func intentCreated(_ cart: CartID, _ number: UInt64, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        if case .success(let intent) = result { carts.change(cart) { $0.secrets[intent.id] = intent } }
        changeCart(cart) { $0.created(number, result.map { (id: $0.id, key: $0.publishableKey) }, at: now) }
    }

    mutating func intentVerified(_ cart: CartID, _ number: UInt64, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        changeCart(cart) { $0.read(number, result, at: now) }
        if case .success(let facts) = result { tellCharged(facts, of: cart, at: now) }
    }

    // MARK: Evidence

    mutating func readEvidence(for id: PaymentID, at now: Now) {
        guard let record = payments[id]?.record, let intent = record.intent, let book = carts[record.request.cart] else { return }
        let cart = record.request.cart.lock
        lookAtReplaced(cart)
        guard let secret = book.secrets[intent] else {
            // The agent asks the backend for the secret once a life, and only when a reading could decide something.
            guard book.money.isDecidable(id, at: now), book.facts.intent?.id == intent else { return }
            return changeCart(cart) { $0.wantsSecret(at: now) ?? [] }
        }
        guard !calls.isAsking(.evidence(id, cart)) else { return }
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .evidence(id, cart), timeout: policy.stripeTimeout,
            payment: id)
    }

    /// Reads the replaced intents and those for keyed entry whenever it reads the cart's own. None of them may be charged beside it.
    private mutating func lookAtReplaced(_ cart: CartID) {
        guard let book = carts[cart] else { return }
        for id in book.facts.replaced + book.money.keyedIntents.map(\.id) { look(at: id, of: cart) }
    }

    /// Reads the intents for keyed entry once more when a payment has ended that was charged. A card may have been typed in since the look
    /// before its confirm.
    mutating func lookBeside(_ record: PaymentRecord) {
        let cart = record.request.cart.lock
        guard record.money == .taken || record.money == .authorized, let entries = carts[cart]?.money.keyedIntents, !entries.isEmpty else {
            return
        }
        carts.change(cart) { $0.charged = record }
        for entry in entries { look(at: entry.id, of: cart) }
    }

    private mutating func look(at intent: IntentID, of cart: CartID) {
        guard let secret = carts[cart]?.secrets[intent], !calls.isAsking(.watch(cart, intent)) else { return }
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .watch(cart, intent), timeout: policy.stripeTimeout,
            payment: nil)
    }

    /// Takes Stripe's word on an intent of the cart, whichever call asked for it.
    mutating func intentRead(_ cart: CartID, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        guard case .success(let facts) = result else { return }
        let asked = calls.asked
        changeCart(cart) { $0.looked(facts, asked: asked, at: now) }
        tellCharged(facts, of: cart, at: now)
        tellAmount(facts, of: cart, at: now)
    }

    /// Tells the payments that may still charge this intent which amount it is over now.
    private mutating func tellAmount(_ facts: IntentFacts, of cart: CartID, at now: Now) {
        switch facts.status {
        case .requiresPaymentMethod, .requiresConfirmation:
            for payment in carts[cart]?.money.open.map(\.payment) ?? [] { change(payment, at: now) { $0.intentSeen(facts, at: now) } }
        // Another function tells what was charged.
        case .succeeded, .requiresCapture, .processing, .requiresAction, .canceled, .other: break
        }
    }

    /// Tells the payments of the cart that this intent was charged, for them or beside them.
    private mutating func tellCharged(_ facts: IntentFacts, of cart: CartID, at now: Now) {
        guard facts.status == .succeeded || facts.status == .requiresCapture, let book = carts[cart] else { return }
        let isKeyed = book.money.keyedIntents.contains { $0.id == facts.id } && book.facts.intent?.id != facts.id
        for payment in book.money.open.map(\.payment) {
            change(payment, at: now) { machine in
                if isKeyed, machine.record.authorized { return machine.chargedTwice(facts.id, at: now) }
                return machine.record.authorized ? machine.charged(facts, at: now) : []
            }
        }
        if isKeyed { warnEnded(of: cart, beside: facts.id, at: now) }
    }

    /// Warns the payment that has ended that the intent for keyed entry is charged too.
    private mutating func warnEnded(of cart: CartID, beside keyed: IntentID, at now: Now) {
        let warning = PaymentWarning.chargedTwice(keyed)
        guard var record = carts[cart]?.charged, record.warn(warning) else { return }
        carts.change(cart) { $0.charged = nil }
        payments.editEnded(record.id) { _ = $0.warn(warning) }
        journal(.warned, record, note: warning.message, at: now)
    }

    // MARK: Status

    /// Takes the backend's word on a cart, whichever call asked for it.
    mutating func cartDecided(_ cart: CartID, _ status: CartStatus, at now: Now) {
        judgeResolutions(of: cart, by: status, at: now)
        let asked = calls.asked
        changeCart(cart) { $0.heard(status, asked: asked, at: now) }
    }

    /// Notes that the reader was proved idle. From now on evidence may decide each attempt on it.
    mutating func seenIdle(_ reader: ReaderID, at now: Now) {
        let entries = entries(of: reader)
        for cart in carts.ids {
            guard carts[cart]?.money.open.isEmpty == false || carts[cart]?.money.isAtRest(at: now) == false else { continue }
            changeCart(cart) {
                for entry in entries { $0.idle(entry, at: now) }
                return []
            }
            for item in carts[cart]?.money.open ?? [] { queue.add(.owed(.decides(item.payment))) }
        }
    }

    /// Tells a payment from when on the agent can say that it took nothing.
    mutating func tellDecision(_ payment: PaymentID, at now: Now) {
        guard let cart = payments[payment]?.record.request.cart, let moment = carts[cart]?.money.decides(payment) else { return }
        change(payment, at: now) { $0.decides(at: moment, at: now) }
    }
}
