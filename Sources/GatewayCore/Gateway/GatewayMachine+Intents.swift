extension GatewayMachine {
    /// One intent per cart: used again wherever it may have been charged, replaced only where it cannot have been.
    mutating func prepareIntent(for id: PaymentID, at now: Now) {
        guard let record = payments[id]?.record else { return }
        let cart = record.request.cart
        watchReplaced(cart, at: now)
        guard let book = carts[cart] else { return }
        if let intent = book.facts.intent {
            let reusable = book.intent(for: record.request) != nil
            if reusable, let secret = book.secrets[intent.id] {
                verify(secret, for: record.request, payment: id)
                return
            }
            let isBound = !intent.knownNotCharged
            if intent.everConfirmed && (reusable || isBound) {
                guard reusable else {
                    change(id, at: now) {
                        $0.intentFailed(
                            PaymentFailure(
                                code: .intentFailed, message: "An earlier attempt of this cart over another amount may have been charged.",
                                remedy: "Wait until the earlier payment is resolved."), at: now)
                    }
                    return
                }
                // Its secret is gone; what it is stands in the journal. Never another while this one could be charged.
                let facts = IntentFacts(
                    id: intent.id, status: .requiresPaymentMethod, amountMinor: intent.amountMinor, currency: intent.currency)
                change(id, at: now) { $0.intentReady(facts, key: intent.publishableKey, at: now) }
                return
            }
        }
        if let unread = book.unread, unread.request.amount == record.request.amount,
            unread.request.accountBalance == record.request.accountBalance
        {
            verify(unread.intent, for: record.request, payment: id)
            return
        }
        // One for the same amounts is being made already, for a payment that has ended meanwhile.
        if let making = book.making, making.isFor(record.request) { return }
        let number = begin(.creating(record.request), cart)
        call(
            .paymentIntent(cart, amount: record.request.amount, accountBalance: record.request.accountBalance, type: .terminal),
            for: .createIntent(cart, number), timeout: policy.backendTimeout, payment: id)
    }

    private mutating func begin(_ making: CartBook.Making, _ cart: CartID) -> UInt64 {
        carts[cart]?.making = making
        carts[cart]?.makings += 1
        return carts[cart]?.makings ?? 0
    }

    private mutating func verify(_ intent: BackendIntent, for request: PaymentRequest, payment: PaymentID?) {
        let number = begin(.reading(intent, request), request.cart)
        call(
            .readIntent(intent.id, intent.publishableKey, intent.clientSecret), for: .verifyIntent(request.cart, number),
            timeout: policy.stripeTimeout, payment: payment)
    }

    mutating func intentCreated(_ cart: CartID, _ number: UInt64, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        guard carts[cart]?.makings == number, case .creating(let request)? = carts[cart]?.making else { return }
        switch result {
        case .success(let intent):
            carts[cart]?.unread = (intent, request)
            verify(intent, for: request, payment: wanting(cart))
        case .failure(let failure):
            carts[cart]?.making = nil
            if let id = wanting(cart) { change(id, at: now) { $0.intentFailed(failure.paymentFailure, at: now) } }
        }
    }

    mutating func intentVerified(_ cart: CartID, _ number: UInt64, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        guard carts[cart]?.makings == number, case .reading(let intent, let request)? = carts[cart]?.making else { return }
        carts[cart]?.making = nil
        switch result {
        case .success(let facts):
            carts[cart]?.unread = nil
            adopt(intent, facts, request, cart: cart, at: now)
            if let id = wanting(cart) { change(id, at: now) { $0.intentReady(facts, key: intent.publishableKey, at: now) } }
        case .failure(let failure):
            let words = PaymentFailure(
                code: .intentFailed, message: "Stripe could not be asked about the cart's payment: \(failure.detail)",
                remedy: "Nothing was taken. Check the shop's internet connection, then try again.")
            if let id = wanting(cart) { change(id, at: now) { $0.intentFailed(words, at: now) } }
        }
    }

    /// The payment that holds a reader for this cart before its confirm; at most one.
    private func wanting(_ cart: CartID) -> PaymentID? {
        carts[cart]?.facts.openPayments.first { payments[$0]?.isActive == true }
    }

    private mutating func adopt(_ intent: BackendIntent, _ facts: IntentFacts, _ request: PaymentRequest, cart: CartID, at now: Now) {
        carts[cart]?.secrets[facts.id] = intent
        if let old = carts[cart]?.facts.intent, old.id != facts.id { carts[cart]?.facts.replaced.append(old.id) }
        var adopted = CartFacts.Intent(
            id: facts.id, amountMinor: facts.amountMinor, currency: facts.currency, publishableKey: intent.publishableKey,
            amount: request.amount, accountBalance: request.accountBalance)
        // A backend may bring the amount of the cart's one intent up to date: what was confirmed on it is remembered, what it is over is what it is now.
        if let same = carts[cart]?.facts.intent, same.id == facts.id {
            adopted.everConfirmed = same.everConfirmed
            adopted.knownNotCharged = same.knownNotCharged
        }
        carts[cart]?.facts.intent = adopted
        learn(facts.currency, of: intent.publishableKey, at: now)
        if wanting(cart) == nil, let facts = carts[cart]?.facts {
            outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: facts, note: "the intent came after its payment had ended"))
        }
    }

    /// A confirm of this cart is under way.
    func isConfirming(_ cart: CartID) -> Bool {
        (carts[cart]?.facts.openPayments ?? []).contains { payments[$0]?.isConfirming == true }
    }

    // MARK: Evidence

    mutating func readEvidence(for id: PaymentID, at now: Now) {
        guard let record = payments[id]?.record else { return }
        guard let intent = record.intent, let secret = carts[record.request.cart]?.secrets[intent] else {
            change(id, at: now) { $0.intent(.noSecret, askedAt: now.mono, at: now) }
            return
        }
        guard !calls.values.contains(.evidence(id, askedAt: now.mono)) else { return }
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .evidence(id, askedAt: now.mono),
            timeout: policy.stripeTimeout,
            payment: id)
    }

    /// Intents that were replaced are looked at whenever the cart is tried again: none of them may turn out to be charged.
    private mutating func watchReplaced(_ cart: CartID, at now: Now) {
        guard let book = carts[cart] else { return }
        for id in book.facts.replaced {
            guard let secret = book.secrets[id], !calls.values.contains(.watch(cart, id)) else { continue }
            call(
                .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .watch(cart, id), timeout: policy.stripeTimeout,
                payment: nil)
        }
    }

    mutating func watched(_ cart: CartID, _ intent: IntentID, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        guard case .success(let facts) = result, facts.status.isPaid else { return }
        log(.error, "the replaced intent \(intent.text) of this cart was charged", .cart(cart))
        if let id = wanting(cart) { change(id, at: now) { $0.stop(.cartPaidEarlier(by: nil), at: now) } }
    }

    // MARK: Status

    /// The backend's word on a cart, whoever asked for it: `Submitted` is evidence for every payment of the cart.
    mutating func cartDecided(_ cart: CartID, _ status: CartStatus, at now: Now) {
        judgeResolutions(of: cart, by: status, at: now)
        guard case .submitted(let order) = status else { return }
        let open = carts[cart]?.facts.openPayments ?? []
        // A confirm under way may be what paid it: its own answer comes first, and this question is asked again.
        guard !isConfirming(cart) else { return }
        let following = open.filter { payments[$0]?.isFollowing == true }
        // One took the money: the one that ended so, or is known to be charged, else the latest.
        let taker = carts[cart]?.facts.paidBy ?? following.first { payments[$0]?.record.authorized == true } ?? following.last
        if let taker {
            change(taker, at: now) { $0.status(.submitted(order: order), at: now) }
            for other in following where other != taker { change(other, at: now) { $0.superseded(by: taker, at: now) } }
        }
        stopUnconfirmed(cart, paidBy: taker, at: now)
        // Where one of ours took it, its end says so of the cart.
        // What the journal knows of the cart is not overwritten by memory that never asked it.
        guard taker == nil, let book = carts[cart], book.isRecalled, !book.facts.paid else { return }
        carts[cart]?.facts.paid = true
        carts[cart]?.facts.order = order
        if let facts = carts[cart]?.facts {
            outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: facts, note: "the backend says: submitted"))
        }
        close(cart, at: now)
    }
}

extension PaymentMachine {
    var isActive: Bool {
        if case .active = state { return true }
        return false
    }
}
