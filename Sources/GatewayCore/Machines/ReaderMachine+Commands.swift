/// What is said to the reader, one request at a time, and what its answers mean.
extension ReaderMachine {
    package mutating func command(_ command: ReaderCommand, owner: Owner, timeout: Int64) -> [Action] {
        var actions: [Action] = []
        guard isLive || owner == .session else {
            return [.answer(owner, command, .failure(.unreachable(detail: "there is no session with the reader")))]
        }
        if case .holder(let holder) = owner, lease != .held(holder) {
            return [.answer(owner, command, .failure(.unreachable(detail: "the reader is not the \(holder.words)'s any more")))]
        }
        pending.append(Pending(owner: owner, command: command, timeout: timeout))
        sendNext(&actions)
        return actions
    }

    package mutating func forget(_ request: RequestID) {
        pending.removeAll { $0.owner == .request(request) }
        visitors.removeAll { $0.request == request }
    }

    package mutating func answered(
        sequence: UInt64, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, random: inout SeededRandom
    ) -> [Action] {
        guard let current = inFlight, current.sequence == sequence else { return [] }
        inFlight = nil
        var actions: [Action] = []
        switch result {
        case .success(let reply):
            lastContact = now.mono
            lastSeenAt = now.wall
            succeeded(current.owner, current.command, reply, at: now, random: &random, &actions)
        case .failure(let failure):
            failed(current.owner, current.command, failure, at: now, random: &random, &actions)
        }
        sendNext(&actions)
        return actions
    }

    /// A request that was about to be sent is not sent: whoever asked for it is told that nothing left.
    package mutating func heldBack(sequence: UInt64) -> [Action] {
        guard let current = inFlight, current.sequence == sequence else { return [] }
        inFlight = nil
        var actions: [Action] = [.answer(current.owner, current.command, .failure(.unreachable(detail: "it was held back")))]
        sendNext(&actions)
        return actions
    }

    mutating func sendNext(_ actions: inout [Action]) {
        guard inFlight == nil, !pending.isEmpty else { return }
        let token: SessionToken
        switch session {
        case .live(let session, _), .clearing(let session, _): token = session
        case .none, .claiming, .listing, .activating, .searching: return
        }
        guard let route else { return }
        let next = pending.removeFirst()
        if next.command.asksForCard { dirty = true }
        send(next.command, owner: next.owner, route: route, session: token, timeout: next.timeout, &actions)
    }

    mutating func send(
        _ command: ReaderCommand, owner: Owner, route: ReaderRoute, session: SessionToken?, timeout: Int64, _ actions: inout [Action]
    ) {
        sequence += 1
        inFlight = (sequence, owner, command)
        actions.append(.send(sequence: sequence, route, command, session: session, timeout: timeout, owner: owner))
    }

    mutating func succeeded(
        _ owner: Owner, _ command: ReaderCommand, _ reply: ReaderReply, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        switch (owner, command, reply) {
        case (.session, .activate, .activated(let token, let livemode, _)):
            self.livemode = livemode
            sessionSince = now.wall
            if dirty {
                session = .clearing(token, since: now.mono)
                pending.insert(Pending(owner: .session, command: .clearDisplay(nil), timeout: policy.readerTimeout), at: 0)
            } else {
                becomeLive(token, since: now.mono, &actions)
            }
        case (.session, .activate, _):
            fail(.from(.invalidAnswer(detail: "the activation brought no session")), quick: true, at: now, random: &random, &actions)
        case (.session, .clearDisplay, _):
            if case .clearing(let token, let since) = session {
                dirty = false
                proofWanted = false
                becomeLive(token, since: since, &actions)
                actions.append(.seenIdle)
                if isFreeing {
                    lease = .free
                    actions.append(.changed("free again: seen idle"))
                    grantNext(&actions)
                }
            }
        case (.session, _, _): break
        default:
            if case .collect = command { actions.append(.seenIdle) }
            actions.append(.answer(owner, command, .success(reply)))
        }
    }

    mutating func failed(
        _ owner: Owner, _ command: ReaderCommand, _ failure: ReaderFailure, at now: Now, random: inout SeededRandom,
        _ actions: inout [Action]
    ) {
        if case .activate(_, let failIfInUse) = command {
            activationFailed(failure, failIfInUse: failIfInUse, at: now, random: &random, &actions)
            return
        }
        let ends = failure.endsSession
        if owner != .session { actions.append(.answer(owner, command, .failure(failure))) }
        if ends {
            failedLink = route?.link
            loseSession(.from(failure), at: now, random: &random, &actions)
        } else if owner == .session, case .clearDisplay = command {
            notCleared(failure, at: now, random: &random, &actions)
        }
    }

    /// Not acknowledged: not seen idle. It may be authorising still, which takes as long as it takes: it is asked again, and only when that
    /// goes on too long is a fresh session the way to find out. Who waits for the session does not wait for that.
    mutating func notCleared(
        _ failure: ReaderFailure, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        clears += 1
        if clears > 30 {
            clears = 0
            return loseSession(.from(failure), at: now, random: &random, &actions)
        }
        clearAt = now.mono + min(10_000, 500 << Int64(min(clears, 10)))
        if clears >= 3, holderWaits, case .held(let holder) = lease {
            holderWaits = false
            actions.append(.sessionFailed(holder, .from(failure)))
        }
    }
}

extension ReaderCommand {
    /// Leaves something on the reader's screen that this agent has to take off it.
    var asksForCard: Bool {
        switch self {
        case .collect, .collectReusable: true
        default: false
        }
    }
}
