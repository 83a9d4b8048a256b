import GatewayModel
import Moments

extension GatewayMachine {
    // MARK: Accepting

    mutating func pay(
        _ id: RequestID, _ payment: PaymentID, _ request: PaymentRequest, _ recall: Recall, isTechnician: Bool,
        checked: WaitingRequests.Reason?, at now: Now
    ) {
        if let record = payments.acceptance.reserved(payment) {
            guard record.request == request else { return refuse(id, .idReused(payment)) }
            if !payments.acceptance.join(payment, id) { refuse(id, .fateUnknown("payment \(payment.text)")) }
            return
        }
        if let known = payments.record(payment) ?? recall.payment {
            guard known.request == request else { return refuse(id, .idReused(payment)) }
            return answer(id, with: known)
        }
        if let refusal = refusesNewWork(at: now) ?? refusesForLoss { return refuse(id, refusal) }
        let original = Request.pay(payment, request, recall, isTechnician: isTechnician)
        guard lists.hasListed else { return awaitFirstList(id, payment, original, request, recall, at: now) }
        let reader: ReaderID
        switch resolveReader(request.reader, lane: request.lane) {
        case .success(let found): reader = found
        case .failure(let refusal):
            // The reader may have been registered a moment ago.
            if wantsFreshList(at: now) { return park(id, original, at: now) }
            if mayBeSettledByStripe(refusal), parkForStripe(id, original, refusal, cart: request.cart, at: now) { return }
            return refuse(id, refusal)
        }
        if let facts = readers[reader]?.facts, facts.isMissingAtStripe {
            // The device may be registered under another id since the backend was asked.
            if wantsFreshList(at: now) { return park(id, original, at: now) }
            if parkForStripe(id, original, cart: request.cart, at: now) { return }
            return refuse(id, .unregistered(facts))
        }
        if isBeingRemoved(reader) {
            return refuse(
                id,
                Refusal(
                    .readerUnavailable, "The reader is being removed from this location.", remedy: "Use another reader.",
                    readerState: .unregistered))
        }
        remember(request.cart, recalled: recall.cart, at: now)
        if let refusal = refusesCart(request, at: now) {
            let isChecked = checked == .heldCheck(request.cart.lock)
            if !isChecked, mayBeLetGo(refusal, request.cart), checkHeld(id, original, request.cart, at: now) { return }
            return refuse(id, refusal)
        }
        if carts[request.cart]?.facts.keyedEntry == true, checked != .cartCheck(request.cart.lock) {
            return checkKeyedEntry(id, original, request.cart, at: now)
        }
        // The currency of other carts is a hint and refuses nothing. Only this cart's own intent tells its currency.
        if let currency = carts[request.cart]?.facts.intent?.currency, request.amount.minorUnits(in: currency) == nil {
            return refuse(
                id,
                Refusal(
                    .invalidRequest, "\(request.amount.text) cannot be charged in \(currency.text.uppercasedASCII).", field: "amount"))
        }
        if let trouble = readers[reader]?.isKnownUnusable(at: now.mono) {
            return refuse(
                id, Refusal(.readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: trouble.kind.state))
        }
        if readers[reader]?.holder != nil, waitingCount(for: reader) >= policy.maximumWaiting {
            return refuse(
                id,
                Refusal(
                    .queueFull, "\(policy.maximumWaiting) wait for this reader already.", remedy: "Wait, or use another reader."))
        }
        accept(id, payment, request, reader: reader, isVouched: isTechnician && request.afterKeyedEntry, at: now)
    }

