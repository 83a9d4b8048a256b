import GatewayModel
import Moments

/// Commands to the reader, one request at a time, and the meaning of its answers.
extension ReaderMachine {
    package mutating func command(_ command: ReaderCommand, owner: Owner, timeout: Int64, at now: Now) -> [Action] {
        var actions: [Action] = []
        guard isLive || owner == .session else {
            return [.answer(owner, command, .failure(.unreachable(detail: "there is no session with the reader")))]
        }
        if case .holder(let holder) = owner, lease != .held(holder) {
            return [.answer(owner, command, .failure(.unreachable(detail: "the reader is not the \(holder.words)'s any more")))]
        }
        if let refusal = queue.add(.init(owner: owner, command: command, timeout: timeout)) {
            return [.answer(owner, command, .failure(refusal))]
        }
        sendNext(at: now, &actions)
        return actions
    }

    package mutating func forget(_ request: RequestID) {
        queue.forget(.request(request))
        connects.removeAll { $0.request == request }
    }

    package mutating func answered(
        sequence: UInt64, _ result: Result<ReaderReply, ReaderFailure>, at now: Now, random: inout SeededRandom
    ) -> [Action] {
        guard let current = queue.answered(sequence) else { return [] }
        var actions: [Action] = []
        noteConfirm(current, result)
        guard current.isOfThisSession else {
            // The request belongs to a session that is over. Its owner is told, and the session that is being opened goes on.
            if current.owner != .session { actions.append(.answer(current.owner, current.command, result)) }
            sendActivation(&actions)
            sendNext(at: now, &actions)
            return actions
        }
        switch result {
        case .success(let reply):
            lastContact = now.mono
            heard(at: now)
            succeeded(current.owner, current.command, reply, at: now, random: &random, &actions)
        case .failure(let failure):
            failed(current.owner, current.command, failure, at: now, random: &random, &actions)
        }
        sendNext(at: now, &actions)
        return actions
    }

    /// Takes back a request that was about to be sent. Its owner is told that nothing left.
    package mutating func heldBack(sequence: UInt64, at now: Now) -> [Action] {
        guard let current = queue.answered(sequence) else { return [] }
        if case .confirm = current.command { confirmSentAt = confirmBefore }
        var actions: [Action] = [.answer(current.owner, current.command, .failure(.unreachable(detail: "it was held back")))]
        sendNext(at: now, &actions)
        return actions
    }

    mutating func sendNext(at now: Now, _ actions: inout [Action]) {
        guard !queue.isEmpty else { return }
        let token: SessionToken
        switch session {
        case .live(let session, _), .clearing(let session, _): token = session
        case .none, .claiming, .listing, .activating, .searching: return
        }
        guard let route, let next = queue.depart() else { return }
        if next.item.command.asksForCard { dirty = true }
        if case .holder = next.item.owner { isUsed = true }
        if case .confirm = next.item.command { (confirmBefore, confirmSentAt) = (confirmSentAt, now.mono) }
        actions.append(.send(next, over: route, in: token))
    }

    /// Asks the reader something for the session itself.
    mutating func ask(_ command: ReaderCommand, timeout: Int64, at now: Now, _ actions: inout [Action]) {
        if let refusal = queue.add(.init(owner: .session, command: command, timeout: timeout)) {
            actions.append(.answer(.session, command, .failure(refusal)))
        }
        sendNext(at: now, &actions)
    }

    /// Notes what an answer to a confirm says of the reader's work. An answer in any of its three fields says that nothing of the confirm
    /// runs. A confirm that did not leave the box changes nothing.
    private mutating func noteConfirm(_ sent: ReaderCommandQueue.Asked, _ result: Result<ReaderReply, ReaderFailure>) {
        guard case .confirm = sent.command else { return }
        switch result {
        case .success(.confirmed(let answer)) where answer.field != .none: confirmSentAt = nil
        case .failure(.unreachable), .failure(.untrusted): confirmSentAt = confirmBefore
        case .success, .failure: break
        }
    }

