import GatewayModel
import Moments

/// What the parts want done, in the order in which they said it.
///
/// Nothing is done while a part is being changed: what follows is queued, and carried out one after another. So no part is ever changed in the
/// middle of its own change, and what is carried out meets the state that is, not one that was.
struct ActionQueue: Sendable {
    /// Always carried out.
    enum Owed: Sendable {
        case payment(PaymentID, PaymentMachine.Owed)
        case cardSetup(CardSetupID, CardSetupMachine.Owed)
        case reader(ReaderID, ReaderMachine.Owed)
        case keeper(CartID, TokenKeeper.Owed)
        case cart(CartID, CartMachine.Action)
        case registration(RegistrationMachine.Owed)
        /// What the evidence came to is with the payment: it is told that the question is answered, and from when on it can be decided.
        case heard(PaymentID, failed: String??)
        case decides(PaymentID)
        /// A technician's word was judged: who said it is shown what it came to.
        case resolved(RequestID, PaymentID)
        case discovery(Discovery.Action)
    }

    /// Carried out only while the machine of this epoch is there and has not ended.
    enum Begun: Sendable {
        case payment(PaymentID, epoch: UInt64, PaymentMachine.Begun)
        case cardSetup(CardSetupID, epoch: UInt64, CardSetupMachine.Begun)
        case reader(ReaderID, epoch: UInt64, ReaderMachine.Begun)
        case keeper(CartID, TokenKeeper.Begun)
        case registration(RegistrationMachine.Job, RegistrationMachine.Begun)
    }

    enum Item: Sendable {
        case owed(Owed)
        case begun(Begun)
    }

    private var items: [Item] = []
    private var done = 0

    mutating func add(_ item: Item) { items.append(item) }

    mutating func next() -> Item? {
        guard done < items.count else {
            items.removeAll(keepingCapacity: true)
            done = 0
            return nil
        }
        defer { done += 1 }
        return items[done]
    }

    var isEmpty: Bool { done == items.count }
}

extension GatewayMachine {
    /// Carries out what is queued, and what that leads to, until nothing is left.
    mutating func drain(at now: Now) {
        while let item = queue.next() {
            switch item {
            case .owed(let owed): carryOut(owed, at: now)
            case .begun(let begun): carryOut(begun, at: now)
            }
        }
    }

    private mutating func carryOut(_ owed: ActionQueue.Owed, at now: Now) {
        switch owed {
        case .payment(let id, let action): carryOut(action, of: id, at: now)
        case .cardSetup(let id, let action): carryOut(action, of: id, at: now)
        case .reader(let id, let action): carryOut(action, of: id, at: now)
        case .keeper(let cart, let action): carryOut(action, of: cart, at: now)
        case .cart(let cart, let action): carryOut(action, of: cart, at: now)
        case .heard(let id, let failed): change(id, at: now) { $0.statusAnswered(failed: failed, at: now) }
        case .decides(let id): tellDecision(id, at: now)
        case .resolved(let request, let id): resolved(request, id, at: now)
        case .registration(.ended(let result)): registrationEnded(result, at: now)
        case .discovery(let action): carryOut(action, at: now)
        }
    }

    private mutating func carryOut(_ begun: ActionQueue.Begun, at now: Now) {
        switch begun {
        case .payment(let id, let epoch, let action):
            guard let machine = payments[id], machine.epoch == epoch, !machine.isEnded else { return }
            carryOut(action, of: id, at: now)
        case .cardSetup(let id, let epoch, let action):
            guard let machine = cardSetups[id], machine.epoch == epoch, !machine.isEnded else { return }
            carryOut(action, of: id, at: now)
        case .reader(let id, let epoch, let action):
            guard let machine = readers[id], machine.epoch == epoch, machine.wants(action) else { return drop(action, of: id, at: now) }
            carryOut(action, of: id, at: now)
        case .keeper(let cart, .request):
            guard carts[cart]?.keeper.isBusy == true else { return }
            if carts[cart]?.keeper.isClaimed == true { askToken(cart) } else { warmUp(.token, cart, at: now) }
        case .registration(let job, let action):
            guard registrations.current == job else { return }
            carryOut(action, at: now)
        }
    }

    /// What a reader wanted is not wanted any more, or the reader is gone: whoever asked for it is told.
    private mutating func drop(_ action: ReaderMachine.Begun, of id: ReaderID, at now: Now) {
        switch action {
        // A machine that is there has answered already when it let go of the request.
        case .send(_, _, let command, _, _, let owner):
            guard readers[id] == nil else { return }
            queue.add(
                .owed(.reader(id, .answer(owner, command, .failure(.unreachable(detail: "the reader is not registered here any more"))))))
        case .granted, .claimToken, .list, .search: break
        }
    }

    /// A number that no machine has had.
    mutating func nextEpoch() -> UInt64 {
        lastEpoch += 1
        return lastEpoch
    }
}
