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
        payments[payment] = PaymentMachine(record: record, older: older, policy: policy, now: now)
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
        if let after = payments[payment]?.record ?? ended[payment] { answer(id, with: after) }
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
        if let resolved = ended[payment] { watch(resolved, at: now) }
        if let after = payments[payment]?.record ?? ended[payment] { answer(id, with: after) }
    }

    /// Shows a payment; an end only when it is on disk, or cannot get there for now: what was shown as ended must stay so.
    private mutating func answer(_ id: RequestID, with record: PaymentRecord) {
        guard ended[record.id] != nil, outbox.trouble == nil else {
            return respond(id, .payment(record, created: false))
        }
        waitingForEnd[record.id, default: []].append((id, false))
    }

    /// The end is on disk, or could not be written and is shown all the same.
    mutating func endSettled(_ record: PaymentRecord) {
        for (request, created) in waitingForEnd.removeValue(forKey: record.id) ?? [] {
            respond(request, .payment(record, created: created))
        }
    }

    // MARK: Carrying out what a payment asks for

    /// Feeds one event to a payment and carries out what follows.
    mutating func change(_ id: PaymentID, at now: Now, _ event: (inout PaymentMachine) -> [PaymentMachine.Action]) {
        guard var machine = payments[id] else { return }
        let actions = event(&machine)
        payments[id] = machine
        for action in actions { carryOut(action, of: id, at: now) }
    }

    private mutating func carryOut(_ action: PaymentMachine.Action, of id: PaymentID, at now: Now) {
        guard let record = payments[id]?.record ?? ended[id] else { return }
        let cart = record.request.cart
        switch action {
        case .awaitSession: changeReader(record.reader, at: now) { reader, _ in reader.awaitSession(.payment(id), at: now) }
        case .prepareIntent: prepareIntent(for: id, at: now)
        case .askBaseline:
            call(.paymentStatus(cart), for: .baseline(id), timeout: policy.backendTimeout, payment: id)
        case .command(let command):
            let timeout = if case .confirm = command { policy.confirmTimeout } else { policy.readerTimeout }
            changeReader(record.reader, at: now) { reader, _ in reader.command(command, owner: .holder(.payment(id)), timeout: timeout) }
        case .write(let kind, let snapshot, let note):
            if kind == .ended { settleCart(snapshot, at: now) }
            journal(kind, snapshot, note: note, at: now)
        case .writeConfirming(let snapshot):
            let before = carts[cart]?.facts.intent
            carts[cart]?.beforeConfirm = before
            carts[cart]?.facts.intent?.everConfirmed = true
            carts[cart]?.facts.intent?.knownNotCharged = false
            journal(.confirming, snapshot, waiter: .confirming(id), at: now)
        case .askStatus: call(.paymentStatus(cart), for: .status(id), timeout: policy.backendTimeout, payment: id)
        case .readIntent: readEvidence(for: id, at: now)
        case .release(let left): changeReader(record.reader, at: now) { reader, _ in reader.release(.payment(id), left: left, at: now) }
        case .proveIdle: changeReader(record.reader, at: now) { reader, _ in reader.proveIdleIfFree(at: now) }
        case .intentNotCharged:
            // An earlier attempt on it, of which nothing is known, could be under way still.
            if carts[cart]?.facts.intent?.id == record.intent, otherFollowing(of: record).isEmpty {
                carts[cart]?.facts.intent?.knownNotCharged = true
            }
        case .confirmNotSent: carts[cart]?.undoConfirm(of: record.intent)
        case .intentGone:
            // What was confirmed on it is remembered: the backend may have yet to hear of it.
            if let gone = carts[cart]?.facts.intent, gone.id == record.intent {
                if gone.everConfirmed { carts[cart]?.facts.replaced.append(gone.id) }
                carts[cart]?.facts.intent = nil
            }
        case .tookMoney:
            supersedeOthers(than: record, at: now)
            stopUnconfirmed(cart, paidBy: id, at: now)
        case .alreadyCharged(let proven):
            if let older = otherFollowing(of: record).first {
                change(older, at: now) { proven ? $0.foundCharged(at: now) : $0.askNow(at: now) }
            }
        case .sawIntent(let status):
            for other in otherFollowing(of: record) where payments[other]?.record.intent == record.intent {
                change(other, at: now) { $0.intent(.status(status), askedAt: now.mono, at: now) }
            }
        case .ended: finish(id, record, at: now)
        case .alarm(let words): log(.error, words, .payment(id))
        }
    }

    /// The cart is paid: what has not been confirmed is taken off the readers and out of the queues.
    mutating func stopUnconfirmed(_ cart: CartID, paidBy payer: PaymentID?, at now: Now) {
        for other in carts[cart]?.facts.openPayments ?? [] where other != payer && accepting[other] == nil {
            change(other, at: now) { $0.stopForShutdown(.cartPaidEarlier(by: payer), at: now) }
        }
    }

    private mutating func supersedeOthers(than record: PaymentRecord, at now: Now) {
        for other in otherFollowing(of: record) { change(other, at: now) { $0.superseded(by: record.id, at: now) } }
    }

    /// Payments of the same cart whose outcome is being found out, oldest first.
    private func otherFollowing(of record: PaymentRecord) -> [PaymentID] {
        (carts[record.request.cart]?.facts.openPayments ?? []).filter { other in
            guard other != record.id, let machine = payments[other] else { return false }
            return machine.isFollowing
        }
    }

    /// What an end means for its cart; it is written with the end.
    private mutating func settleCart(_ record: PaymentRecord, at now: Now) {
        let cart = record.request.cart
        carts[cart]?.facts.openPayments.removeAll { $0 == record.id }
        switch (record.state, record.money) {
        case (.succeeded, _):
            carts[cart]?.facts.paid = true
            carts[cart]?.facts.paidBy = record.id
            carts[cart]?.facts.order = record.order
            explainResolutions(of: cart, by: record, at: now)
        case (_, .authorized): carts[cart]?.facts.held = record.id
        default: break
        }
    }

    private mutating func finish(_ id: PaymentID, _ record: PaymentRecord, at now: Now) {
        ended[id] = record
        payments[id] = nil
        traces[.payment(id)] = nil
        freeingCarts = freeingCarts.filter { entry in readers.values.contains { $0.holder == .payment(entry.key) } }
        if readers[record.reader]?.holder == .payment(id) || readers[record.reader]?.isFreeing == true {
            freeingCarts[id] = record.request.cart
        }
        if readers[record.reader]?.holder != .payment(id) { readers[record.reader]?.leaveQueue(.payment(id)) }
        changeReader(record.reader, at: now) { reader, _ in reader.release(.payment(id), left: .unknown, at: now) }
        if record.state == .succeeded { supersedeOthers(than: record, at: now) }
        if record.money != .notTaken { stopUnconfirmed(record.request.cart, paidBy: id, at: now) }
        if carts[record.request.cart]?.facts.paid == true { close(record.request.cart, at: now) }
        log(.notice, "payment ended: \(record.state.rawValue), money \(record.money.rawValue)", .payment(id))
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
