import GatewayModel
import Moments

/// Keyed entry: an intent for a card that is typed in, and what the agent has to know of it before it charges another card.
extension GatewayMachine {
    mutating func keyedIntent(
        _ id: RequestID, _ terms: CartMachine.Terms, _ recall: Recall, checked: WaitingRequests.Reason?, at now: Now
    ) {
        let cart = terms.cart
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        if let refused = backend.refusedCredential { return refuse(id, .from(refused)) }
        if let refusal = refusesForLoss { return refuse(id, refusal) }
        remember(cart, recalled: recall.cart, at: now)
        let isRead = checked == .cartCheck(cart.lock)
        let original = Request.keyedIntent(cart, amount: terms.amount, accountBalance: terms.accountBalance, recall)
        if let refusal = carts[cart]?.money.refusesKeyed(isRead: isRead, at: now) {
            if checked != .heldCheck(cart.lock), mayBeLetGo(refusal, cart), checkHeld(id, original, cart, at: now) { return }
            return refuse(id, refusal)
        }
        if waiting.isPaymentChecked(cart) || payments.acceptance.first(where: { $0.request.cart.lock == cart.lock }) != nil {
            return refuse(
                id,
                Refusal(.cartBusy, "A reader payment of this cart is about to begin.", remedy: "Wait until it has ended, or cancel it."))
        }
        carts.change(cart) { $0.touchedAt = now.mono }
        // A second form is a second way to be charged, so the agent first reads what was typed into the first one.
        if carts[cart]?.money.hasKeyedToRead == true, !isRead {
            return checkKeyedEntry(id, original, cart, at: now)
        }
        waiting.keyed.asked(id, terms)
        changeCart(cart) {
            $0.keyedWanted()
            return []
        }
        outbox.add(
            JournalEntry(kind: .keyedEntry, at: now.wall, cart: carts[cart]?.facts, note: "an intent for keyed entry is handed out"),
            waiter: .keyedEntry(id, cart))
    }

