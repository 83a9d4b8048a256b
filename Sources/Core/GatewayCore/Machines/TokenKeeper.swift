import GatewayModel
import Moments

/// Keeps one unspent connection token for an open cart.
///
/// A token is handed out once and never again. One request is in flight at a time; failures back off with full jitter.
package struct TokenKeeper: Sendable {
    /// Who a token is for.
    package enum Claimant: Sendable, Hashable {
        case reader(ReaderID)
        case request(RequestID)
    }

    /// What is carried out even when the cart is gone meanwhile.
    package enum Owed: Sendable, Equatable {
        case give(ConnectionToken, to: Claimant)
        case refuse(Claimant, CallFailure)
        /// Lists are read with it, which does not spend it.
        case show(ConnectionToken)
        case showNone(CallFailure)
    }

    /// What is begun only while somebody wants a token here.
    package enum Begun: Sendable, Equatable {
        /// Ask the backend for a token.
        case request
    }

    package typealias Action = PartAction<Owed, Begun>

    private enum State: Sendable {
        /// No token, nothing asked. To `requesting` when somebody claims one or the cart is open.
        case empty
        /// Asked. To `held` or `empty` at the answer, to `waiting` at a failure.
        case requesting
        /// One token, unspent. To `empty` when it is given or has grown old.
        case held(ConnectionToken, since: MonoTime)
        /// The last request failed. To `requesting` when the time has come, or at once for a new claimant.
        case waiting(until: MonoTime)
    }

    private var state = State.empty
    private var claimants: [Claimant] = []
    private var backoff = Backoff(base: 1_000, ceiling: 30_000)
    private let age: Int64
    /// The cart is open: a token is kept ready without being claimed.
    package private(set) var isKeeping = false
    /// Somebody wants to read a list with the next token.
    private var isShowing = false
    package var isBeingShown: Bool { isShowing }

    package init(age: Int64) {
        self.age = age
    }

    /// A token that may be looked with (listing readers does not spend it), without handing it out.
    package var peek: ConnectionToken? {
        if case .held(let token, _) = state { return token }
        return nil
    }

    package var holdsToken: Bool { peek != nil }

    /// A token was asked for, or somebody waits for one.
    package var isBusy: Bool {
        if case .requesting = state { return true }
        return !claimants.isEmpty || isShowing
    }

    /// A list is to be read with a token of this cart.
    package mutating func show(at now: MonoTime) -> [Action] {
        if case .held(let token, let since) = state, now - since < age { return [.show(token)] }
        isShowing = true
        switch state {
        case .held, .waiting: state = .empty
        case .empty, .requesting: break
        }
        return fill(at: now)
    }

    /// Somebody waits for a token: it is asked for at once.
    package var isClaimed: Bool { !claimants.isEmpty || isShowing }

    /// Nobody wants it for a reader.
    var waitsForRequestsOnly: Bool {
        !claimants.isEmpty && !isShowing
            && claimants.allSatisfy {
                switch $0 {
                case .request: true
                case .reader: false
                }
            }
    }

    /// It was not asked for after all: the cart is gone.
    mutating func wasNotAsked() {
        if case .requesting = state { state = .empty }
    }

    /// It was not asked for in time, and nobody waits for it: later again.
    mutating func wasLate(at now: MonoTime, random: inout SeededRandom) -> [Action] {
        guard case .requesting = state, !isClaimed else { return [] }
        state = .waiting(until: now + backoff.next(random: &random))
        return []
    }

    package mutating func keep(at now: MonoTime) -> [Action] {
        isKeeping = true
        return fill(at: now)
    }

    /// The cart is gone: the token is dropped, and those who wait are told.
    package mutating func drop() -> [Action] {
        isKeeping = false
        if case .held = state { state = .empty }
        return refuseAll(.unavailable(detail: "the cart was closed", mayHaveActed: false))
    }

    private mutating func refuseAll(_ failure: CallFailure) -> [Action] {
        var actions: [Action] = claimants.map { .refuse($0, failure) }
        claimants = []
        if isShowing { actions.append(.showNone(failure)) }
        isShowing = false
        return actions
    }

    package mutating func claim(_ claimant: Claimant, at now: MonoTime) -> [Action] {
        if case .held(let token, let since) = state {
            state = .empty
            if now - since < age { return [.give(token, to: claimant)] + fill(at: now) }
        }
        if !claimants.contains(claimant) { claimants.append(claimant) }
        if case .waiting = state { state = .empty }
        return fill(at: now)
    }

    package mutating func withdraw(_ claimant: Claimant) { claimants.removeAll { $0 == claimant } }

    package mutating func answered(_ token: ConnectionToken, at now: MonoTime) -> [Action] {
        guard case .requesting = state else { return [] }
        backoff.reset()
        let shown: [Action] = isShowing ? [.show(token)] : []
        if claimants.isEmpty {
            // What was only looked with serves the payment that it was looked for.
            state = isKeeping || isShowing ? .held(token, since: now) : .empty
            isShowing = false
            return shown
        }
        isShowing = false
        state = .empty
        let first = claimants.removeFirst()
        return shown + [.give(token, to: first)] + fill(at: now)
    }

    package mutating func failed(_ failure: CallFailure, at now: MonoTime, random: inout SeededRandom) -> [Action] {
        guard case .requesting = state else { return [] }
        state = .waiting(until: now + backoff.next(random: &random))
        return refuseAll(failure)
    }

    package mutating func tick(at now: MonoTime) -> [Action] {
        switch state {
        // A fresh one is asked for a little before the held one is too old; the old one is dropped, it was never used.
        case .held(_, let since) where isKeeping && now >= since + age - Self.margin(age):
            state = .empty
            return fill(at: now)
        case .waiting(let until) where now >= until:
            state = .empty
            return isKeeping || !claimants.isEmpty ? fill(at: now) : []
        case .empty, .requesting, .held, .waiting: return []
        }
    }

    package var nextWake: MonoTime? {
        switch state {
        case .held(_, let since): isKeeping ? since + age - Self.margin(age) : nil
        case .waiting(let until): isKeeping || !claimants.isEmpty ? until : nil
        case .empty, .requesting: nil
        }
    }

    private mutating func fill(at now: MonoTime) -> [Action] {
        guard case .empty = state, isKeeping || isShowing || !claimants.isEmpty else { return [] }
        state = .requesting
        return [.request]
    }

    private static func margin(_ age: Int64) -> Int64 { min(20_000, age / 4) }
}

/// A question that somebody outside waits for the answer of.
package struct RequestID: Sendable, Hashable {
    package let value: UInt64
    package init(_ value: UInt64) { self.value = value }
}