    /// Parks a payment until the first list of readers is there. Which reader it is has to wait for that list. The cart's token and its
    /// first intent have not.
    private mutating func awaitFirstList(
        _ id: RequestID, _ payment: PaymentID, _ original: Request, _ request: PaymentRequest, _ recall: Recall, at now: Now
    ) {
        // The backend has just failed, and the payment is refused.
        guard lists.refusal(at: now.mono) == nil else { return park(id, original, at: now) }
        let cart = request.cart
        mention(cart, at: now)
        // What the journal knows of a cart may change until the request goes on. That it knows nothing of one cannot, but through memory.
        if recall.cart == nil, !waiting.isPaymentWaiting(cart) {
            remember(cart, recalled: nil, at: now)
            prepareIntent(CartMachine.Terms(request), for: payment, at: now)
        }
        carts.change(cart) { $0.touchedAt = now.mono }
        changeKeeper(cart, at: now) { $0.prepare(at: now.mono) }
        park(id, original, at: now)
    }

    /// Has the cart's first intent made ahead of the payment. As with all that a payment asks of the backend, the disk is told before.
    private mutating func prepareIntent(_ terms: CartMachine.Terms, for payment: PaymentID, at now: Now) {
        guard let book = carts[terms.cart], book.money.mayHaveIntentAhead else { return }
        outbox.add(
            JournalEntry(
                kind: .cart, at: now.wall, cart: book.facts,
                note: "the cart's intent is asked for: the payment \(payment.text) waits for the list of readers"),
            waiter: .intentAhead(payment, terms))
    }

    mutating func intentAheadWritten(_ payment: PaymentID, _ terms: CartMachine.Terms) {
        // Once the list is there, the payment asks for its intent by itself.
        guard !lists.hasListed else { return }
        changeCart(terms.cart) { $0.wantsIntentAhead(terms, of: payment) }
    }

    private mutating func accept(
        _ id: RequestID, _ payment: PaymentID, _ request: PaymentRequest, reader: ReaderID, isVouched: Bool, at now: Now
    ) {
        open(request.cart, lane: request.lane, reader: reader, pays: true, at: now)
        var record = PaymentRecord(id: payment, request: request, reader: reader, readerLabel: readers[reader]?.facts.label, at: now.wall)
        if isVouched { record.isVouchedUnkeyed = true }
        guard payments.acceptance.reserve(payment, record, for: id) else { return refuse(id, .fateUnknown("payment \(payment.text)")) }
        outbox.add(
            JournalEntry(kind: .accepted, at: now.wall, payment: record, cart: carts[request.cart]?.facts), waiter: .accepted(payment))
    }

    /// Begins a payment that is on disk. It answers the checkout, and only now asks a reader or the backend for anything.
    mutating func accepted(_ payment: PaymentID, at now: Now) {
        switch payments.acceptance.commit(payment) {
        case .inTime(let record, let waiting): begin(record, waiting, at: now)
        case .late(let record): endLate(record, at: now)
        case nil: break
        }
    }

    private mutating func begin(_ record: PaymentRecord, _ waiting: Acceptance<PaymentID, PaymentRecord>.Waiting, at now: Now) {
        let (payment, cart) = (record.id, record.request.cart)
        mention(cart, at: now)
        changeCart(cart) {
            $0.reserve(payment, record.request)
            return []
        }
        payments[payment] = PaymentMachine(record: record, policy: policy, epoch: queue.nextEpoch(), now: now)
        for asker in waiting.askers { respond(asker.request, .payment(record, created: asker.created)) }
        for request in waiting.cancels { cancel(request, payment, Recall(), at: now) }
        if isStopping {
            return change(payment, at: now) {
                $0.stop(
                    PaymentFailure(code: .agentRestarted, message: "The agent is being stopped; the card was not charged."), at: now)
            }
        }
        if let money = carts[cart]?.money, money.refusesPaid != nil {
            let facts = money.facts
            return change(payment, at: now) { $0.stop(.cartPaidEarlier(by: facts.paidBy ?? facts.held), at: now) }
        }
        guard payments[payment]?.isEnded == false else { return }
        guard readers[record.reader] != nil else {
            return change(payment, at: now) {
                $0.stop(
                    PaymentFailure(
                        code: .readerLost, message: "The reader is not registered at this location any more.", remedy: "Use another reader."
                    ), at: now)
            }
        }
        var full = false
        changeReader(record.reader, at: now) { reader, _ in
            var actions: [ReaderMachine.Action] = []
            full = !reader.enqueue(.payment(payment), at: now, actions: &actions)
            return actions
        }
        if full {
            change(payment, at: now) {
                $0.stop(PaymentFailure(code: .queueTimeout, message: "Too many payments wait for this reader."), at: now)
            }
        }
    }

