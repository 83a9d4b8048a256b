import GatewayModel
import Moments

extension GatewayMachine {
    // MARK: Carrying out what a payment asks for

    /// Feeds one event to a payment and queues the actions that follow.
    mutating func change(_ id: PaymentID, at now: Now, _ event: (inout PaymentMachine) -> [PaymentMachine.Action]) {
        let outcome = payments.change(id) { (epoch: $0.epoch, actions: event(&$0)) }
        guard let (epoch, actions) = outcome else { return }
        for action in actions {
            switch action {
            case .owed(let owed): queue.add(.owed(.payment(id, owed)))
            case .begun(let begun): queue.add(.begun(.payment(id, epoch: epoch, begun)))
            }
        }
    }

    mutating func carryOut(_ action: PaymentMachine.Owed, of id: PaymentID, at now: Now) {
        guard let record = payments.record(id) else { return }
        let cart = record.request.cart
        switch action {
        case .write(let kind, let snapshot, let note):
            if kind == .ended { settleCart(snapshot, at: now) }
            journal(kind, snapshot, note: note, at: now)
        case .takeOff(let command): tellReader(command, for: record, timeout: policy.readerTimeout, at: now)
        case .release(let left): changeReader(record.reader, at: now) { reader, _ in reader.release(.payment(id), left: left, at: now) }
        case .confirmEnded(let fate):
            changeCart(cart) { $0.answered(id, fate, at: now) }
            queue.add(.owed(.decides(id)))
        case .confirmUndone:
            _ = outbox.withdraw(.confirming(id))
            changeCart(cart) {
                $0.notConfirming(id)
                return []
            }
        case .cancelNoted:
            changeCart(cart) {
                $0.cancelRequested(id)
                return []
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
        case .prepareIntent: changeCart(cart) { $0.wantsIntent(id, at: now) }
        case .askBaseline: call(.paymentStatus(cart), for: .baseline(id), timeout: policy.backendTimeout, payment: id)
        case .command(let command):
            guard case .confirm(_, let intent, let card) = command else {
                return tellReader(command, for: record, timeout: policy.readerTimeout, at: now)
            }
            changeCart(cart) {
                $0.sent(id, intent, on: record.reader, card: card.summary, at: now)
                return []
            }
            tellReader(command, for: record, timeout: policy.confirmTimeout, at: now)
        case .writeConfirming(let snapshot):
            changeCart(cart) {
                if let intent = snapshot.intent { $0.confirming(id, intent, tip: snapshot.tipMinor, at: now) }
                return []
            }
            journal(.confirming, snapshot, waiter: .confirming(id), at: now)
        case .lookOnceMore: lookOnceMore(for: id, at: now)
        case .askStatus: call(.paymentStatus(cart), for: .status(id), timeout: policy.backendTimeout, payment: id)
        case .readIntent: readEvidence(for: id, at: now)
        case .proveIdle:
            // Its entry may be gone from the lists while its device is there.
            let reader = readers[record.reader]?.holder == nil ? device(record.reader) : record.reader
            changeReader(reader, at: now) { reader, _ in reader.proveIdleIfFree(at: now) }
        }
    }

    /// Tells the payment's reader a command. A reader that is no longer known cannot be told anything, and the payment gets that as its
    /// answer.
    private mutating func tellReader(_ command: ReaderCommand, for record: PaymentRecord, timeout: Int64, at now: Now) {
        guard readers[record.reader] != nil else {
            let lost = ReaderFailure.unreachable(detail: "the reader is not registered at this location any more")
            return change(record.id, at: now) { $0.answered(command, .failure(lost), at: now) }
        }
        changeReader(record.reader, at: now) { reader, _ in
            reader.command(command, owner: .holder(.payment(record.id)), timeout: timeout, at: now)
        }
    }

    /// The last check before a confirm leaves. Nothing that happened since the decision may speak against it.
    func mayConfirm(_ id: PaymentID) -> Bool {
        guard let machine = payments[id], let money = carts[machine.record.request.cart]?.money, money.refusesPaid == nil else {
            return false
        }
        return machine.isSendingConfirm && !machine.record.cancelRequested
    }

    /// Applies an end to its cart. The cart's change is written with the end.
    private mutating func settleCart(_ record: PaymentRecord, at now: Now) {
        let cart = record.request.cart
        carts.changeMoney(of: cart) { $0.ended(record, at: now) }
        if record.state == .succeeded { carryOut(resolutions.explained(cart, by: record.id), at: now) }
    }

    private mutating func finish(_ id: PaymentID, _ record: PaymentRecord, at now: Now) {
        payments.end(id, record)
        calls.forget(.payment(id))
        let held = Set(readers.values.compactMap(\.holder))
        carts.forgetFreed { held.contains(.payment($0)) }
        if readers[device(record.reader)]?.holder == .payment(id) || readers[record.reader]?.holder == .payment(id)
            || readers[record.reader]?.isFreeing == true
        {
            carts.isFreeing(record.request.cart, after: id)
        }
        if readers[record.reader]?.holder != .payment(id) { readers.change(record.reader) { $0.leaveQueue(.payment(id)) } }
        changeReader(record.reader, at: now) { reader, _ in reader.release(.payment(id), left: .unknown, at: now) }
        if carts[record.request.cart]?.facts.paid == true { close(record.request.cart, at: now) }
        lookBeside(record)
        tellEnd(record)
    }
}
