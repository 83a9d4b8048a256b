import GatewayModel
import Moments

/// The keeper of one unspent connection token for an open cart.
///
/// It hands out a token once and never again. One request is in flight at a time, and failures back off with full jitter.
package struct TokenKeeper: Sendable {
    /// The party that a token is for.
    package enum Claimant: Sendable, Hashable {
        case reader(ReaderID)
        case request(RequestID)
    }

    /// The actions that are carried out even when the cart is gone meanwhile.
    package enum Owed: Sendable, Equatable {
        case give(ConnectionToken, to: Claimant)
        case refuse(Claimant, CallFailure)
        /// Reads lists with the token, which that does not spend.
        case show(ConnectionToken)
        case showNone(CallFailure)
    }

    /// The actions that begin only while a token is wanted here.
    package enum Begun: Sendable, Equatable {
        /// Asks the backend for a token.
        case request
    }

    package typealias Action = PartAction<Owed, Begun>

    private enum State: Sendable {
        /// There is no token and no request. The keeper goes to `requesting` when a claimant comes or the cart is open.
        case empty
        /// The backend was asked. Its answer leads to `held` or `empty`, a failure to `waiting`.
        case requesting
        /// The keeper has one unspent token. It goes to `empty` when the token is given or has grown old.
        case held(ConnectionToken, since: MonoTime)
        /// The last request failed. The keeper goes to `requesting` when the time has come, or at once for a new claimant.
        case waiting(until: MonoTime)
    }

    private var state = State.empty
    private var claimants: [Claimant] = []
    private var backoff = Backoff(base: 1_000, ceiling: 30_000)
    private let age: Int64
    /// Whether the cart is open, so that a token is kept ready without a claim.
    package private(set) var isKeeping = false
    /// Whether a list is to be read with the next token.
    private var isShowing = false
    /// Whether the next token stays here for a payment that waits for something else first.
    private var isPreparing = false
    package var isBeingShown: Bool { isShowing }

    package init(age: Int64) {
        self.age = age
    }

    /// A token for reading lists, which does not spend it and does not hand it out; nil where there is none, or only one that has grown old.
    package func peek(at now: MonoTime) -> ConnectionToken? {
        if case .held(let token, let since) = state, now - since < age { return token }
        return nil
    }

    package var holdsToken: Bool {
        if case .held = state { return true }
        return false
    }

    /// Whether a token was asked for, or a claimant waits for one.
    package var isBusy: Bool {
        if case .requesting = state { return true }
        return !claimants.isEmpty || isShowing
    }

    /// Asks for a list to be read with a token of this cart.
    package mutating func show(at now: MonoTime) -> [Action] {
        if case .held(let token, let since) = state, now - since < age { return [.show(token)] }
        isShowing = true
        switch state {
        case .held, .waiting: state = .empty
        case .empty, .requesting: break
        }
        return fill(at: now)
    }

    /// Whether a claimant waits for a token, so that it is asked for at once.
    package var isClaimed: Bool { !claimants.isEmpty || isShowing || isPreparing }

    /// Whether only requests wait for the token, and no reader.
    var waitsForRequestsOnly: Bool {
        !claimants.isEmpty && !isShowing
            && claimants.allSatisfy {
                switch $0 {
                case .request: true
                case .reader: false
                }
            }
    }

    /// Notes that the token was not asked for after all, because the cart is gone.
    mutating func wasNotAsked() {
        if case .requesting = state { state = .empty }
    }

    /// Notes that the token was not asked for in time. No claimant waits for it, so the keeper asks later again.
    mutating func wasLate(at now: MonoTime, random: inout SeededRandom) -> [Action] {
        guard case .requesting = state, !isClaimed else { return [] }
        state = .waiting(until: now + backoff.next(random: &random))
        return []
    }

    /// Asks for the token that a payment will claim as soon as it is accepted. A refusal is told to whoever claims.
    package mutating func prepare(at now: MonoTime) -> [Action] {
        switch state {
        case .held(_, let since) where now - since < age: return []
        case .held: state = .empty
        case .empty, .requesting: break
        case .waiting: return []
        }
        isPreparing = true
        return fill(at: now)
    }

    package mutating func keep(at now: MonoTime) -> [Action] {
        isKeeping = true
        return fill(at: now)
    }

    /// Drops the token of a cart that is gone, and tells the claimants.
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
        isPreparing = false
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
            // A token that only read a list serves the payment for which it was read.
            state = isKeeping || isShowing || isPreparing ? .held(token, since: now) : .empty
            isShowing = false
            isPreparing = false
            return shown
        }
        isShowing = false
        isPreparing = false
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
        // The keeper asks for a fresh token a little before the held one is too old. It drops the old one, which was never used.
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
        guard case .empty = state, isKeeping || isClaimed else { return [] }
        state = .requesting
        return [.request]
    }

    private static func margin(_ age: Int64) -> Int64 { min(20_000, age / 4) }
}

/// The actions of a keeper, without their kind.
extension TokenKeeper.Action {
    package static var request: Self { .begun(.request) }
    package static func give(_ token: ConnectionToken, to claimant: TokenKeeper.Claimant) -> Self { .owed(.give(token, to: claimant)) }
    package static func refuse(_ claimant: TokenKeeper.Claimant, _ failure: CallFailure) -> Self { .owed(.refuse(claimant, failure)) }
    package static func show(_ token: ConnectionToken) -> Self { .owed(.show(token)) }
    package static func showNone(_ failure: CallFailure) -> Self { .owed(.showNone(failure)) }
}
