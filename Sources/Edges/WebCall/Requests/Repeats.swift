import GatewayModel
import Moments

/// Whether a call is made again when its answer is lost. The caller says so, for only the caller knows what the call moves.
package enum Repeats: Sendable {
    /// The call moves something, and is never repeated by itself.
    case never
    /// What the call makes is worth nothing when its answer is lost. It is made once more.
    case once
    /// The call only asks, and is repeated until its deadline.
    case question
}

/// The reason why an attempt brought no answer, and what another attempt is worth.
struct FailedAttempt: Error {
    enum Worth: Equatable {
        /// Another attempt would get the same answer.
        case nothing
        /// Nothing went out. That is worth a little patience and no more, for a missing host rarely comes back within seconds.
        case another
        /// There was no answer, or one from a host that has trouble of its own.
        case more
        /// The other side asks for this wait first.
        case moreAfter(Duration)
    }

    var failure: CallFailure
    var worth: Worth
    /// There was no way to the host, or another host answered at its address.
    var isAboutTheWay = false
    /// The host answered, if only with a refusal.
    var wasAnswered = false
}

/// Counts the attempts of one call, and says when the next one is due.
struct Attempts {
    enum Next: Equatable {
        case giveUp
        case again(after: Duration)
    }

    /// The pause before the second further attempt. The first one follows at once, and each later pause is twice as long, up to the
    /// longest.
    static let pause = Duration.milliseconds(250)
    static let longestPause = Duration.seconds(2)
    /// The number of tries of a call that did not go out.
    static let unsentLimit = 3

    private let repeats: Repeats
    private var failures = 0
    private var unsent = 0

    init(_ repeats: Repeats) { self.repeats = repeats }

    /// - Parameter left: the rest of the call's time.
    mutating func failed(_ worth: FailedAttempt.Worth, left: Duration) -> Next {
        failures += 1
        if worth == .another { unsent += 1 }
        switch repeats {
        case .never: return .giveUp
        case .once where failures > 1: return .giveUp
        case .once, .question: break
        }
        var pause = failures == 1 ? .zero : min(Self.pause * (1 << min(failures - 2, 8)), Self.longestPause)
        switch worth {
        case .nothing: return .giveUp
        case .another where unsent >= Self.unsentLimit: return .giveUp
        // An obstacle that let nothing through is still there a moment later.
        case .another: pause = max(pause, Self.pause / 2)
        case .more: break
        case .moreAfter(let wait): pause = max(pause, wait)
        }
        return pause < left ? .again(after: pause) : .giveUp
    }
}
