import GatewayModel
import Moments

/// The invariants that hold between any two events: how the parts fit together.
///
/// The simulation checks them after every step. Production never does, because a machine that found itself broken could only trap, which
/// helps no till.
extension GatewayMachine {
    /// The first invariant that does not hold, in words; nil when all hold.
    package func broken() -> String? {
        if !queue.isEmpty { return "something that was to be carried out was left in the queue" }
        return brokenPayments() ?? brokenAcceptance() ?? brokenReaders() ?? brokenHolders() ?? brokenCarts() ?? brokenQuestions()
    }

    // MARK: Payments

    private func brokenPayments() -> String? {
        if let words = payments.values.firstAnswer({ broken($0) }) { return words }
        if let id = payments.awaitedInVain { return "somebody waits for the end of \(id), which has none" }
        for holder in calls.followed where !isOpen(holder) { return "the trace of the \(holder.words) is kept for ever" }
        return nil
    }

    @inline(__always) private func broken(_ machine: PaymentMachine) -> String? {
        let id = machine.id
        if machine.isEnded { return "\(id) has ended and is kept as open" }
        if payments.ended(id) != nil { return "\(id) is open and ended" }
        let isHeld = machine.record.authorized && machine.record.state == .unresolved && machine.record.money == .authorized
        if !isHeld, (machine.record.money == .unknown) != machine.isPastConfirming {
            return
                "\(id) says \(machine.record.money.rawValue), and its confirm was \(machine.isPastConfirming ? "" : "not ")journaled"
        }
        let isAtWork: Bool
        switch machine.state {
        case .queued:
            if machine.record.state != .queued { return "\(id) waits in the queue and is shown as \(machine.record.state.rawValue)" }
            isAtWork = false
        case .active, .confirmWriting, .confirming: isAtWork = true
        case .following:
            if machine.record.state != .finishing && machine.record.state != .unresolved {
                return "\(id) is followed and is shown as \(machine.record.state.rawValue)"
            }
            isAtWork = false
        case .ended: return "\(id) is over and is kept as open"
        }
        if machine.record.leased != isAtWork {
            return "\(id) is \(isAtWork ? "" : "not ")at work on its reader, and its row says otherwise"
        }
        guard isAtWork, let isHeld = readers.read(machine.record.reader, { $0.lease.isHeld(by: .payment(id)) }) else { return nil }
        return isHeld ? nil : "\(id) is at work on \(machine.record.reader), whose lease is another's"
    }

    private func isOpen(_ holder: LeaseHolder) -> Bool {
        switch holder {
        case .payment(let id): payments.isOpen(id)
        case .cardSetup(let id): cardSetups.isOpen(id)
        }
    }

    /// Checks that a reserved id has no machine yet. Its row is on the way to the disk, and it does nothing.
    private func brokenAcceptance() -> String? {
        if !payments.acceptance.isEmpty {
            for id in payments.acceptance.ids where payments.isOpen(id) { return "\(id) is open, and its row is still on the way" }
        }
        if !cardSetups.acceptance.isEmpty {
            for id in cardSetups.acceptance.ids where cardSetups.isOpen(id) {
                return "the card set-up \(id) is open, and its row is still on the way"
            }
        }
        if !payments.acceptance.isEmpty || !cardSetups.acceptance.isEmpty, outbox.isEmpty {
            return "something is being accepted, and no row is on the way"
        }
        if let words = cardSetups.values.firstAnswer({ broken($0) }) { return words }
        if let id = cardSetups.awaitedInVain {
            return "somebody waits for the end of the card set-up \(id), which has none"
        }
        return nil
    }

    @inline(__always) private func broken(_ machine: CardSetupMachine) -> String? {
        if machine.isEnded { return "the card set-up \(machine.id) has ended and is kept as open" }
        guard machine.record.leased,
            readers.read(machine.record.reader, { $0.lease.isHeld(by: .cardSetup(machine.id)) }) == false
        else { return nil }
        return "the card set-up \(machine.id) is at work on \(machine.record.reader), whose lease is another's"
    }

    // MARK: Readers

    private func brokenReaders() -> String? {
        readers.values.firstAnswer { broken($0) }
    }

    @inline(__always) private func broken(_ reader: ReaderMachine) -> String? {
        let id = reader.id
        if let holder = reader.holder {
            if !reader.isFreeing, !isOpen(holder) { return "\(id) is held by the \(holder.words), which has ended" }
            if reader.isFreeing, case .payment(let payment) = holder, payments.read(payment, { $0.isFollowing }) == false {
                return "\(id) is being freed from \(payment), which has not left it"
            }
        } else if !reader.lease.waiting.isEmpty {
            return "\(id) is free, and somebody waits for it"
        }
        if !reader.session.state.isAtReader {
            // A request of an ended session may still be on its way, and gets its answer.
            if reader.queue.current?.asked.isOfThisSession == true { return "\(id) is asked something without a session" }
            if reader.queue.hasActivation { return "\(id) is to be activated, and no session is being opened" }
            if !reader.queue.isEmpty { return "something waits to be sent to \(id), which has no session" }
        } else if reader.session.state.isActivating, !reader.queue.isAsking {
            return "\(id) is being activated, and nobody asked it to"
        }
        if reader.isLive, reader.wishes.hasRequests { return "somebody waits for a session of \(id), which has one" }
        if let current = reader.queue.current {
            let isAsked = calls.isAsking(.reader(id, sequence: current.sequence))
            if !isAsked { return "\(id) waits for the answer to a question that was not asked" }
            if case .holder(let holder) = current.asked.owner, !reader.lease.isHeld(by: holder), !reader.isFreeing {
                return "\(id) is asked something for the \(holder.words), which does not hold it"
            }
        }
        return nil
    }

