extension PaymentMachine {
    /// After the confirm: evidence is gathered, from the backend, and from Stripe while the client secret is in memory.
    struct Following: Sendable {
        var failedBefore: Bool?
        /// Nothing can still be authorised after this.
        var windowEnds: MonoTime
        /// `payment_status` is asked at a steady rate until then; later the payment is unresolved and the rate falls.
        var patienceEnds: MonoTime
        var pollAt: MonoTime
        var interval: Int64
        var asking = false
        var failedSince: MonoTime?
        /// The reader was seen idle after the window.
        var idleAfterWindow: Bool { idleSince != nil }
        var idleSince: MonoTime?
        var idleAsked = false
        /// The client secret was not in memory when it was last looked for: being idle would prove nothing.
        var hasNoSecret = false
        /// The backend's `Failed` waits for what Stripe says of the intent.
        var failedError: String??

        func nextWake(authorized: Bool) -> MonoTime? {
            let window = authorized || idleAsked || idleAfterWindow || hasNoSecret ? MonoTime.max : windowEnds
            return asking ? (window == .max ? nil : window) : min(pollAt, window)
        }
    }

    mutating func beginFollowing(
        _ confirming: Confirming, showing state: PaymentState, note: String?, at now: Now, _ actions: inout [Action]
    ) {
        edit { $0.leased = false }
        show(state, at: now)
        self.state = .following(
            Following(
                failedBefore: confirming.failedBefore,
                windowEnds: confirming.sentAt + policy.authorizationWindow,
                patienceEnds: now.mono + policy.statusPatience, pollAt: now.mono + 250, interval: 250))
        actions.append(.write(state == .unresolved ? .unresolved : .answer, record, note: note))
    }

    /// After a restart, for a payment whose "confirming" was journaled: the secret is gone, the window is counted from now.
    package mutating func recover(at now: Now) -> [Action] {
        var actions: [Action] = []
        guard record.confirmingAt != nil else {
            end(
                .failed, money: .notTaken,
                failure: PaymentFailure(
                    code: .agentRestarted, message: "The agent was restarted before the card was charged.",
                    remedy: "Nothing was taken. Try again."), at: now, &actions)
            return actions
        }
        let changed = record.state != .unresolved
        show(.unresolved, at: now)
        edit {
            $0.money = .unknown
            $0.leased = false
        }
        state = .following(
            Following(
                failedBefore: nil, windowEnds: now.mono + policy.authorizationWindow, patienceEnds: now.mono, pollAt: now.mono,
                interval: 250))
        if changed { actions.append(.write(.unresolved, record, note: "the agent was restarted after the confirm was journaled")) }
        return actions
    }

    // MARK: Evidence

    /// What the backend says of the cart; nil when it could not be asked.
    package mutating func status(_ status: CartStatus?, at now: Now) -> [Action] {
        guard case .following(var following) = state else { return [] }
        var actions: [Action] = []
        following.asking = false
        // Whoever was asked to prove the reader idle may not have been able to: it is asked again with every poll.
        following.idleAsked = false
        // A question about an earlier `Failed` that was never answered is asked anew, or not at all.
        following.failedError = nil
        following.interval = min(following.interval * 2, following.longestInterval(at: now.mono, unresolved: isUnresolved))
        following.pollAt = now.mono + following.interval
        switch status {
        case .submitted(let order):
            edit { $0.order = order ?? $0.order }
            end(.succeeded, money: .taken, failure: nil, note: "the backend says: submitted", at: now, &actions)
            return actions
        case .failed(let error):
            if following.failedSince == nil { following.failedSince = now.mono }
            if isOldNews(following, at: now) { break }
            if record.authorized {
                endOrderFailed(error, at: now, &actions)
                return actions
            }
            following.failedError = .some(error)
            state = .following(following)
            actions.append(.readIntent)
            return actions
        case .open: following.failedSince = nil
        // Not being told is no news.
        case nil: break
        }
        state = .following(following)
        follow(at: now, &actions)
        if isUnresolved, !record.authorized { actions.append(.readIntent) }
        return actions
    }

