import GatewayModel
import Moments

extension PaymentMachine {
    /// The times at which the agent asks the backend and Stripe what became of a confirm.
    struct Pursuit: Sendable {
        /// The moment from which the pauses grow.
        var since: MonoTime
        var pollAt: MonoTime
        var pause: Int64 = 0
        /// When the latest question was asked.
        private(set) var askedAt: MonoTime
        private(set) var isAsking = false

        /// Starts with a first question at that moment.
        init(from moment: MonoTime) {
            since = moment
            pollAt = moment
            askedAt = moment
        }

        mutating func asks(at now: MonoTime) {
            isAsking = true
            askedAt = now
        }

        /// Takes the answer. The next question is due a fifth of the time since after this one, from 25 ms to `longest`, so that an order is
        /// heard of soon from a backend that is far away, too. The backend rests at least 25 ms, and a fifth of what its answer took.
        mutating func answered(longest: Int64, at now: MonoTime) {
            rests(Self.fifth(of: now - since, longest), at: now)
            pollAt = max(askedAt + pause, now + Self.fifth(of: now - askedAt, longest))
        }

        /// Takes the answer. The next question follows it by twice the last pause.
        mutating func answeredPatiently(longest: Int64, at now: MonoTime) { rests(min(max(pause, 250) * 2, longest), at: now) }

        /// Takes the answer. The next question follows it by this pause.
        mutating func rests(_ pause: Int64, at now: MonoTime) {
            isAsking = false
            self.pause = pause
            pollAt = now + pause
        }

        private static func fifth(of time: Int64, _ longest: Int64) -> Int64 { min(max(time / 5, 25), longest) }
    }

    /// The time after the confirm. The agent gathers evidence from the backend, and from Stripe while the client secret is in memory.
    struct Following: Sendable {
        var pursuit: Pursuit
        /// Until when the agent expects the order. Later the payment is unresolved and the rate falls.
        var patienceEnds: MonoTime
        /// From when on a reading can clear this attempt; nil while its reader was not seen idle.
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

    /// Takes up a payment after a restart. If its "confirming" was journaled, the secret is gone, and the window begins now.
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

    /// Goes on after the backend has answered or could not answer. The cart already has its words as evidence.
    ///
    /// `failed` holds the words with which the backend says `Failed`. Then the held money may have been let go, and Stripe can tell.
    package mutating func statusAnswered(failed: String?? = nil, at now: Now) -> [Action] {
        noteFailed(failed)
        var actions: [Action] = []
        switch state {
        case .confirming(var confirming):
            confirming.pursuit.rests(2_000, at: now.mono)
            state = .confirming(confirming)
        case .following(var following):
            let longest = following.longestPause(at: now.mono, unresolved: isUnresolved)
            if isUnresolved {
                following.pursuit.answeredPatiently(longest: longest, at: now.mono)
            } else {
                following.pursuit.answered(longest: longest, at: now.mono)
            }
            state = .following(following)
            if failed != nil, record.authorized { actions.append(.readIntent) }
            follow(at: now, &actions)
        case .queued, .active, .confirmWriting, .ended: break
        }
        return actions
    }

    /// Notes that the reader was proved idle. Readings that are asked from that moment on can clear this attempt.
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
            following.pursuit.asks(at: now.mono)
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

    /// Asks for other evidence while the reader's answer is awaited, because a charge can be known without it.
    mutating func pursue(at now: Now, _ actions: inout [Action]) {
        guard case .confirming(var confirming) = state, confirming.outcome == nil, !confirming.pursuit.isAsking,
            now.mono >= confirming.pursuit.pollAt
        else { return }
        confirming.pursuit.asks(at: now.mono)
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

extension PaymentMachine.Following {
    /// The longest pause in milliseconds. It is two seconds while the end is near, then grows with the time up to six hours, for as long as
    /// the payment takes.
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