    /// Sends the activation, once nothing of an earlier session is under way: a reader does one thing at a time.
    mutating func sendActivation(_ actions: inout [Action]) {
        guard case .activating = session, let route, let next = queue.departActivation(timeout: policy.readerTimeout) else { return }
        actions.append(.send(next, over: route, in: nil))
    }

    mutating func succeeded(
        _ owner: Owner, _ command: ReaderCommand, _ reply: ReaderReply, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        switch (owner, command, reply) {
        case (.session, .activate, .activated(let token, let livemode, _)):
            self.livemode = livemode
            unsupportedTries = 0
            sessionSince = now.wall
            lastTrouble = nil
            if proves, !tookOver, !clearsFirst {
                // The machine learnt meanwhile that another entry had left the reader in the middle of a confirm.
                leaveSession(at: now, &actions)
                connectIfWanted(at: now, &actions)
            } else if dirty {
                session = .clearing(token, since: now.mono)
                ask(.clearDisplay(nil), timeout: policy.readerTimeout, at: now, &actions)
            } else {
                clearsFirst = false
                becomeLive(token, since: now.mono, &actions)
            }
        case (.session, .prove, .activated):
            // The session of the other point of sale has served its purpose.
            session = .none(trouble: nil, retryAt: now.mono)
            _ = queue.endSession()
            lastTrouble = nil
            unsupportedTries = 0
            backoff.reset()
            provedIdle("seen idle", at: now, &actions)
            connectIfWanted(at: now, &actions)
        case (.session, .activate, _), (.session, .prove, _):
            fail(.from(.invalidAnswer(detail: "the activation brought no session")), quick: true, at: now, random: &random, &actions)
        case (.session, .clearDisplay, _):
            if case .clearing(let token, let since) = session {
                dirty = false
                clearsFirst = false
                if proves, !tookOver {
                    leaveSession(at: now, &actions)
                    return connectIfWanted(at: now, &actions)
                }
                becomeLive(token, since: since, &actions)
                if isFreeing { becomeFree("free again: its screen is cleared", at: now, &actions) }
            }
        case (.session, _, _): break
        case (.holder, _, _), (.request, _, _): actions.append(.answer(owner, command, .success(reply)))
        }
    }

    mutating func failed(
        _ owner: Owner, _ command: ReaderCommand, _ failure: ReaderFailure, at now: Now, random: inout SeededRandom,
        _ actions: inout [Action]
    ) {
        switch command {
        case .activate(_, let failIfInUse):
            return activationFailed(failure, failIfInUse: failIfInUse, at: now, random: &random, &actions)
        case .prove:
            // The reader's holder by now does not wait for the proof.
            if holderWaits, !owesProof, case .held = lease {
                session = .none(trouble: nil, retryAt: now.mono)
                return connect(at: now, &actions)
            }
            return activationFailed(failure, failIfInUse: true, at: now, random: &random, &actions)
        case .heartbeat, .display, .clearDisplay, .collect, .query, .cancelCollect, .confirm, .collectReusable, .queryReusable,
            .cancelReusable, .confirmReusable:
            break
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

    /// Handles a clear without acknowledgement, which does not show the reader idle. The reader may still be authorising, which takes as
    /// long as it takes. So it is asked again, and a fresh session finds out only when that goes on too long. The holder of the lease does
    /// not wait that long for its session.
    mutating func notCleared(
        _ failure: ReaderFailure, at now: Now, random: inout SeededRandom, _ actions: inout [Action]
    ) {
        if proves {
            // The reader is at work on something. Only the proof says when that is over.
            clearsFirst = false
            return loseSession(.from(failure), at: now, random: &random, &actions)
        }
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
    /// Whether the command leaves something on the reader's screen that this agent has to take off it.
    var asksForCard: Bool {
        switch self {
        case .collect, .collectReusable: true
        case .activate, .prove, .heartbeat, .display, .clearDisplay, .query, .cancelCollect, .confirm, .queryReusable, .cancelReusable,
            .confirmReusable:
            false
        }
    }
}
