import GatewayModel
import Moments

extension GatewayMachine {
    // MARK: Requests

    mutating func keepCard(_ id: RequestID, _ setup: CardSetupID, _ request: CardSetupRequest, _ recall: Recall, at now: Now) {
        if let record = cardSetups.acceptance.reserved(setup) {
            guard record.request == request else { return refuse(id, .idReused(setup)) }
            if !cardSetups.acceptance.join(setup, id) { refuse(id, .fateUnknown("card set-up \(setup.text)")) }
            return
        }
        if let known = cardSetups.record(setup) ?? recall.cardSetup {
            guard known.request == request else { return refuse(id, .idReused(setup)) }
            return answer(id, with: known)
        }
        // Without the journal the agent knows neither what this id was used for nor who held a reader.
        if let refusal = refusesNewWork(at: now) ?? refusesForLoss { return refuse(id, refusal) }
        let original = Request.keepCard(setup, request, recall)
        guard lists.hasListed else { return park(id, original, at: now) }
        let reader: ReaderID
        switch resolveReader(request.reader, lane: request.lane) {
        case .success(let found): reader = found
        case .failure(let refusal):
            if wantsFreshList(at: now) { return park(id, original, at: now) }
            if mayBeSettledByStripe(refusal), parkForStripe(id, original, refusal, cart: nil, at: now) { return }
            return refuse(id, refusal)
        }
        guard let machine = readers[reader] else {
            return refuse(
                id,
                Refusal(
                    .readerNotFound, "The reader \(reader.text) is listed no more.",
                    remedy: "See which readers there are: readerctl readers"))
        }
        if machine.facts.isMissingAtStripe {
            if wantsFreshList(at: now) { return park(id, original, at: now) }
            if parkForStripe(id, original, cart: nil, at: now) { return }
            return refuse(id, .unregistered(machine.facts))
        }
        if let trouble = machine.isKnownUnusable(at: now.mono) {
            return refuse(id, Refusal(.readerUnavailable, trouble.message, remedy: trouble.remedy, readerState: trouble.kind.state))
        }
        if !machine.isLive, cartForToken(of: reader) == nil {
            return refuse(
                id,
                Refusal(
                    .noCart,
                    "The reader has no live session, and opening one needs a connection token, which the backend gives for a cart only.",
                    remedy:
                        "Set maintenance_cart in readerd.toml to a cart that stays open, and cards are kept at any time. Or open any cart "
                        + "for the reader now (sudo readerctl carts open CART): its session lives on, and serves until the reader or readerd restarts."
                ))
        }
        if machine.holder != nil, waitingCount(for: reader) >= policy.maximumWaiting {
            return refuse(
                id, Refusal(.queueFull, "\(policy.maximumWaiting) wait for this reader already.", remedy: "Wait, or use another reader."))
        }
        let record = CardSetupRecord(id: setup, request: request, reader: reader, readerLabel: machine.facts.label, at: now.wall)
        guard cardSetups.acceptance.reserve(setup, record, for: id) else { return refuse(id, .fateUnknown("card set-up \(setup.text)")) }
        journal(record, waiter: .cardSetupAccepted(setup), at: now)
    }

    mutating func cancelCardSetup(_ id: RequestID, _ setup: CardSetupID, _ recall: Recall, at now: Now) {
        if let reason = waiting.reason(of: setup) {
            return waiting.park(id, .cancelCardSetup(setup, recall), for: reason, otherwise: .cardSetupNotFound(setup))
        }
        if cardSetups.acceptance.reserved(setup) != nil {
            if !cardSetups.acceptance.cancel(setup, id) { refuse(id, .fateUnknown("card set-up \(setup.text)")) }
            return
        }
        guard let record = cardSetups.record(setup) ?? recall.cardSetup else {
            return refuse(id, refusesForLoss ?? .cardSetupNotFound(setup))
        }
        guard cardSetups[setup] != nil, !record.state.isEnd else {
            return refuse(id, Refusal(.alreadyEnded, "The card set-up \(setup.text) has ended: \(record.state.rawValue)."))
        }
        change(setup, at: now) { $0.cancel(at: now) }
        if let after = cardSetups[setup]?.record { answer(id, with: after) }
    }

