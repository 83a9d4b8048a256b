import GatewayModel
import Moments

extension PaymentMachine {
    /// When the backend and Stripe are asked what became of a confirm.
    struct Pursuit: Sendable {
        /// Counted from here the pauses grow.
        var since: MonoTime
        var pollAt: MonoTime
        var pause: Int64 = 0
        var isAsking = false

        /// Asks at that moment first.
        init(from moment: MonoTime) {
            since = moment
            pollAt = moment
        }
    }

    /// After the confirm: evidence is gathered, from the backend, and from Stripe while the client secret is in memory.
    struct Following: Sendable {
        var pursuit: Pursuit
        /// The order is expected until then; later the payment is unresolved and the rate falls.
        var patienceEnds: MonoTime
        /// When a reading can clear this attempt; nil: its reader was not seen idle yet.
        var decides: MonoTime?

        var nextWake: MonoTime? { pursuit.isAsking ? decides : min(pursuit.pollAt, decides ?? .max) }
    }

    mutating func beginFollowing(
        _ confirming: Confirming, showing state: PaymentState, note: String?, at now: Now, _ actions: inout [Action]
    ) {
        edit { $0.leased = false }
        show(state, at: now)
        var pursuit = Pursuit(from: now.mono)
        if state == .unresolved { pursuit.pollAt = now.mono + 250 }
        self.state = .following(Following(pursuit: pursuit, patienceEnds: now.mono + policy.statusPatience))
        actions.append(.write(state == .unresolved ? .unresolved : .answer, record, note: note))
        follow(at: now, &actions)
    }

    /// After a restart, for a payment whose "confirming" was journaled: the secret is gone, and the window is counted from now.
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
            $0.money = $0.authorized ? .authorized : .unknown
            $0.leased = false
            $0.decidesBy = nil
        }
        state = .following(Following(pursuit: Pursuit(from: now.mono), patienceEnds: now.mono))
        if changed { actions.append(.write(.unresolved, record, note: "the agent was restarted after the confirm was journaled")) }
        return actions
    }

    // MARK: What is heard

    /// The backend has answered, or could not be asked. What it says is evidence, and with the cart already.
    ///
    /// `failed`: with what words it says `Failed`; then what was held may have been let go, and Stripe can tell.
    package mutating func statusAnswered(failed: String?? = nil, at now: Now) -> [Action] {
        noteFailed(failed)
        var actions: [Action] = []
        switch state {
        case .confirming(var confirming):
            confirming.pursuit.isAsking = false
            confirming.pursuit.pollAt = now.mono + 2_000
            state = .confirming(confirming)
        case .following(var following):
            following.pursuit.answered(
                longest: following.longestPause(at: now.mono, unresolved: isUnresolved), isPatient: isUnresolved, at: now.mono)
            state = .following(following)
            if failed != nil, record.authorized { actions.append(.readIntent) }
            follow(at: now, &actions)
        case .queued, .active, .confirmWriting, .ended: break
        }
        return actions
    }

    /// The reader was proven idle: this attempt can be cleared by what is asked from that moment on.
    package mutating func decides(at moment: MonoTime, at now: Now) -> [Action] {
        guard case .following(var following) = state, !record.authorized, following.decides == nil else { return [] }
        following.decides = moment
        state = .following(following)
        edit {
            $0.decidesBy = now.wall + max(0, moment - now.mono)
            $0.updatedAt = now.wall
        }
        return [.write(.evidence, record, note: "the reader was seen idle")]
    }

    mutating func judgedWhileFollowing(_ verdict: Verdict, at now: Now, _ actions: inout [Action]) {
        guard case .following(var following) = state else { return }
        switch verdict {
        case .unknown, .confirmAgain: break
        case .authorized:
            guard !record.authorized else { return }
            edit {
                $0.authorized = true
                $0.money = .unknown
                $0.decidesBy = nil
            }
            show(.finishing, at: now)
            following.patienceEnds = now.mono + policy.statusPatience
            following.pursuit = Pursuit(from: now.mono)
            following.decides = nil
            state = .following(following)
            actions.append(.write(.evidence, record, note: "Stripe says that the intent was charged"))
            follow(at: now, &actions)
        case .intentCanceled, .notConfirmed, .declined, .notCharged, .taken, .superseded, .cartPaid, .orderFailed, .said:
            conclude(verdict, at: now, &actions)
        }
    }

    // MARK: What follows

    mutating func follow(at now: Now, _ actions: inout [Action]) {
        guard case .following(var following) = state else { return }
        if record.state == .finishing, now.mono >= following.patienceEnds {
            show(.unresolved, at: now)
            edit { $0.money = .authorized }
            actions.append(.write(.unresolved, record, note: "the backend has not decided in time"))
        }
        let isDecision = following.decides.map { now.mono >= $0 } == true
        if isDecision { following.decides = .max }
        if !following.pursuit.isAsking, now.mono >= following.pursuit.pollAt {
            following.pursuit.isAsking = true
            actions.append(.askStatus)
            if !record.authorized {
                actions.append(.readIntent)
                if following.decides == nil { actions.append(.proveIdle) }
            }
        } else if isDecision {
            actions.append(.readIntent)
        }
        state = .following(following)
    }

    /// While the reader's answer is awaited: charged is known without it.
    mutating func pursue(at now: Now, _ actions: inout [Action]) {
        guard case .confirming(var confirming) = state, confirming.outcome == nil, !confirming.pursuit.isAsking,
            now.mono >= confirming.pursuit.pollAt
        else { return }
        confirming.pursuit.isAsking = true
        state = .confirming(confirming)
        actions += [.askStatus, .readIntent]
    }

    mutating func endOrderFailed(at now: Now, _ actions: inout [Action]) {
        end(
            .failed, money: .authorized,
            failure: PaymentFailure(
                code: .orderFailed, message: "The backend could not make the order\(failedWith.map { ": \($0)" } ?? ".")",
                remedy: "The customer's card is held, and no order exists: the back office has to release or complete it."),
            note: "the backend says: failed", at: now, &actions)
    }
}

extension PaymentMachine.Pursuit {
    /// A fifth of the time since, 25 to 2,000 ms; `isPatient`: twice the last pause.
    mutating func answered(longest: Int64, isPatient: Bool = false, at now: MonoTime) {
        isAsking = false
        pause = isPatient ? min(max(pause, 250) * 2, longest) : min(max((now - since) / 5, 25), longest)
        pollAt = now + pause
    }
}

extension PaymentMachine.Following {
    /// Two seconds while the end is near; then slower the longer it lasts, up to six hours, for as long as it takes.
    func longestPause(at now: MonoTime, unresolved: Bool) -> Int64 {
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
