extension GatewayMachine {
    // MARK: Accepting

    mutating func pay(_ id: RequestID, _ payment: PaymentID, _ request: PaymentRequest, _ recall: Recall, keyedChecked: Bool, at now: Now) {
        if let known = payments[payment]?.record ?? ended[payment] ?? recall.payment {
            guard known.request == request else {
                refuse(
                    id,
                    Refusal(
                        .paymentIDReused, "The payment \(payment.text) exists with another body.",
                        remedy: "Use a new id for a new attempt to be paid; repeat the same body for the same one.", payment: payment))
                return
            }
            if accepting[payment] != nil {
                accepting[payment]?.append((id, false))
            } else {
                answer(id, with: known)
            }
            return
        }
        if let refusal = refusesNewWork(at: now) ?? refusesForLoss { return refuse(id, refusal) }
        let original = Request.pay(payment, request, recall)
        guard listedAt != nil else { return park(id, original, at: now) }
        let reader: ReaderID
        switch resolveReader(request.reader, lane: request.lane) {
        case .success(let found): reader = found
        case .failure(let refusal):
            // The reader may have been registered a moment ago.
            if wantsFreshList(at: now) { return park(id, original, at: now) }
            return refuse(id, refusal)
        }
        if isBeingRemoved(reader) {
            return refuse(
                id,
                Refusal(
                    .readerUnavailable, "The reader is being removed from this location.", remedy: "Use another reader.",
                    readerState: .unregistered))
        }
        remember(request.cart, recalled: recall.cart)
        if let refusal = refusesCart(request, keyedChecked: keyedChecked) { return refuse(id, refusal) }
        if carts[request.cart]?.facts.keyedEntry == true, !keyedChecked {
            return checkKeyedEntry(id, original, request.cart, at: now)
        }
        if let currency = currency(of: request.cart), request.amount.minorUnits(in: currency) == nil {
            return refuse(
                id,
                Refusal(
                    .invalidRequest, "\(request.amount.text) cannot be charged in \(currency.text.uppercasedASCII).", field: "amount"))
        }
        if let trouble = readers[reader]?.isKnownUnusable(at: now.mono), readers[reader]?.holder == nil {
            return refuse(
                id, Refusal(.readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: trouble.kind.state))
        }
        if readers[reader]?.holder != nil, waiting(for: reader) >= policy.maximumWaiting {
            return refuse(
                id,
                Refusal(
                    .queueFull, "\(policy.maximumWaiting) wait for this reader already.", remedy: "Wait, or use another reader."))
        }
        accept(id, payment, request, reader: reader, at: now)
    }

    private mutating func accept(_ id: RequestID, _ payment: PaymentID, _ request: PaymentRequest, reader: ReaderID, at now: Now) {
        open(request.cart, lane: request.lane, reader: reader, at: now)
        let older = carts[request.cart]?.facts.openPayments.first
        let record = PaymentRecord(id: payment, request: request, reader: reader, readerLabel: readers[reader]?.facts.label, at: now.wall)
        payments[payment] = PaymentMachine(record: record, older: older, policy: policy, epoch: nextEpoch(), now: now)
        accepting[payment] = [(id, true)]
        carts[request.cart]?.facts.openPayments.append(payment)
        if carts[request.cart]?.facts.keyedEntry == true { keyedBefore.insert(payment) }
        carts[request.cart]?.facts.keyedEntry = false
        journal(.accepted, record, waiter: .accepted(payment), at: now)
    }