    /// How many holders wait for a reader, or are about to.
    func waitingCount(for reader: ReaderID) -> Int {
        (readers[reader]?.waitingCount ?? 0) + payments.acceptance.count { $0.reader == reader }
            + cardSetups.acceptance.count { $0.reader == reader }
    }

    /// Shows a set-up. It shows an end only when that is on disk, or cannot get there for now.
    private mutating func answer(_ id: RequestID, with record: CardSetupRecord) {
        let isOnItsWay = cardSetups.isEnding(record.id)
        guard isOnItsWay, outbox.trouble == nil else { return respond(id, .cardSetup(record, created: false)) }
        cardSetups.waitForEnd(of: record.id, id)
    }

    // MARK: Journal

    private mutating func journal(_ record: CardSetupRecord, note: String? = nil, waiter: Outbox.Waiter? = nil, at now: Now) {
        outbox.add(JournalEntry(kind: .cardSetup, at: now.wall, cardSetup: record, note: note), waiter: waiter)
    }

    /// Begins a set-up that is on disk. It answers the checkout, and only now asks a reader or the backend for anything.
    mutating func cardSetupAccepted(_ setup: CardSetupID, at now: Now) {
        switch cardSetups.acceptance.commit(setup) {
        case .inTime(let record, let waiting): begin(record, waiting, at: now)
        case .late(let record): endLate(record, at: now)
        case nil: break
        }
    }

    private mutating func begin(_ record: CardSetupRecord, _ waiting: Acceptance<CardSetupID, CardSetupRecord>.Waiting, at now: Now) {
        let setup = record.id
        cardSetups[setup] = CardSetupMachine(record: record, policy: policy, epoch: queue.nextEpoch(), now: now)
        for asker in waiting.askers { respond(asker.request, .cardSetup(record, created: asker.created)) }
        for request in waiting.cancels { cancelCardSetup(request, setup, Recall(), at: now) }
        guard cardSetups[setup]?.isEnded == false else { return }
        if isStopping { return change(setup, at: now) { $0.stopForShutdown(at: now) } }
        guard readers[record.reader] != nil else {
            return change(setup, at: now) {
                $0.fail(
                    PaymentFailure(
                        code: .readerLost, message: "The reader is not registered at this location any more.", remedy: "Use another reader."
                    ),
                    at: now)
            }
        }
        var full = false
        changeReader(record.reader, at: now) { reader, _ in
            var actions: [ReaderMachine.Action] = []
            full = !reader.enqueue(.cardSetup(setup), at: now, actions: &actions)
            return actions
        }
        if full {
            change(setup, at: now) { $0.fail(PaymentFailure(code: .queueTimeout, message: "Too many wait for this reader."), at: now) }
        }
    }

    /// Ends a set-up whose row is on disk after all, because every asker was told that it does not run.
    private mutating func endLate(_ late: CardSetupRecord, at now: Now) {
        var record = late
        record.state = .failed
        record.failure = PaymentFailure(
            code: .journalUnavailable, message: "The disk took too long to keep this card set-up; it was refused and did not run.",
            remedy: "Nothing was kept. Try again with a new id.")
        record.endedAt = now.wall
        record.updatedAt = now.wall
        record.timeline.append(TimelineEntry(state: .failed, at: now.wall))
        cardSetups.end(record.id, record)
        journal(record, note: "its row landed after it had been refused", at: now)
    }

    mutating func cardSetupNotAccepted(_ setup: CardSetupID, _ trouble: JournalTrouble, isDecided: Bool) {
        let waiting = isDecided ? cardSetups.acceptance.giveBack(setup) : cardSetups.acceptance.refuse(setup)
        for asker in waiting.askers { refuse(asker.request, .journal(trouble)) }
        for request in waiting.cancels {
            refuse(request, isDecided ? .cardSetupNotFound(setup) : .fateUnknown("card set-up \(setup.text)"))
        }
    }

    /// Answers those who wait for an end. The end is on disk, or could not be written and is shown all the same.
    mutating func cardEndSettled(_ record: CardSetupRecord) {
        for request in cardSetups.takeWaiting(record.id) { respond(request, .cardSetup(record, created: false)) }
    }

    // MARK: Carrying out what a set-up asks for