    mutating func keyedEntryWritten(_ id: RequestID, _ cart: CartID) {
        guard let terms = waiting.keyed.terms(id) else { return }
        call(
            .paymentIntent(terms.cart, amount: terms.amount, accountBalance: terms.accountBalance, type: .card),
            for: .keyedIntent(id, cart), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func keyedEntryNotWritten(_ id: RequestID, _ cart: CartID, _ trouble: JournalTrouble) {
        _ = waiting.keyed.take(id)
        changeCart(cart) { $0.keyedNotHandedOut() }
        refuse(id, .journal(trouble))
    }

    /// Takes the backend's intent for keyed entry. The client secret goes to the checkout once the intent's name is on disk, so that the
    /// journal tells after a restart what may have been typed in. Without an intent, no form was opened.
    mutating func keyedIntentAnswered(_ id: RequestID, _ cart: CartID, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        guard let terms = waiting.keyed.take(id) else { return }
        switch result {
        case .success(let intent):
            refuseParked(cart)
            carts.change(cart) { $0.secrets[intent.id] = intent }
            changeCart(cart) {
                $0.keyedHandedOut(.init(id: intent.id, cart: terms.cart, amount: terms.amount, accountBalance: terms.accountBalance))
                return []
            }
            outbox.add(
                JournalEntry(kind: .cart, at: now.wall, cart: carts[cart]?.facts, note: "an intent for keyed entry was handed out"),
                waiter: .keyedGiven(id, cart, intent))
        case .failure(let failure):
            changeCart(cart) { $0.keyedNotHandedOut() }
            refuse(id, .from(failure))
        }
    }

    /// Answers the till. From now on the form can be open, and a till can say that it is closed. A till that said so earlier cannot have
    /// meant this form.
    mutating func keyedAnswered(_ id: RequestID, _ cart: CartID, _ outcome: Result<BackendIntent, Refusal>) {
        changeCart(cart) {
            $0.keyedAnswered()
            return []
        }
        switch outcome {
        case .success(let intent): respond(id, .intent(intent))
        case .failure(let refusal): refuse(id, refusal)
        }
    }

    /// Refuses the parked payments of a cart whose form is about to open. They came before it and cannot have seen it closed.
    private mutating func refuseParked(_ cart: CartID) {
        for item in waiting.takePayments(of: cart) { refuse(item.id, .keyedFormOpen) }
    }

    // MARK: Checks

    /// Checks keyed entry for a reader payment or a second form. Either may go on only when the cart is not paid and no typed-in card is
    /// being charged.
    mutating func checkKeyedEntry(_ id: RequestID, _ request: Request, _ cart: CartID, at now: Now) {
        waiting.park(id, request, for: .cartCheck(cart.lock))
        guard waiting.keyed.beginLook(cart.lock) else { return }
        call(.paymentStatus(carts[cart]?.written ?? cart), for: .keyedCheck(cart.lock), timeout: policy.backendTimeout, payment: nil)
    }

    /// Takes the backend's word on the cart, which comes first. Then the agent reads each of the intents.
    mutating func keyedStatusAnswered(_ cart: CartID, _ result: Result<CartStatus, CallFailure>, at now: Now) {
        switch result {
        case .success(.submitted(let order)):
            cartDecided(cart, .submitted(order: order), at: now)
            _ = waiting.keyed.takeLook(cart)
            for item in waiting.take(.cartCheck(cart)) {
                let paid = Refusal(.cartPaid, "This cart has been paid.", remedy: "Do not take it again.", order: order)
                refuse(item.id, item.otherwise ?? paid)
            }
        case .success: readKeyed(cart, for: nil, at: now)
        case .failure(let failure):
            _ = waiting.keyed.takeLook(cart)
            for item in waiting.take(.cartCheck(cart)) { refuse(item.id, item.otherwise ?? .from(failure)) }
        }
    }

    /// Checks keyed entry right before a payment's card is charged.
    mutating func lookOnceMore(for payment: PaymentID, at now: Now) {
        guard let cart = payments[payment]?.record.request.cart else { return }
        readKeyed(cart.lock, for: payment, at: now)
    }

    private mutating func readKeyed(_ cart: CartID, for payment: PaymentID?, at now: Now) {
        let book = carts[cart]
        let entries = book?.money.keyedIntents ?? []
        let own = payment.flatMap { sharedIntent(of: $0, in: book) }
        let lost = entries.filter { book?.secrets[$0.id] == nil }
        let isVouched = payment.flatMap { payments[$0]?.record.isVouchedUnkeyed } == true
        waiting.keyed.reads(
            cart, entries.map(\.id) + (own.map { [$0.id] } ?? []), lost: isVouched ? [] : lost, for: payment,
            isUnreadable: book?.money.hasUnnamedKeyedEntry != false)
        if let own { readKeyed(own, of: cart) }
        for entry in entries {
            if let secret = book?.secrets[entry.id] { readKeyed(secret, of: cart) }
        }
        // The agent has asked for them in vain, and a backend that makes another intent may cancel the reader's for it.
        if isVouched { for entry in lost { keyedRead(cart, entry.id, nil, at: now) } }
        askForLost(cart)
        if entries.isEmpty, own == nil { keyedDone(cart, at: now) }
    }

    /// Asks the backend again for an intent whose secret is gone with an earlier life.
    ///
    /// A cart may have many of them, and there is one question about it at a time: a backend that takes up only the newest question about a
    /// cart leaves the others without an answer, and that silence would stop all sales.
    private mutating func askForLost(_ cart: CartID) {
        guard let entry = waiting.keyed.nextLost(of: cart) else { return }
        let asked = calls.count { if case .keyedAgain(cart, _) = $0 { true } else { false } }
        guard asked == 0 else { return }
        call(
            .paymentIntent(entry.cart, amount: entry.amount, accountBalance: entry.accountBalance, type: .card),
            for: .keyedAgain(cart, entry.id), timeout: policy.backendTimeout, payment: waiting.keyed.payment(of: cart))
    }

    /// The cart's own intent, where an earlier attempt may still be at work on it and the agent can read it.
    private func sharedIntent(of payment: PaymentID, in book: CartBook?) -> BackendIntent? {
        guard let book, book.money.isFollowed(beside: payment), let id = book.facts.intent?.id,
            !book.money.keyedIntents.contains(where: { $0.id == id })
        else { return nil }
        return book.secrets[id]
    }

    private mutating func readKeyed(_ secret: BackendIntent, of cart: CartID) {
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .keyedRead(cart, secret.id),
            timeout: policy.stripeTimeout, payment: waiting.keyed.payment(of: cart))
    }

    mutating func keyedAgainAnswered(_ cart: CartID, _ wanted: IntentID, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        let (found, givenUp) = waiting.keyed.answered(wanted, of: cart, result)
        // Only an intent that was handed out counts.
        if let intent = found {
            carts.change(cart) { $0.secrets[intent.id] = intent }
            changeCart(cart) {
                $0.keyedFound(intent.id)
                return []
            }
            readKeyed(intent, of: cart)
        }
        for intent in givenUp { keyedRead(cart, intent, nil, at: now) }
        askForLost(cart)
    }

    mutating func keyedRead(_ cart: CartID, _ intent: IntentID, _ facts: IntentFacts?, at now: Now) {
        if let facts { intentRead(cart, .success(facts), at: now) }
        // The evidence tells what an earlier attempt does with the cart's own intent, and Stripe refuses a second confirm meanwhile.
        let isKeyed = carts[cart]?.money.keyedIntents.contains { $0.id == intent } != false
        let isLast = isKeyed ? waiting.keyed.read(cart, intent, facts?.status) : waiting.keyed.readOwn(cart, intent)
        if isLast { keyedDone(cart, at: now) }
    }

    private mutating func keyedDone(_ cart: CartID, at now: Now) {
        guard let look = waiting.keyed.takeLook(cart) else { return }
        if let payment = look.payment {
            let failure = look.failure(isVouched: payments[payment]?.record.isVouchedUnkeyed == true)
            change(payment, at: now) { $0.keyedRead(failure, at: now) }
        }
        for item in waiting.take(.cartCheck(cart)) {
            if let failure = look.failure(isVouched: item.request.isTechnicians) {
                let code: Refusal.Code = failure.code == .cartPaid ? .cartPaid : .cartBusy
                let remedy = look.isUnreadable(item.request) ? CartMachine.secondFormRemedy : failure.remedy
                refuse(item.id, item.otherwise ?? Refusal(code, failure.message, remedy: remedy))
            } else {
                goOn(item)
            }
        }
    }

    // MARK: Money that is held

    /// Whether the money that refuses a cart may have been let go meanwhile: it is held, or none of the payments has charged it.
    func mayBeLetGo(_ refusal: Refusal, _ cart: CartID) -> Bool {
        refusal.code == .cartHeld || carts[cart]?.money.isPaidBySomebodyElse == true
    }

    /// Reads whether the money of a held cart is still held, before the agent tells a till so. Returns false when it cannot be read now.
    mutating func checkHeld(_ id: RequestID, _ request: Request, _ cart: CartID, at now: Now) -> Bool {
        guard let book = carts[cart], let intent = book.money.heldIntent, let secret = book.secrets[intent] else {
            // The agent asks the backend for the intent once a life, so that the next try can have an answer.
            changeCart(cart) { $0.wantsSecret(at: now) ?? [] }
            return false
        }
        waiting.park(id, request, for: .heldCheck(cart.lock))
        guard !calls.isAsking(.heldRead(cart.lock)) else { return true }
        call(
            .readIntent(secret.id, secret.publishableKey, secret.clientSecret), for: .heldRead(cart.lock), timeout: policy.stripeTimeout,
            payment: nil)
        return true
    }

    mutating func heldRead(_ cart: CartID, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        intentRead(cart, result, at: now)
        for item in waiting.take(.heldCheck(cart)) { goOn(item) }
    }

    /// Asks for a request again after the check of its cart, with what the journal says now.
    private mutating func goOn(_ item: WaitingRequests.Item) {
        waiting.wasChecked(item.id, for: item.reason)
        queue.emit(.recall(item.id))
    }
}

extension Request {
    /// Whether a technician makes the request, whose word counts where keyed entry cannot be read.
    fileprivate var isTechnicians: Bool {
        if case .pay(_, _, _, isTechnician: true) = self { return true }
        return false
    }
}
