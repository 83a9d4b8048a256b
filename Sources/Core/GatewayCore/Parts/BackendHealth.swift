import GatewayModel
import Moments

/// What the backend's answers, and their absence, say of the backend itself: whether it serves, and whether it accepts the credential in use.
struct BackendHealth: Sendable {
    /// Whether new work is refused, and for which of the two reasons.
    enum Refusal: Sendable, Equatable {
        case credential(CallFailure)
        /// It has not answered for a while.
        case silent
    }

    private static let firstCredentialPause: Int64 = 1_000
    private static let longestCredentialPause: Int64 = 30_000
    private static let outagePause: Int64 = 5_000

    private var breaker = CircuitBreaker()
    /// The backend refused the credential that is in use.
    private(set) var refusedCredential: CallFailure?
    private var credentialProbeAt: MonoTime = .max
    /// Before the next try with a credential that was refused.
    private var credentialPause = Self.firstCredentialPause
    /// How it failed to answer the last time, and when it is asked whether it is back.
    private var lastOutage: CallFailure?
    private var outageProbeAt: MonoTime = .max
    /// When it last did what it was asked; nil: not since the start.
    private(set) var servedAt: WallTime?

    /// Asked for the intent of a cart again, it has given another.
    private(set) var makesNewIntents = false

    // MARK: Events

    /// It is about to be asked something.
    mutating func asking(at moment: MonoTime) { breaker.calling(at: moment) }

    /// It did what it was asked.
    mutating func served(at now: Now) {
        servedAt = now.wall
        breaker.answered()
        acceptCredential()
    }

    /// It did not do what it was asked, or was not reached.
    mutating func failed(_ failure: CallFailure, at now: Now, random: inout SeededRandom) {
        switch failure {
        case .unauthorized:
            breaker.answered()
            if refusedCredential == nil { credentialProbeAt = now.mono + credentialPause }
            refusedCredential = failure
        case .forbidden, .rejected, .invalidAnswer: breaker.answered()
        case .unavailable:
            let wasOpen = breaker.isOpen
            breaker.failed(at: now.mono, random: &random)
            lastOutage = failure
            // Somebody has to find out that it is back, also while no till asks for anything.
            if breaker.isOpen, !wasOpen { outageProbeAt = now.mono + Self.outagePause }
        // It was not even asked.
        case .overloaded: break
        }
    }

    /// The credential is another one, or was accepted.
    mutating func acceptCredential() {
        refusedCredential = nil
        credentialProbeAt = .max
        credentialPause = Self.firstCredentialPause
    }

    /// It was asked for the intent of a cart again, and has given the same one, or another.
    ///
    /// - Returns: whether it is news that it makes another each time.
    mutating func gaveAgain(isSame: Bool) -> Bool {
        defer { makesNewIntents = !isSame }
        return !isSame && !makesNewIntents
    }

    /// - Returns: whether a harmless question is due, for the credential may have been taken back into favour without being changed.
    mutating func tick(at moment: MonoTime) -> Bool {
        guard moment >= credentialProbeAt else { return false }
        credentialPause = min(Self.longestCredentialPause, credentialPause * 2)
        credentialProbeAt = moment + credentialPause
        return true
    }

    // MARK: What is known

    var nextWake: MonoTime { credentialProbeAt }

    /// When it is to be asked whether it is back; `.max`: it is not away.
    var outageProbe: MonoTime { breaker.isOpen ? outageProbeAt : .max }

    /// How it fails to answer now; nil: it answers, or nobody knows.
    var outage: CallFailure? { breaker.isOpen ? lastOutage : nil }

    /// It has not answered for a while, and new work would wait in vain.
    func isSilent(at moment: MonoTime) -> Bool { breaker.refusesNewWork(at: moment) }

    func refusesNewWork(at moment: MonoTime) -> Refusal? {
        if let refusedCredential { return .credential(refusedCredential) }
        return isSilent(at: moment) ? .silent : nil
    }
}