    /// Ends a payment whose row is on disk after all, because every asker was told that it does not run. So no later life takes it up.
    private mutating func endLate(_ late: PaymentRecord, at now: Now) {
        var record = late
        record.state = .failed
        record.money = .notTaken
        record.failure = PaymentFailure(
            code: .journalUnavailable, message: "The disk took too long to keep this payment; it was refused and did not run.",
            remedy: "Nothing was taken. Try again with a new id.")
        record.endedAt = now.wall
        record.updatedAt = now.wall
        record.timeline.append(TimelineEntry(state: .failed, at: now.wall))
        payments.end(record.id, record)
        mention(record.request.cart, at: now)
        journal(.ended, record, note: "its row landed after it had been refused", at: now)
    }

    mutating func notAccepted(_ payment: PaymentID, _ trouble: JournalTrouble, isDecided: Bool) {
        let waiting = isDecided ? payments.acceptance.giveBack(payment) : payments.acceptance.refuse(payment)
        for asker in waiting.askers { refuse(asker.request, .journal(trouble)) }
        for request in waiting.cancels { refuse(request, isDecided ? .paymentNotFound(payment) : .fateUnknown("payment \(payment.text)")) }
    }

    func refusesNewWork(at now: Now) -> Refusal? {
        if isStopping { return Refusal(.shuttingDown, "The agent is being stopped.", remedy: "Repeat the request in a moment.") }
        if outbox.isStuck, let trouble = outbox.trouble { return .journal(trouble) }
        return switch backend.refusesNewWork(at: now.mono) {
        case nil: nil
        case .credential(let failure)?: .from(failure)
        case .silent?:
            Refusal(
                .backendUnavailable, "The backend has not answered for a while.",
                remedy: "Check the shop's internet connection; it is tried again by itself.")
        }
    }

    /// Refuses a payment by the rules of one cart: one live intent, one payment at a time, and no payment of a paid cart.
    private func refusesCart(_ request: PaymentRequest, at now: Now) -> Refusal? {
        let money = carts[request.cart]?.money
        if let refusal = money?.refusesPaid { return refusal }
        if let coming = payments.acceptance.first(where: { $0.request.cart.lock == request.cart.lock }) {
            return Refusal(
                .cartBusy, "The payment \(coming.text) of this cart is about to begin.", remedy: "Wait for it, or cancel it.",
                payment: coming)
        }
        return money?.refuses(request, isUnresolved: { payments[$0]?.isUnresolved == true }, at: now)
    }

    // MARK: Requests about a payment

    mutating func cancel(_ id: RequestID, _ payment: PaymentID, _ recall: Recall, at now: Now) {
        _ = waiting.takeChecked(id)
        // A cancel waits right behind its payment, so that a till that takes its request back does not hear that there is no such payment.
        if let reason = waiting.reason(of: payment) {
            return waiting.park(id, .cancel(payment, recall), for: reason, otherwise: .paymentNotFound(payment))
        }
        if payments.acceptance.reserved(payment) != nil {
            if !payments.acceptance.cancel(payment, id) { refuse(id, .fateUnknown("payment \(payment.text)")) }
            return
        }
        guard let record = payments.record(payment) ?? recall.payment else {
            return refuse(id, refusesForLoss ?? .paymentNotFound(payment))
        }
        guard payments[payment] != nil, !record.state.isEnd else {
            return refuse(id, Refusal(.alreadyEnded, "The payment \(payment.text) has ended: \(record.state.rawValue).", payment: payment))
        }
        change(payment, at: now) { $0.cancel(at: now) }
        if let after = payments[payment]?.record { answer(id, with: after) }
    }

