import GatewayModel
import Moments

/// What the backend's answers, and their absence, say of the backend itself: whether it serves, and whether it accepts the credential in
/// use.
struct BackendHealth: Sendable {
    /// Why new work is refused.
    enum Refusal: Sendable, Equatable {
        case credential(CallFailure)
        /// The backend has not answered for a while.
        case silent
    }

    private static let firstCredentialPause: Int64 = 1_000
    private static let longestCredentialPause: Int64 = 30_000
    private static let outagePause: Int64 = 5_000

    private var breaker = CircuitBreaker()
    /// How the backend refused the credential that is in use.
    private(set) var refusedCredential: CallFailure?
    private var credentialProbeAt: MonoTime = .max
    /// The pause before the next try with a refused credential.
    private var credentialPause = Self.firstCredentialPause
    /// How the backend failed to answer the last time. The next field tells when it is asked whether it is back.
    private var lastOutage: CallFailure?
    private var outageProbeAt: MonoTime = .max
    /// When the backend last did what it was asked; nil when it has not since the start.
    private(set) var servedAt: WallTime?

    /// Whether the backend, asked again for the intent of a cart, has given another one.
    private(set) var makesNewIntents = false

    // MARK: Events

    /// Notes that the backend is about to be asked something.
    mutating func asking(at moment: MonoTime) { breaker.calling(at: moment) }

    /// Notes that the backend did what it was asked.
    mutating func served(at now: Now) {
        servedAt = now.wall
        breaker.answered()
        acceptCredential()
    }

    /// Notes that the backend did not do what it was asked, or was not reached.
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
            // The agent has to find out that the backend is back, even while no till asks for anything.
            if breaker.isOpen, !wasOpen { outageProbeAt = now.mono + Self.outagePause }
        // The agent did not even ask the backend.
        case .overloaded: break
        }
    }

    /// Notes that the credential is another one, or was accepted.
    mutating func acceptCredential() {
        refusedCredential = nil
        credentialProbeAt = .max
        credentialPause = Self.firstCredentialPause
    }

    /// Notes that the backend was asked again for the intent of a cart, and whether it gave the same one.
    ///
    /// - Returns: whether it is news that it makes another each time.
    mutating func gaveAgain(isSame: Bool) -> Bool {
        defer { makesNewIntents = !isSame }
        return !isSame && !makesNewIntents
    }

    /// Lets time pass. Returns whether a harmless question is due, because the backend may accept the unchanged credential again.
    mutating func tick(at moment: MonoTime) -> Bool {
        guard moment >= credentialProbeAt else { return false }
        credentialPause = min(Self.longestCredentialPause, credentialPause * 2)
        credentialProbeAt = moment + credentialPause
        return true
    }

    // MARK: What is known

    var nextWake: MonoTime { credentialProbeAt }

    /// When the backend is asked whether it is back; `.max` when it is not away.
    var outageProbe: MonoTime { breaker.isOpen ? outageProbeAt : .max }

    /// How the backend fails to answer now; nil when it answers or that is not known.
    var outage: CallFailure? { breaker.isOpen ? lastOutage : nil }

    /// Whether the backend has not answered for a while, so that new work would wait in vain.
    func isSilent(at moment: MonoTime) -> Bool { breaker.refusesNewWork(at: moment) }

    func refusesNewWork(at moment: MonoTime) -> Refusal? {
        if let refusedCredential { return .credential(refusedCredential) }
        return isSilent(at: moment) ? .silent : nil
    }
}
