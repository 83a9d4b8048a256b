import GatewayModel
import Moments

/// A look into keyed entry: is the cart unpaid at the backend, and can none of the intents that were handed out be charged?
struct KeyedCheck: Sendable {
    /// What is still to be read.
    var left: Set<IntentID>
    var failure: PaymentFailure?
    /// What became of one of them cannot be read: only a technician can say that it was not charged.
    var isUnreadable = false
    /// The payment whose card waits to be charged; nil: requests wait to be accepted.
    var payment: PaymentID?

    /// Why no card may be charged; nil: it may.
    func failure(isVouched: Bool) -> PaymentFailure? {
        failure ?? (isUnreadable && !isVouched ? CartMachine.keyedUnreadable : nil)
    }
}

extension GatewayMachine {
    mutating func keyedIntent(
        _ id: RequestID, _ cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, _ recall: Recall, at now: Now
    ) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        if let refused = backend.refusedCredential { return refuse(id, .from(refused)) }
        if let refusal = refusesForLoss { return refuse(id, refusal) }
        remember(cart, recalled: recall.cart, at: now)
        if let refusal = carts[cart]?.money.refusesKeyed { return refuse(id, refusal) }
        if isChecking(cart) || acceptance.first(where: { $0.request.cart.lock == cart.lock }) != nil {
            return refuse(
                id,
                Refusal(.cartBusy, "A reader payment of this cart is about to begin.", remedy: "Wait until it has ended, or cancel it."))
        }
        carts[cart]?.touchedAt = now.mono
        keyedRequests[id] = CartMachine.Terms(cart: cart, amount: amount, accountBalance: accountBalance)
        changeCart(cart) {
            $0.keyedWanted()
            return []
        }
        outbox.add(
            JournalEntry(kind: .keyedEntry, at: now.wall, cart: carts[cart]?.facts, note: "an intent for keyed entry is handed out"),
            waiter: .keyedEntry(id, cart))
    }

    mutating func keyedEntryWritten(_ id: RequestID, _ cart: CartID) {
        guard let terms = keyedRequests[id] else { return }
        call(
            .paymentIntent(terms.cart, amount: terms.amount, accountBalance: terms.accountBalance, type: .card),
            for: .keyedIntent(id, cart), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func keyedEntryNotWritten(_ id: RequestID, _ cart: CartID, _ trouble: JournalTrouble) {
        keyedRequests[id] = nil
        changeCart(cart) { $0.keyedNotHandedOut() }
        refuse(id, .journal(trouble))
    }

    /// The client secret goes to the checkout once the intent's name is on disk: whoever reads the journal after a restart knows what may have been
    /// typed in. Where none was given, nothing was opened.
    mutating func keyedIntentAnswered(_ id: RequestID, _ cart: CartID, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        guard let terms = keyedRequests.removeValue(forKey: id) else { return }
        switch result {
        case .success(let intent):
            refuseParked(cart)
            carts[cart]?.secrets[intent.id] = intent
            changeCart(cart) {
                $0.keyedHandedOut(.init(id: intent.id, cart: terms.cart, amount: terms.amount, accountBalance: terms.accountBalance))
                return []
            }
            outbox.add(
                JournalEntry(kind: .cart, at: now.wall, cart: carts[cart]?.facts, note: "an intent for keyed entry was handed out"),
                waiter: .keyedGiven(id, intent))
        case .failure(let failure):
            changeCart(cart) { $0.keyedNotHandedOut() }
            refuse(id, .from(failure))
        }
    }

    /// A form is about to open: a payment that came before and still waits cannot have seen it closed.
    private mutating func refuseParked(_ cart: CartID) {
        let early = parked.filter {
            if case .pay(_, let request, _, _) = $0.request { return request.cart.lock == cart.lock }
            return false
        }
        for item in early {
            parked.removeAll { $0.id == item.id }
            refuse(item.id, .keyedFormOpen)
        }
    }

    // MARK: Looking into it

    /// A payment of this cart waits until the cart was looked into.
    private func isChecking(_ cart: CartID) -> Bool { parked.contains { $0.reason == .cartCheck(cart.lock) } }

    /// A reader payment after keyed entry: only when the cart is not paid and nothing that was typed in is being charged.
    mutating func checkKeyedEntry(_ id: RequestID, _ request: Request, _ cart: CartID, at now: Now) {
        parked.append(Parked(id: id, request: request, reason: .cartCheck(cart.lock)))
        guard keyedChecks[cart.lock] == nil else { return }
        keyedChecks[cart.lock] = KeyedCheck(left: [], payment: nil)
        call(.paymentStatus(carts[cart]?.written ?? cart), for: .keyedCheck(cart.lock), timeout: policy.backendTimeout, payment: nil)
    }

    /// What the backend says of the cart comes first; then each of the intents is read.
    mutating func keyedStatusAnswered(_ cart: CartID, _ result: Result<CartStatus, CallFailure>, at now: Now) {
        switch result {
        case .success(.submitted(let order)):
            cartDecided(cart, .submitted(order: order), at: now)
            keyedChecks[cart] = nil
            for item in takeParked(cart) {
                refuse(item.id, Refusal(.cartPaid, "This cart has been paid.", remedy: "Do not take it again.", order: order))
            }
        case .success: readKeyed(cart, for: nil, at: now)
        case .failure(let failure):
            keyedChecks[cart] = nil
            for item in takeParked(cart) { refuse(item.id, .from(failure)) }
        }
    }

    /// Right before its card is charged.
    mutating func checkKeyedOnceMore(for payment: PaymentID, at now: Now) {
        guard let cart = payments[payment]?.record.request.cart else { return }
        readKeyed(cart.lock, for: payment, at: now)
    }

    private mutating func readKeyed(_ cart: CartID, for payment: PaymentID?, at now: Now) {
        let book = carts[cart]
        let keyed = book?.money.keyedIntents ?? []
        var check = KeyedCheck(left: Set(keyed.map(\.id)), payment: payment)
        check.isUnreadable = book?.money.hasUnnamedKeyedEntry != false
        keyedChecks[cart] = check
        let isVouched = payment.flatMap { payments[$0]?.record.isVouchedUnkeyed } == true
        for entry in keyed {
            if let secret = book?.secrets[entry.id] {
                readKeyed(secret, of: cart)
            } else if isVouched {
                // It was asked for in vain before, and a backend that makes another may cancel the reader's for it.
                keyedRead(cart, entry.id, nil, at: now)
            } else {
                // Its secret is gone with an earlier life: the backend is asked for it again, and only the same one counts.
                call(
                    .paymentIntent(entry.cart, amount: entry.amount, accountBalance: entry.accountBalance, type: .card),
                    for: .keyedAgain(cart, entry.id), timeout: policy.backendTimeout, payment: payment)
            }
        }
        if keyed.isEmpty { keyedDone(cart, at: now) }
    }

    private mutating func readKeyed(_ secret: BackendIntent, of cart: CartID) {
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .keyedRead(cart, secret.id),
            timeout: policy.stripeTimeout, payment: keyedChecks[cart]?.payment)
    }

    mutating func keyedAgainAnswered(_ cart: CartID, _ wanted: IntentID, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        guard case .success(let intent) = result, intent.id == wanted else { return keyedRead(cart, wanted, nil, at: now) }
        carts[cart]?.secrets[intent.id] = intent
        changeCart(cart) {
            $0.keyedFound(intent.id)
            return []
        }
        readKeyed(intent, of: cart)
    }

    mutating func keyedRead(_ cart: CartID, _ intent: IntentID, _ facts: IntentFacts?, at now: Now) {
        if let facts { intentRead(cart, .success(facts), at: now) }
        guard keyedChecks[cart]?.left.remove(intent) != nil else { return }
        if facts == nil { keyedChecks[cart]?.isUnreadable = true }
        if let failure = facts.flatMap({ CartMachine.keyedRefusal($0.status) }), keyedChecks[cart]?.failure == nil {
            keyedChecks[cart]?.failure = failure
        }
        if keyedChecks[cart]?.left.isEmpty == true { keyedDone(cart, at: now) }
    }

    private mutating func keyedDone(_ cart: CartID, at now: Now) {
        guard let check = keyedChecks.removeValue(forKey: cart) else { return }
        if let payment = check.payment {
            let failure = check.failure(isVouched: payments[payment]?.record.isVouchedUnkeyed == true)
            change(payment, at: now) { $0.keyedRead(failure, at: now) }
        }
        for item in takeParked(cart) {
            if let failure = check.failure(isVouched: item.request.isTechnicians) {
                let code: Refusal.Code = failure.code == .cartPaid ? .cartPaid : .cartBusy
                refuse(item.id, Refusal(code, failure.message, remedy: failure.remedy))
            } else {
                goOn(item.id)
            }
        }
    }

    private mutating func takeParked(_ cart: CartID) -> [Parked] {
        let waiting = parked.filter { $0.reason == .cartCheck(cart) }
        parked.removeAll { $0.reason == .cartCheck(cart) }
        return waiting
    }

    // MARK: Money that is held

    /// The cart is held: whether it is held still is read before a till is told so. False: it cannot be read now.
    mutating func checkHeld(_ id: RequestID, _ request: Request, _ cart: CartID, at now: Now) -> Bool {
        guard let book = carts[cart], let intent = book.money.heldIntent, let secret = book.secrets[intent] else {
            // The backend is asked for it, once a life: the next try can be answered by it.
            changeCart(cart) { $0.wantsSecret(at: now) ?? [] }
            return false
        }
        parked.append(Parked(id: id, request: request, reason: .cartCheck(cart.lock)))
        guard !calls.isAsking(.heldRead(cart.lock)) else { return true }
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .heldRead(cart.lock), timeout: policy.stripeTimeout,
            payment: nil)
        return true
    }

    mutating func heldRead(_ cart: CartID, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        intentRead(cart, result, at: now)
        for item in takeParked(cart) { goOn(item.id) }
    }

    /// Its cart was looked into: it is asked again, with what the journal says now.
    private mutating func goOn(_ request: RequestID) {
        checkedRequests.insert(request)
        out.append(.recall(request))
    }
}

extension Request {
    /// Whose word counts where keyed entry cannot be read.
    fileprivate var isTechnicians: Bool {
        if case .pay(_, _, _, isTechnician: true) = self { return true }
        return false
    }
}