    /// On disk: the answer is given, and only now anything is asked of a reader or the backend for it.
    mutating func accepted(_ payment: PaymentID, at now: Now) {
        guard let machine = payments[payment], let waiting = accepting.removeValue(forKey: payment) else { return }
        keyedBefore.remove(payment)
        for (request, created) in waiting { respond(request, .payment(machine.record, created: created)) }
        if isStopping {
            for request in cancelsWaiting.removeValue(forKey: payment) ?? [] { cancel(request, payment, Recall(), at: now) }
            change(payment, at: now) {
                $0.stopForShutdown(
                    PaymentFailure(code: .agentRestarted, message: "The agent is being stopped; the card was not charged."), at: now)
            }
            return
        }
        if let cancels = cancelsWaiting.removeValue(forKey: payment) {
            for request in cancels { cancel(request, payment, Recall(), at: now) }
            return
        }
        if let facts = carts[machine.record.request.cart]?.facts, refusesPaid(facts) != nil {
            change(payment, at: now) { $0.stopForShutdown(.cartPaidEarlier(by: facts.paidBy ?? facts.held), at: now) }
            return
        }
        guard readers[machine.record.reader] != nil else {
            change(payment, at: now) {
                $0.stopForShutdown(
                    PaymentFailure(
                        code: .readerLost, message: "The reader is not registered at this location any more.", remedy: "Use another reader."
                    ), at: now)
            }
            return
        }
        let reader = machine.record.reader
        var full = false
        changeReader(reader, at: now) { reader, _ in
            var actions: [ReaderMachine.Action] = []
            full = !reader.enqueue(.payment(payment), at: now, actions: &actions)
            return actions
        }
        if full {
            change(payment, at: now) {
                $0.stopForShutdown(PaymentFailure(code: .queueTimeout, message: "Too many payments wait for this reader."), at: now)
            }
        }
    }

    mutating func notAccepted(_ payment: PaymentID, _ trouble: JournalTrouble) {
        guard let machine = payments.removeValue(forKey: payment) else { return }
        carts[machine.record.request.cart]?.facts.openPayments.removeAll { $0 == payment }
        if keyedBefore.remove(payment) != nil { carts[machine.record.request.cart]?.facts.keyedEntry = true }
        let refusal = Refusal(
            .journalUnavailable, "The agent cannot write its journal: \(trouble.detail)",
            remedy: "Free some space on this box's disk, or look at the state directory's permissions; payments go on by themselves.")
        for (request, _) in accepting.removeValue(forKey: payment) ?? [] { refuse(request, refusal) }
        for request in cancelsWaiting.removeValue(forKey: payment) ?? [] { refuse(request, .paymentNotFound(payment)) }
    }

    func refusesNewWork(at now: Now) -> Refusal? {
        if isStopping { return Refusal(.shuttingDown, "The agent is being stopped.", remedy: "Repeat the request in a moment.") }
        if let refused = refusedCredential { return .from(refused) }
        if breaker.refusesNewWork(at: now.mono) {
            return Refusal(
                .backendUnavailable, "The backend has not answered for a while.",
                remedy: "Check the shop's internet connection; it is tried again by itself.")
        }
        return nil
    }

    /// The rules of one cart: one live intent, one payment at a time, and no payment of what is paid.
    private func refusesCart(_ request: PaymentRequest, keyedChecked: Bool) -> Refusal? {
        guard let facts = carts[request.cart]?.facts else { return nil }
        if let refusal = refusesPaid(facts) { return refusal }
        for open in facts.openPayments {
            guard let other = payments[open] else {
                return Refusal(.cartBusy, "The payment \(open.text) of this cart is not known to have ended.", payment: open)
            }
            guard other.isUnresolved else {
                return Refusal(
                    .cartBusy, "The payment \(open.text) of this cart is running.", remedy: "Wait for it, or cancel it.", payment: open)
            }
            let isSame = other.record.request.amount == request.amount
            guard isSame, other.record.request.accountBalance == request.accountBalance else {
                return Refusal(
                    .cartBusy, "What became of the payment \(open.text) of this cart is not known yet, and it was over another amount.",
                    remedy: "Take the same amount again (that is safe), or wait until the earlier payment is resolved.", payment: open)
            }
        }
        if let intent = facts.intent, intent.everConfirmed, !intent.knownNotCharged, facts.openPayments.isEmpty,
            intent.amount != request.amount || intent.accountBalance != request.accountBalance
        {
            return Refusal(
                .cartBusy, "An earlier attempt of this cart was over another amount, and nobody knows for certain that it was not charged.",
                remedy: "Take the same amount as before (that is safe), or make a new cart.")
        }
        if facts.keyedEntry, !request.afterKeyedEntry || isHandingOut(request.cart) {
            return Refusal(
                .cartBusy, "Card details may be being typed in for this cart.",
                remedy: "Close that form unpaid, then repeat with \"after_keyed_entry\": true.")
        }
        return nil
    }