    /// Feeds one event to a set-up and queues the actions that follow.
    mutating func change(_ id: CardSetupID, at now: Now, _ event: (inout CardSetupMachine) -> [CardSetupMachine.Action]) {
        let outcome = cardSetups.change(id) { (epoch: $0.epoch, actions: event(&$0)) }
        guard let (epoch, actions) = outcome else { return }
        for action in actions {
            switch action {
            case .owed(let owed): queue.add(.owed(.cardSetup(id, owed)))
            case .begun(let begun): queue.add(.begun(.cardSetup(id, epoch: epoch, begun)))
            }
        }
    }

    mutating func carryOut(_ action: CardSetupMachine.Owed, of id: CardSetupID, at now: Now) {
        guard let record = cardSetups.record(id) else { return }
        switch action {
        case .write(let snapshot, let note): journal(snapshot, note: note, at: now)
        case .takeOff(let command): tellReader(command, for: record, timeout: policy.readerTimeout, at: now)
        case .release(let left): changeReader(record.reader, at: now) { reader, _ in reader.release(.cardSetup(id), left: left, at: now) }
        case .ended:
            cardSetups.end(id, record)
            calls.forget(.cardSetup(id))
            if readers[record.reader]?.holder != .cardSetup(id) { readers.change(record.reader) { $0.leaveQueue(.cardSetup(id)) } }
            changeReader(record.reader, at: now) { reader, _ in reader.release(.cardSetup(id), left: .unknown, at: now) }
            log(.notice, "card set-up \(id.text) ended: \(record.state.rawValue)", .reader(record.reader))
        case .alarm(let words): log(.error, words, .reader(record.reader))
        }
    }

    mutating func carryOut(_ action: CardSetupMachine.Begun, of id: CardSetupID, at now: Now) {
        guard let record = cardSetups[id]?.record else { return }
        switch action {
        case .awaitSession: changeReader(record.reader, at: now) { reader, _ in reader.awaitSession(.cardSetup(id), at: now) }
        case .prepareIntent:
            call(
                .setupIntent(user: record.request.user), for: .setupIntent(id), timeout: policy.backendTimeout, holder: .cardSetup(id))
        case .command(let command):
            let timeout = if case .confirmReusable = command { policy.confirmTimeout } else { policy.readerTimeout }
            tellReader(command, for: record, timeout: timeout, at: now)
        case .writeMethod(let snapshot): journal(snapshot, note: "the reader made it", waiter: .cardMethod(id), at: now)
        case .store(let method):
            call(
                .storeCard(record.request, paymentMethod: method), for: .storeCard(id), timeout: policy.backendTimeout,
                holder: .cardSetup(id))
        }
    }

    private mutating func tellReader(_ command: ReaderCommand, for record: CardSetupRecord, timeout: Int64, at now: Now) {
        guard readers[record.reader] != nil else {
            let lost = ReaderFailure.unreachable(detail: "the reader is not registered at this location any more")
            return change(record.id, at: now) { $0.answered(command, .failure(lost), at: now) }
        }
        changeReader(record.reader, at: now) { reader, _ in
            reader.command(command, owner: .holder(.cardSetup(record.id)), timeout: timeout, at: now)
        }
    }

    mutating func startCardSetups(_ open: [CardSetupRecord], at now: Now) {
        for record in open {
            takeUpReader(record.reader, label: record.readerLabel)
            cardSetups[record.id] = CardSetupMachine(record: record, policy: policy, epoch: queue.nextEpoch(), now: now)
            if record.leased {
                changeReader(record.reader, at: now) { reader, _ in
                    reader.recoverLease(of: .cardSetup(record.id), Self.way(of: record.updatedAt, at: now), at: now)
                }
            }
            change(record.id, at: now) { $0.recover(at: now) }
        }
    }

    package var hasOpenCardSetups: Bool { !cardSetups.isEmpty || !cardSetups.acceptance.isEmpty }
}

extension Refusal {
    static func idReused(_ id: CardSetupID) -> Refusal {
        Refusal(
            .paymentIDReused, "The card set-up \(id.text) exists with another body.",
            remedy: "Use a new id for a new attempt; repeat the same body for the same one.")
    }

    static func cardSetupNotFound(_ id: CardSetupID) -> Refusal {
        Refusal(.notFound, "There is no card set-up \(id.text).", remedy: "Check the id.")
    }
}
