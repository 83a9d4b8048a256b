import GatewayModel
import Moments

/// One reader: its session, its lease, its commands, and who else wants it.
///
/// Each of the four owns its state, and none sees another. This machine turns what one tells into what another is asked: the session learns
/// whether it is wanted and what it has to show first, the lease what left for the reader and what that answered, the queue when a session
/// ends. The machine itself decides nothing but the order.
package struct ReaderMachine: Sendable {
    package let id: ReaderID
    /// The number that tells this machine from every other, now or earlier, in the same place.
    package let epoch: UInt64
    package var policy: GatewayPolicy {
        _read { yield ownPolicy.value }
        _modify { yield &ownPolicy.value }
    }
    package private(set) var facts: ReaderFacts {
        _read { yield sharedFacts.value }
        _modify { yield &sharedFacts.value }
    }
    private var ownPolicy: Shared<GatewayPolicy>
    private(set) var sharedFacts: Shared<ReaderFacts>
    private(set) var session = ReaderSession()
    private(set) var lease = ReaderLease()
    private(set) var queue = ReaderCommandQueue()
    private(set) var wishes = ReaderWishes()

    package init(facts: ReaderFacts, policy: GatewayPolicy, epoch: UInt64 = 0) {
        self.id = facts.id
        self.epoch = epoch
        self.sharedFacts = Shared(facts)
        self.ownPolicy = Shared(policy)
    }

    package mutating func editFacts(_ change: (inout ReaderFacts) -> Void) { change(&facts) }

    // MARK: From one owner to another

    /// Carries out what the session tells.
    private mutating func carry(_ told: [ReaderSession.Told], at now: Now, _ actions: inout [Action]) {
        for word in told {
            switch word {
            case .claimToken: actions.append(.claimToken)
            case .withdrawToken: actions.append(.withdrawToken)
            case .list(let token): actions.append(.list(token))
            case .search: actions.append(.search)
            case .changed(let words): actions.append(.changed(words))
            case .activate(let command):
                queue.addActivation(command)
                sendActivation(&actions)
            case .ask(let command): ask(command, at: now, &actions)
            case .opened:
                actions += wishes.takeAll().map { .connected($0, .success(())) }
                if let holder = lease.sessionOpened() { actions.append(.sessionReady(holder)) }
            case .ended(let words): actions += Action.refuse(queue.endSession(), .unreachable(detail: words))
            case .failed(let trouble, let wasPolite): sessionFailed(trouble, wasPolite: wasPolite, at: now, &actions)
            case .late(let trouble):
                if let holder = lease.stopWaiting() { actions.append(.sessionFailed(holder, trouble)) }
            }
        }
    }

    private mutating func carried(_ told: [ReaderSession.Told], at now: Now) -> [Action] {
        var actions: [Action] = []
        carry(told, at: now, &actions)
        return actions
    }

    /// Tells everyone that waits of a try that failed.
    private mutating func sessionFailed(_ trouble: ReaderTrouble, wasPolite: Bool, at now: Now, _ actions: inout [Action]) {
        if let holder = lease.stopWaiting() { actions.append(.sessionFailed(holder, trouble)) }
        actions.append(.changed(trouble.message))
        // Those that wait for a reader that its holder has lost wait in vain when it is not there.
        if trouble.preventsUse, trouble.kind != .inUseElsewhere { actions += lease.turnAway().map { .turnedAway($0, trouble) } }
        actions += wishes.takeRefused(trouble, wasPolite: wasPolite).map { .connected($0, .failure(trouble)) }
        if wishes.hasRequests { carry(session.isAsked(around(now)), at: now, &actions) }
    }

    /// Notes that nothing that was sent before can still run on the reader.
    private mutating func provedIdle(_ words: String, at now: Now, _ actions: inout [Action]) {
        let isFree = lease.provedIdle()
        actions.append(.seenIdle)
        if isFree { becameFree("free again: " + words, at: now, &actions) }
    }

    private mutating func becameFree(_ words: String, at now: Now, _ actions: inout [Action]) {
        if !words.isEmpty { actions.append(.changed(words)) }
        passOn(&actions)
        if lease.proofWanted, lease.isFree { carry(session.showIdle(around(now)), at: now, &actions) }
    }

    private mutating func passOn(_ actions: inout [Action]) {
        if let next = lease.grantNext() { begin(next, &actions) }
    }

    private mutating func begin(_ holder: LeaseHolder, _ actions: inout [Action]) {
        wishes.isWantedAgain()
        actions += Action.refuse(queue.makeWay(), .app(.lockResourcesException, detail: "a \(holder.words) has begun on it"))
        actions.append(.granted(holder))
    }

    // MARK: The lease

    /// Queues a holder for the reader. Returns false when too many wait already.
    package mutating func enqueue(_ holder: LeaseHolder, at now: Now, actions: inout [Action]) -> Bool {
        switch lease.enqueue(holder, atMost: policy.maximumWaiting) {
        case .granted: begin(holder, &actions)
        // A reader that is being freed needs a session to be seen idle.
        case .waits: carry(session.openIfWanted(around(now)), at: now, &actions)
        case .full: return false
        }
        return true
    }

    package mutating func leaveQueue(_ holder: LeaseHolder) { lease.leaveQueue(holder) }

    /// Asks for the session that the holder needs before it can go on.
    package mutating func awaitSession(_ holder: LeaseHolder, at now: Now) -> [Action] {
        guard lease.isHeld(by: holder) else { return [] }
        if isLive { return [.sessionReady(holder)] }
        // Its software does not change from one payment to the next, and every try spends a token.
        if let trouble = session.state.trouble(pausingAt: now.mono), trouble.kind == .softwareUnsupported {
            return [.sessionFailed(holder, trouble)]
        }
        lease.awaitSession(until: isBarred ? now.mono + policy.queueTimeout : .max)
        return carried(session.holderAwaits(around(now)), at: now)
    }

    package mutating func release(_ holder: LeaseHolder, left: ReaderLeft, at now: Now) -> [Action] {
        guard let isFree = lease.release(holder, left: left) else { return [] }
        queue.forget(.holder(holder))
        var actions: [Action] = []
        if isFree { becameFree("", at: now, &actions) } else { carry(session.showIdle(around(now)), at: now, &actions) }
        return actions
    }

    /// Frees a reader for a technician. Returns false when this holder does not hold the reader, or is still at work on it.
    package mutating func releaseByHand(of holder: LeaseHolder, actions: inout [Action]) -> Bool {
        guard !owesAnswer(to: holder), lease.releaseByHand(of: holder) else { return false }
        actions.append(.changed("free again: released by hand"))
        passOn(&actions)
        return true
    }

    /// Takes up the last lease after a restart, when the journal says that it was this agent's.
    mutating func recoverLease(of holder: LeaseHolder, _ way: ReaderLease.Freeing, at now: Now) -> [Action] {
        lease.recover(holder, way, at: now.mono) ? carried(session.showIdle(around(now)), at: now) : []
    }

    /// Asks for evidence that nothing runs on the reader. While the reader is held this waits, and goes on when it is free again.
    package mutating func proveIdleIfFree(at now: Now) -> [Action] {
        lease.wantProof(at: now.mono) ? carried(session.showIdle(around(now)), at: now) : []
    }

    // MARK: Commands

    package mutating func command(_ command: ReaderCommand, owner: CommandOwner, timeout: Int64, at now: Now) -> [Action] {
        if let refusal = refusal(of: owner) ?? queue.add(.init(owner: owner, command: command, timeout: timeout)) {
            return [.answer(owner, command, .failure(refusal))]
        }
        var actions: [Action] = []
        sendNext(at: now, &actions)
        return actions
    }

    package mutating func forget(_ request: RequestID) {
        queue.forget(.request(request))
        wishes.forget(request)
    }

    package mutating func answered(
        sequence: UInt64, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, random: inout SeededRandom
    ) -> [Action] {
        guard let asked = queue.answered(sequence) else { return [] }
        lease.answered(asked.command, result)
        var actions: [Action] = []
        if asked.owner != .session { actions.append(.answer(asked.owner, asked.command, result)) }
        if asked.isOfThisSession {
            switch result {
            case .success(let reply):
                session.answered(around(now))
                if asked.owner == .session { succeeded(asked.command, reply, at: now, random: &random, &actions) }
            case .failure(let failure): failed(asked, failure, at: now, random: &random, &actions)
            }
        } else {
            // The request belongs to a session that is over. The session that is being opened goes on.
            sendActivation(&actions)
        }
        sendNext(at: now, &actions)
        return actions
    }

    /// Takes back a request that was about to be sent. Its owner is told that nothing left.
    package mutating func heldBack(sequence: UInt64, at now: Now) -> [Action] {
        guard let asked = queue.answered(sequence) else { return [] }
        let result = Result<ReaderReply, ReaderFailure>.failure(.unreachable(detail: "it was held back"))
        lease.answered(asked.command, result)
        var actions: [Action] = [.answer(asked.owner, asked.command, result)]
        sendNext(at: now, &actions)
        return actions
    }

    private mutating func sendNext(at now: Now, _ actions: inout [Action]) {
        guard !queue.isEmpty, let token = session.state.token, let route = session.way.route, let next = queue.depart() else { return }
        lease.departs(next.item.command, isOfHolder: next.item.isOfHolder, at: now.mono)
        actions.append(.send(next, over: route, in: token))
    }

    /// Sends the activation, once nothing of an earlier session is under way: a reader does one thing at a time.
    private mutating func sendActivation(_ actions: inout [Action]) {
        guard let route = session.way.route, let next = queue.departActivation(timeout: policy.readerTimeout) else { return }
        actions.append(.send(next, over: route, in: nil))
    }

    /// Asks the reader something for the session itself. A heartbeat has to be answered soon.
    private mutating func ask(_ command: ReaderCommand, at now: Now, _ actions: inout [Action]) {
        let timeout = command == .heartbeat ? min(policy.readerTimeout, 10_000) : policy.readerTimeout
        queue.addOwn(command, timeout: timeout)
        sendNext(at: now, &actions)
    }

    /// Takes an answer to a command of the session itself.
    private mutating func succeeded(
        _ command: ReaderCommand, _ reply: ReaderReply, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        switch (command, reply) {
        case (.activate, .activated(let token, let livemode, _)):
            carry(session.activated(token, livemode: livemode, around(now)), at: now, &actions)
        case (.prove, .activated):
            carry(session.admittedAnother(around(now)), at: now, &actions)
            provedIdle("seen idle", at: now, &actions)
            carry(session.openIfWanted(around(now)), at: now, &actions)
        case (.activate, _), (.prove, _):
            let failure = ReaderFailure.invalidAnswer(detail: "the activation brought no session")
            carry(session.notActivated(failure, of: facts, around(now), random: &random), at: now, &actions)
        case (.clearDisplay, _):
            lease.cleared()
            carry(session.cleared(around(now)), at: now, &actions)
            if isLive, lease.freeAsCleared() { becameFree("free again: its screen is cleared", at: now, &actions) }
        case (.heartbeat, _), (.display, _), (.collect, _), (.query, _), (.cancelCollect, _), (.confirm, _), (.collectReusable, _),
            (.queryReusable, _), (.cancelReusable, _), (.confirmReusable, _):
            break
        }
    }

    private mutating func failed(
        _ asked: ReaderCommandQueue.Asked, _ failure: ReaderFailure, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        switch asked.command {
        // The reader's holder by now does not wait for the proof.
        case .prove where lease.isAwaitingUnproved: carry(session.tryAgain(around(now)), at: now, &actions)
        case .activate, .prove:
            lease.notAdmitted(isInUse: failure.saysInUse)
            carry(session.notActivated(failure, of: facts, around(now), random: &random), at: now, &actions)
        case .clearDisplay where asked.owner == .session && !failure.endsSession:
            lease.notCleared()
            carry(session.notCleared(failure, around(now), random: &random), at: now, &actions)
        case .heartbeat, .display, .clearDisplay, .collect, .query, .cancelCollect, .confirm, .collectReusable, .queryReusable,
            .cancelReusable, .confirmReusable:
            if failure.endsSession { carry(session.failed(failure, around(now), random: &random), at: now, &actions) }
        }
    }

    // MARK: The way to a session

    /// Notes whether an open cart wants this reader ready.
    package mutating func setDesired(_ desired: Bool, at now: Now) -> [Action] {
        wishes.setDesired(desired && !facts.isVendorSDKOnly)
        return carried(session.openIfWanted(around(now)), at: now)
    }

    /// Notes that a sale that begins wants the reader, even after a technician has disconnected it.
    mutating func isWantedAgain() { wishes.isWantedAgain() }

    /// Takes a technician's request for a session now.
    mutating func connect(for request: ReaderWishes.Request, at now: Now) -> [Action] {
        wishes.isWantedAgain()
        if isLive { return [.connected(request.request, .success(()))] }
        wishes.add(request, at: now.mono)
        return carried(session.isAsked(around(now)), at: now)
    }

    /// Gives the session up, and opens no other until one is wanted again. It does nothing while the reader is held.
    mutating func part(at now: Now) -> [Action] {
        guard holder == nil else { return [] }
        var actions: [Action] = wishes.part().map { .connected($0, .failure(.parted)) }
        carry(session.part(around(now)), at: now, &actions)
        return actions
    }

    package mutating func token(_ token: ConnectionToken, at now: Now) -> [Action] { carried(session.got(token), at: now) }

    package mutating func tokenRefused(_ failure: CallFailure, at now: Now, random: inout SeededRandom) -> [Action] {
        carried(session.gotNoToken(.from(backend: failure), around(now), random: &random), at: now)
    }

    package mutating func noCart(at now: Now, random: inout SeededRandom) -> [Action] {
        carried(session.gotNoToken(.noCart, around(now), random: &random), at: now)
    }

    /// Takes in what the lists say of this reader, in any state. A connection under way goes on with it.
    package mutating func listed(_ facts: ReaderFacts, at now: Now, random: inout SeededRandom) -> [Action] {
        self.facts = facts
        guard session.state.listing != nil else { return [] }
        return carried(session.listed(facts.routes(port: policy.lanPort), around(now), random: &random), at: now)
    }

    package mutating func listFailed(_ failure: CallFailure, at now: Now, random: inout SeededRandom) -> [Action] {
        carried(session.notListed(.from(stripe: failure), around(now), random: &random), at: now)
    }

    /// Takes a sighting of the reader's certificate at an address, or its absence where it was.
    package mutating func sighted(_ sighting: LANSighting?, at now: Now) -> [Action] {
        facts.seen = sighting
        return sighting.map { carried(session.sighted($0, around(now)), at: now) } ?? []
    }

    /// Ends the search for the reader.
    package mutating func searched(at now: Now, random: inout SeededRandom) -> [Action] {
        carried(session.searched(around(now), random: &random), at: now)
    }

    /// Takes in that the reader's USB link was plugged in, pulled out, or plugged in anew.
    package mutating func plugged(_ place: USBPlace?, _ usb: USBFacts?, at now: Now, random: inout SeededRandom) -> [Action] {
        facts.usbPlace = place
        facts.usb = usb
        return carried(session.plugged(place, isSeen: facts.seen != nil, around(now), random: &random), at: now)
    }

    /// Notes that the reader has answered a scan.
    mutating func heard(at now: Now) { session.heard(around(now)) }

    /// Notes that a scan of the reader's place did not find it. Returns the time in milliseconds after which another scan is worth it.
    mutating func missed(at address: String) -> Int64 { session.missed(at: address) }

    package mutating func tick(at now: Now) -> [Action] {
        var actions: [Action] = []
        if let idleAt = lease.idleAt, now.mono >= idleAt { provedIdle("nothing runs on it any more: too long ago", at: now, &actions) }
        actions += wishes.takeLate(at: now.mono).map { .connected($0, .failure(session.lastTrouble ?? .letsNobodyIn)) }
        if let end = lease.patienceEndsAt, now.mono >= end, let holder = lease.stopWaiting() {
            actions.append(.sessionFailed(holder, .heldByTwin))
        }
        carry(session.tick(around(now), heartbeatInterval: policy.heartbeatInterval), at: now, &actions)
        return actions
    }

    // MARK: Several entries of one device

    /// Bars this entry, because the device's session now belongs to another one. This entry still takes the answers to what was sent.
    mutating func bar(at now: Now) -> [Action] {
        if !isBarred { lease.limitWait(until: now.mono + policy.queueTimeout) }
        wishes.setDesired(false)
        return carried(session.bar(around(now)), at: now)
    }

    /// Gives the device back to this entry.
    mutating func unbar(at now: Now) -> [Action] {
        guard isBarred else { return [] }
        lease.limitWait(until: .max)
        return carried(session.unbar(around(now)), at: now)
    }

    /// Hands what is owed to the entry in charge, which alone has sessions; nil when nothing is owed or this entry settles it itself.
    mutating func handOverDebt(_ actions: inout [Action]) -> ReaderLease.Debt? {
        guard !isAtWork, let debt = lease.handOverDebt() else { return nil }
        passOn(&actions)
        return debt
    }

    /// Takes the state in which another entry has left the device. The present or next holder of this entry waits until it is settled.
    mutating func takeOver(_ debt: ReaderLease.Debt, at now: Now) -> [Action] {
        lease.takeOver(debt, isLive: isLive, at: now.mono) ? carried(session.showIdle(around(now)), at: now) : []
    }

    /// Ends the pause after the last failure, because the lists have news of the device.
    mutating func retry(at now: Now) -> [Action] { carried(session.endPause(around(now)), at: now) }

    /// Takes in what the lists say now, outside of a connection.
    mutating func learn(_ facts: ReaderFacts, at now: Now) -> [Action] {
        let isUpdated = self.facts.software != facts.software
        self.facts = facts
        return isUpdated ? carried(session.updated(around(now)), at: now) : []
    }

    /// Handles an entry that is in no list any more. What may still be authorised keeps it until that is over.
    mutating func unlist(at now: Now) -> [Action] {
        facts.inBackend = false
        wishes.setDesired(false)
        lease.unlist(at: now.mono)
        var actions = carried(session.unlist(around(now)), at: now)
        if session.state.trouble?.endsWithTheList == true, lease.freeAsUnlisted() {
            actions.append(.changed("free again: it is in no list any more"))
            passOn(&actions)
        }
        return actions
    }

    /// Notes that the entry is in the lists again.
    mutating func relist() { lease.relist() }
}