    func refusesPaid(_ facts: CartFacts) -> Refusal? {
        if facts.paid {
            return Refusal(
                .cartPaid, "This cart has been paid.", remedy: "Do not take it again.", payment: facts.paidBy, order: facts.order)
        }
        if let held = facts.held {
            return Refusal(
                .cartHeld, "Money is held for this cart, and its order failed.", remedy: "The back office has to release or complete it.",
                payment: held)
        }
        return nil
    }

    // MARK: Requests about a payment

    mutating func cancel(_ id: RequestID, _ payment: PaymentID, _ recall: Recall, at now: Now) {
        guard let record = payments[payment]?.record ?? ended[payment] ?? recall.payment else {
            return refuse(id, refusesForLoss ?? .paymentNotFound(payment))
        }
        guard payments[payment] != nil, !record.state.isEnd else {
            return refuse(id, Refusal(.alreadyEnded, "The payment \(payment.text) has ended: \(record.state.rawValue).", payment: payment))
        }
        guard accepting[payment] == nil else {
            cancelsWaiting[payment, default: []].append(id)
            return
        }
        change(payment, at: now) { $0.cancel(at: now) }
        if let after = payments[payment]?.record { answer(id, with: after) }
    }

    mutating func resolve(
        _ id: RequestID, _ payment: PaymentID, paid: Bool, order: OrderID?, by: String, note: String, _ recall: Recall, at now: Now
    ) {
        guard let record = payments[payment]?.record ?? ended[payment] ?? recall.payment else {
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
        guard !isConfirming(record.request.cart) else {
            return refuse(
                id,
                Refusal(
                    .cartBusy, "Another attempt of this cart is being charged at this moment.",
                    remedy: "Wait for its outcome, then look again.",
                    payment: payment))
        }
        change(payment, at: now) { $0.resolve(paid: paid, order: order, by: by, note: note, at: now) }
        guard let after = payments[payment]?.record else { return }
        if after.state.isEnd { watch(after, at: now) }
        answer(id, with: after)
    }

    /// Shows a payment; an end only when it is on disk, or cannot get there for now: what was shown as ended must stay so.
    private mutating func answer(_ id: RequestID, with record: PaymentRecord) {
        let isOnItsWay = payments[record.id]?.isEnded ?? (ended[record.id] != nil)
        guard isOnItsWay, outbox.trouble == nil else { return respond(id, .payment(record, created: false)) }
        waitingForEnd[record.id, default: []].append((id, false))
    }

    /// The end is on disk, or could not be written and is shown all the same.
    mutating func endSettled(_ record: PaymentRecord) {
        for (request, created) in waitingForEnd.removeValue(forKey: record.id) ?? [] {
            respond(request, .payment(record, created: created))
        }
    }

    // MARK: Journal

    mutating func journal(
        _ kind: JournalKind, _ record: PaymentRecord, note: String? = nil, waiter: Outbox.Waiter? = nil, at now: Now
    ) {
        outbox.add(
            JournalEntry(kind: kind, at: now.wall, payment: record, cart: carts[record.request.cart]?.facts, note: note), waiter: waiter)
    }
}

extension PaymentMachine {
    /// A confirm is being written or is on its way: what others of the cart are told meanwhile may be of this one's making.
    var isConfirming: Bool {
        switch state {
        case .confirmWriting, .confirming: true
        case .queued, .active, .following, .ended: false
        }
    }

    /// A confirm was sent and its outcome, or the order's, is being found out.
    var isFollowing: Bool {
        if case .following = state { return true }
        return false
    }
}

extension Refusal {
    static func paymentNotFound(_ id: PaymentID) -> Refusal {
        Refusal(.paymentNotFound, "There is no payment \(id.text).", remedy: "Check the id.")
    }
}

extension ReaderTrouble.Kind {
    package var state: ReaderState {
        switch self {
        case .inUseElsewhere: .inUseElsewhere
        case .notListed: .unregistered
        case .notDriveable: .notDriveable
        case .unreachable, .untrusted, .refused, .backend, .stripe, .noCart: .unreachable
        }
    }
}