    /// What Stripe says of the intent. `askedAt`: what was asked before the window ended, or before the reader was seen idle, says nothing of what came after.
    package mutating func intent(_ reading: IntentReading, askedAt: MonoTime? = nil, at now: Now) -> [Action] {
        guard case .following(var following) = state else { return [] }
        var actions: [Action] = []
        let status: IntentStatus?
        switch reading {
        case .status(let known): status = known
        // The secret is in memory: the question is asked again with the next poll.
        case .noAnswer: return []
        case .noSecret: status = nil
        }
        following.hasNoSecret = reading == .noSecret
        if let failed = following.failedError {
            following.failedError = nil
            // Charged, and the `Failed` is perhaps of an earlier decline: it has to stand for a while after this news, too.
            let isNews = status?.isPaid == true && !record.authorized && following.failedBefore != false
            if !isNews {
                if status?.isPaid == true { edit { $0.authorized = true } }
                state = .following(following)
                endOrderFailed(failed, at: now, &actions)
                return actions
            }
            following.failedSince = now.mono
        }
        switch status {
        case .requiresCapture, .succeeded, .processing:
            if !record.authorized {
                edit { $0.authorized = true }
                show(.finishing, at: now)
                following.patienceEnds = now.mono + policy.statusPatience
                following.interval = 250
                following.pollAt = now.mono
                actions.append(.write(.evidence, record, note: "Stripe says that the intent was charged"))
                actions.append(.tookMoney)
            }
        case .canceled:
            actions.append(.intentGone)
            end(
                .failed, money: .notTaken,
                failure: PaymentFailure(
                    code: .intentFailed,
                    message: record.authorized
                        ? "The payment was canceled at Stripe; what was held on the card is let go."
                        : "The payment was canceled at Stripe; the card was not charged."),
                note: "Stripe says: canceled", at: now, &actions)
            return actions
        case .requiresPaymentMethod where !record.authorized && now.mono >= following.windowEnds:
            if let idle = following.idleSince, askedAt ?? now.mono >= idle {
                actions.append(.intentNotCharged)
                end(
                    .failed, money: .notTaken,
                    failure: .readerLost("The reader's answer was lost; Stripe says that the card was not charged."),
                    note: "not charged: Stripe says so after the authorization window, and the reader was seen idle", at: now, &actions)
                return actions
            }
            if !following.idleAsked, !following.idleAfterWindow {
                following.idleAsked = true
                actions.append(.proveIdle)
            }
        case .requiresPaymentMethod, .requiresConfirmation, .requiresAction, .other, nil: break
        }
        state = .following(following)
        follow(at: now, &actions)
        return actions
    }

    package mutating func readerSeenIdle(at now: Now) -> [Action] {
        guard case .following(var following) = state, !record.authorized, now.mono >= following.windowEnds, !following.idleAfterWindow
        else { return [] }
        following.idleSince = now.mono
        state = .following(following)
        return [.readIntent]
    }

    /// A later attempt on the same intent took the money.
    package mutating func superseded(by other: PaymentID, at now: Now) -> [Action] {
        guard case .following = state, !record.authorized else { return [] }
        var actions: [Action] = []
        end(
            .failed, money: .notTaken,
            failure: PaymentFailure(
                code: .superseded, message: "A later attempt took the money of this cart.", supersededBy: other), at: now, &actions)
        return actions
    }

    /// A later attempt found that the intent had been charged before it: by this one.
    package mutating func foundCharged(at now: Now) -> [Action] {
        guard case .following = state, !record.authorized else { return [] }
        return intent(.status(.succeeded), askedAt: now.mono, at: now)
    }

    /// Something happened that makes the backend's word worth asking for at once.
    package mutating func askNow(at now: Now) -> [Action] {
        guard case .following(var following) = state else { return [] }
        following.pollAt = now.mono
        following.interval = 250
        state = .following(following)
        var actions: [Action] = []
        follow(at: now, &actions)
        return actions
    }

    // MARK: What follows

    mutating func follow(at now: Now, _ actions: inout [Action]) {
        guard case .following(var following) = state else { return }
        if record.state == .finishing, now.mono >= following.patienceEnds {
            show(.unresolved, at: now)
            actions.append(.write(.unresolved, record, note: "the backend has not decided in time"))
        }
        if !following.asking, now.mono >= following.pollAt {
            following.asking = true
            actions.append(.askStatus)
        }
        if !record.authorized, now.mono >= following.windowEnds, !following.idleAfterWindow, !following.idleAsked, !following.hasNoSecret {
            following.idleAsked = true
            actions.append(.proveIdle)
        }
        state = .following(following)
    }

    /// A `Failed` that may have stood before the confirm proves nothing until it has stood for a while after it; and where the confirm's
    /// answer was lost, not while the issuer may still be at work.
    private func isOldNews(_ following: Following, at now: Now) -> Bool {
        guard following.failedBefore != false else { return false }
        if !record.authorized, now.mono < following.windowEnds { return true }
        guard let since = following.failedSince else { return true }
        // What was charged at the window's last moment takes the backend a while to say.
        return now.mono - (record.authorized ? since : max(since, following.windowEnds)) < policy.staleFailure
    }

    private mutating func endOrderFailed(_ error: String?, at now: Now, _ actions: inout [Action]) {
        let reason = error.map { ": \($0)" } ?? "."
        if !record.authorized { actions.append(.intentNotCharged) }
        end(
            .failed, money: record.authorized ? .authorized : .notTaken,
            failure: PaymentFailure(
                code: .orderFailed, message: "The backend could not make the order\(reason)",
                remedy: record.authorized
                    ? "The customer's card is held, and no order exists: the back office has to release or complete it." : "Try again."),
            note: "the backend says: failed", at: now, &actions)
    }
}

extension PaymentMachine.Following {
    /// Two seconds while the end is near; then slower the longer it lasts, up to six hours, for as long as it takes.
    func longestInterval(at now: MonoTime, unresolved: Bool) -> Int64 {
        guard unresolved else { return 2_000 }
        let age = now - patienceEnds
        switch age {
        case ..<600_000: return 10_000
        case ..<3_600_000: return 60_000
        case ..<86_400_000: return 900_000
        default: return 21_600_000
        }
    }
}

/// An attempt to read the intent with its client secret.
package enum IntentReading: Sendable, Equatable {
    case status(IntentStatus)
    /// The secret is not in memory: there will be no answer.
    case noSecret
    case noAnswer
}
