extension GatewayMachine {
    // MARK: Carrying out what a payment asks for

    /// Feeds one event to a payment and queues what follows.
    mutating func change(_ id: PaymentID, at now: Now, _ event: (inout PaymentMachine) -> [PaymentMachine.Action]) {
        guard var machine = payments[id] else { return }
        let actions = event(&machine)
        payments[id] = machine
        for action in actions {
            switch action {
            case .owed(let owed): queue.add(.owed(.payment(id, owed)))
            case .begun(let begun): queue.add(.begun(.payment(id, epoch: machine.epoch, begun)))
            }
        }
    }

    mutating func carryOut(_ action: PaymentMachine.Owed, of id: PaymentID, at now: Now) {
        guard let record = payments[id]?.record ?? ended[id] else { return }
        let cart = record.request.cart
        switch action {
        case .write(let kind, let snapshot, let note):
            if kind == .ended { settleCart(snapshot, at: now) }
            journal(kind, snapshot, note: note, at: now)
        case .takeOff(let command): tellReader(command, for: record, timeout: policy.readerTimeout, at: now)
        case .release(let left): changeReader(record.reader, at: now) { reader, _ in reader.release(.payment(id), left: left, at: now) }
        case .intentNotCharged:
            // An earlier attempt on it, of which nothing is known, could be under way still.
            if carts[cart]?.facts.intent?.id == record.intent, otherFollowing(of: record).isEmpty {
                carts[cart]?.facts.intent?.knownNotCharged = true
            }
        case .confirmNotSent:
            _ = outbox.withdraw(.confirming(id))
            carts[cart]?.undoConfirm(of: record.intent)
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

    mutating func carryOut(_ action: PaymentMachine.Begun, of id: PaymentID, at now: Now) {
        guard let record = payments[id]?.record else { return }
        let cart = record.request.cart
        switch action {
        case .awaitSession: changeReader(record.reader, at: now) { reader, _ in reader.awaitSession(.payment(id), at: now) }
        case .prepareIntent: prepareIntent(for: id, at: now)
        case .askBaseline: call(.paymentStatus(cart), for: .baseline(id), timeout: policy.backendTimeout, payment: id)
        case .command(let command):
            let timeout = if case .confirm = command { policy.confirmTimeout } else { policy.readerTimeout }
            tellReader(command, for: record, timeout: timeout, at: now)
        case .writeConfirming(let snapshot):
            let before = carts[cart]?.facts.intent
            carts[cart]?.beforeConfirm = before
            carts[cart]?.facts.intent?.everConfirmed = true
            carts[cart]?.facts.intent?.knownNotCharged = false
            journal(.confirming, snapshot, waiter: .confirming(id), at: now)
        case .askStatus: call(.paymentStatus(cart), for: .status(id), timeout: policy.backendTimeout, payment: id)
        case .readIntent: readEvidence(for: id, at: now)
        case .proveIdle: changeReader(record.reader, at: now) { reader, _ in reader.proveIdleIfFree(at: now) }
        }
    }

    /// A reader that is not known here any more cannot be told anything: that is the answer.
    private mutating func tellReader(_ command: ReaderCommand, for record: PaymentRecord, timeout: Int64, at now: Now) {
        guard readers[record.reader] != nil else {
            let lost = ReaderFailure.unreachable(detail: "the reader is not registered at this location any more")
            return change(record.id, at: now) { $0.answered(command, .failure(lost), at: now) }
        }
        changeReader(record.reader, at: now) { reader, _ in
            reader.command(command, owner: .holder(.payment(record.id)), timeout: timeout, at: now)
        }
    }

    /// The last look before a confirm leaves: nothing that happened since it was decided may speak against it.
    func mayConfirm(_ id: PaymentID) -> Bool {
        guard let machine = payments[id], let facts = carts[machine.record.request.cart]?.facts, refusesPaid(facts) == nil else {
            return false
        }
        return machine.isSendingConfirm && !machine.record.cancelRequested
    }

    /// The cart is paid: what has not been confirmed is taken off the readers and out of the queues.
    mutating func stopUnconfirmed(_ cart: CartID, paidBy payer: PaymentID?, at now: Now) {
        for other in carts[cart]?.facts.openPayments ?? [] where other != payer {
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
}

extension PaymentMachine {
    /// "confirming" is on disk, and the reader's answer is awaited.
    var isSendingConfirm: Bool {
        if case .confirming = state { return true }
        return false
    }
}