    mutating func resolve(
        _ id: RequestID, _ payment: PaymentID, paid: Bool, order: OrderID?, by: String, note: String, _ recall: Recall, at now: Now
    ) {
        guard let record = payments.record(payment) ?? recall.payment else {
            return refuse(id, refusesForLoss ?? .paymentNotFound(payment))
        }
        guard !record.state.isEnd else {
            return refuse(id, Refusal(.alreadyEnded, "The payment \(payment.text) has ended: \(record.state.rawValue).", payment: payment))
        }
        guard record.state == .unresolved, payments[payment] != nil else {
            return refuse(
                id,
                Refusal(
                    .notUnresolved, "The payment \(payment.text) is \(record.state.rawValue); only an unresolved payment can be resolved.",
                    remedy: "Wait until it ends, or becomes unresolved.", payment: payment))
        }
        let coming = payments.acceptance.first { $0.request.cart.lock == record.request.cart.lock }
        if let running = carts[record.request.cart]?.money.runs(beside: payment) ?? coming {
            return refuse(
                id,
                Refusal(
                    .cartBusy, "The payment \(running.text) of this cart is running: what is said of this one may be of its making.",
                    remedy: "Wait for its outcome, then look again.", payment: running))
        }
        var isHeard = false
        change(payment, at: now) { machine in
            isHeard = machine.resolve(order: order, by: by, note: note)
            return []
        }
        if isHeard { changeCart(record.request.cart) { $0.said(payment, paid: paid, at: now) } }
        queue.add(.owed(.resolved(id, payment)))
    }

    /// Answers a technician whose word the cart's evidence has judged.
    mutating func resolved(_ id: RequestID, _ payment: PaymentID, at now: Now) {
        guard let after = payments.record(payment) else { return }
        if after.state.isEnd { carryOut(resolutions.watch(after, at: now), at: now) }
        answer(id, with: after)
    }

    /// Shows a payment. It shows an end only when that is on disk, or cannot get there for now, because an end that was shown must stay.
    mutating func answer(_ id: RequestID, with record: PaymentRecord) {
        let isOnItsWay = payments.isEnding(record.id)
        guard isOnItsWay, outbox.trouble == nil else { return respond(id, .payment(record, created: false)) }
        payments.waitForEnd(of: record.id, id)
    }

    /// Answers those who wait for an end. The end is on disk, or could not be written and is shown all the same.
    mutating func endSettled(_ record: PaymentRecord) {
        for request in payments.takeWaiting(record.id) { respond(request, .payment(record, created: false)) }
    }

    // MARK: Journal

    mutating func journal(
        _ kind: JournalKind, _ record: PaymentRecord, note: String? = nil, waiter: Outbox.Waiter? = nil, at now: Now
    ) {
        noteWarnings(of: record)
        // The facts of a cart that only memory knows never overwrite the journal's.
        let money = carts[record.request.cart]?.money
        let facts = money?.isRecalled == true ? money?.facts : nil
        outbox.add(JournalEntry(kind: kind, at: now.wall, payment: record, cart: facts, note: note), waiter: waiter)
    }
}

extension Refusal {
    static func unregistered(_ reader: ReaderFacts) -> Refusal {
        let trouble = ReaderTrouble.unregistered(reader)
        return Refusal(.readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: .unregistered)
    }

    static func idReused(_ id: PaymentID) -> Refusal {
        Refusal(
            .paymentIDReused, "The payment \(id.text) exists with another body.",
            remedy: "Use a new id for a new attempt to be paid; repeat the same body for the same one.", payment: id)
    }

    static func paymentNotFound(_ id: PaymentID) -> Refusal {
        Refusal(.paymentNotFound, "There is no payment \(id.text).", remedy: "Check the id.")
    }
}

extension ReaderTrouble.Kind {
    package var state: ReaderState {
        switch self {
        case .inUseElsewhere: .inUseElsewhere
        case .notListed: .unregistered
        case .vendorSDKOnly, .softwareUnsupported: .notDriveable
        case .unreachable, .untrusted, .refused, .backend, .stripe, .noCart: .unreachable
        }
    }
}