    /// Checks that each holder that wants a reader has exactly one place.
    private func brokenHolders() -> String? {
        payments.values.firstAnswer { machine in
            guard case .queued = machine.state else { return nil }
            let waits = readers.values.count { $0.lease.waiting.contains(.payment(machine.id)) }
            return waits == 1 ? nil : "\(machine.id) is queued, and waits for \(waits) readers"
        }
            ?? readers.values.firstAnswer { reader in
                reader.lease.waiting.first { !isOpen($0) }.map { "the \($0.words) waits for \(reader.id) and has ended" }
            }
    }

    // MARK: Carts

    private func brokenCarts() -> String? {
        carts.values.firstAnswer { broken($0) }
            ?? payments.values.firstAnswer { machine in
                let places = carts.read(machine.record.request.cart) { $0.money.open.count { $0.payment == machine.id } }
                guard let places else { return "the cart of \(machine.id) is not known" }
                return places == 1 ? nil : "\(machine.id) is open, and its cart does not know it"
            }
    }

    @inline(__always) private func broken(_ book: CartBook) -> String? {
        let cart = book.facts.cart
        let confirming = book.money.open.count { payments.read($0.payment) { $0.isConfirming } == true }
        if confirming > 1 { return "two payments of \(cart) are being confirmed" }
        if book.facts.paid, confirming > 0 { return "a payment of \(cart) is being confirmed, and the cart is paid" }
        switch book.money.making {
        case .creating(let number, _)?:
            if !calls.isAsking(.createIntent(cart, number)) { return "an intent of \(cart) is awaited and not asked for" }
        case .reading(let number, _, _, _, _)?:
            if !calls.isAsking(.verifyIntent(cart, number)) { return "an intent of \(cart) is to be read and is not" }
        case nil: break
        }
        if book.configurationAsked, book.configuration == nil, !carts.warmUps.holds(WarmUps.Item(.configuration, cart)),
            !calls.isAsking(.configuration(cart))
        {
            return "the configuration of \(cart) is awaited and not asked for"
        }
        return nil
    }

    // MARK: Questions

    /// Checks that each part that waits for an answer has asked, and that a part waits for each question.
    private func brokenQuestions() -> String? {
        let appends = calls.count { if case .append = $0 { true } else { false } }
        let listings = calls.count { if case .backendReaders = $0 { true } else { false } }
        if appends > 1 { return "two appends are under way" }
        if listings != (lists.isListing ? 1 : 0) {
            return "the list of readers is \(lists.isListing ? "awaited and not asked for" : "asked for by nobody")"
        }
        if !lists.isListing {
            if lists.isAwaited { return "somebody waits for the list of readers, which nobody asked for" }
            if waiting.isAwaited(.readers) {
                return "a request waits for the list of readers, which nobody asked for"
            }
        }
        for reason in waiting.reasons {
            let isLookedInto =
                switch reason {
                case .cartCheck(let cart): waiting.keyed.isLookedInto(cart)
                case .heldCheck(let cart): calls.isAsking(.heldRead(cart))
                case .readers, .stripe: true
                }
            if !isLookedInto { return "a payment waits until its cart was looked into, which nobody does: \(reason)" }
        }
        let forgotten = payments.values.firstAnswer { machine -> PaymentID? in
            guard case .following(let following) = machine.state, following.pursuit.isAsking else { return nil }
            return calls.isAsking(.status(machine.id)) ? nil : machine.id
        }
        if let forgotten { return "\(forgotten) waits for the backend's word, which nobody asked for" }
        for id in resolutions.asking where !calls.isAsking(.resolution(id)) {
            return "the resolution of \(id) waits for the backend's word, which nobody asked for"
        }
        for (id, named) in readers.screens.waiting {
            guard let reader = readers[named] else { return "the request \(id.value) waits for a reader that is gone" }
            let isThere =
                reader.wishes.contains(id) || reader.queue.serves(.request(id))
            if !isThere { return "the request \(id.value) waits for \(named), which does not know of it" }
        }
        return nil
    }
}

extension GatewayMachine {
    /// What is still under way when nothing should be, in words; nil when nothing is. It serves the end of a simulated world.
    package func underWay() -> String? {
        for reader in readers.values {
            if let holder = reader.holder { return "\(reader.id) is still the \(holder.words)'s" }
            if reader.wishes.hasRequests { return "somebody still waits for a session of \(reader.id)" }
        }
        if let id = payments.ids.first { return "\(id) is open" }
        if let id = cardSetups.ids.first { return "the card set-up \(id) is open" }
        let left: [(what: String, count: Int)] = [
            ("payments being accepted", payments.acceptance.ids.count), ("ends that are not on disk", payments.endedCount),
            ("requests that wait for an end", payments.waitingCount),
            ("card set-ups being accepted", cardSetups.acceptance.ids.count),
            ("ends of card set-ups that are not on disk", cardSetups.endedCount),
            ("requests that wait for the end of a card set-up", cardSetups.waitingCount), ("requests that wait", waiting.count),
            ("keyed entries being handed out", waiting.keyed.askedCount),
            ("looks into keyed entry", waiting.keyed.lookCount), ("requests that wait for the list of readers", lists.waitingCount),
            ("requests that wait for a session", readers.screens.waiting.count), ("traces", calls.followed.count),
            ("warm-ups", carts.warmUps.isEmpty ? 0 : 1),
            ("changes of readers", registrations.count), ("discoveries", discovery.followed),
            ("rows to be written", outbox.isEmpty ? 0 : 1),
        ]
        return left.first { $0.count > 0 }.map { "\($0.what) are left: \($0.count)" }
    }
}
