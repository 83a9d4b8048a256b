import GatewayModel
import Moments

/// This extension carries out what the parts want done.
extension GatewayMachine {
    /// Carries out what is queued, and what follows from that, until nothing is left.
    mutating func drain(at now: Now) {
        while let item = queue.next() {
            switch consume item {
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
            let isWanted = readers.read(id) { $0.epoch == epoch && $0.wants(action) }
            guard isWanted == true else { return drop(action, of: id, at: now) }
            carryOut(action, of: id, at: now)
        case .keeper(let cart, .request):
            guard carts[cart]?.keeper.isBusy == true else { return }
            if carts[cart]?.keeper.isClaimed == true { askToken(cart) } else { warmUp(.token, cart, at: now) }
        case .registration(let job, let action):
            guard registrations.current == job else { return }
            carryOut(action, at: now)
        }
    }

    /// Drops an action that its reader no longer wants, or whose reader is gone. Its asker is told.
    private mutating func drop(_ action: ReaderMachine.Begun, of id: ReaderID, at now: Now) {
        switch action {
        // A machine that is there has answered already, when it let go of the request.
        case .send(_, _, let command, _, _, let owner):
            guard readers[id] == nil else { return }
            queue.add(
                .owed(.reader(id, .answer(owner, command, .failure(.unreachable(detail: "the reader is not registered here any more"))))))
        case .granted, .claimToken, .list, .search: break
        }
    }
}
