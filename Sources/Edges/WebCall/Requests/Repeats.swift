import GatewayModel
import Moments

/// Whether a call is made again when its answer is lost. Whoever makes the call says so, for only they know what it moves.
package enum Repeats: Sendable {
    /// It moves something: never by itself.
    case never
    /// What it makes is worth nothing to anybody when its answer is lost: once more.
    case once
    /// It only asks: until its deadline.
    case question
}

/// Why an attempt brought no answer, and what another one is worth.
struct FailedAttempt: Error {
    enum Worth: Equatable {
        /// The same would be answered.
        case nothing
        /// Nothing went out: worth a little patience, and no more, for what is not there rarely comes within seconds.
        case another
        /// It was answered by nobody, or by somebody who has trouble of their own.
        case more
        /// The other side asks to wait so long first.
        case moreAfter(Duration)
    }

    var failure: CallFailure
    var worth: Worth
    /// There was no way to the host, or somebody else at its end.
    var isAboutTheWay = false
    /// The host answered, if only with a refusal.
    var wasAnswered = true
}

/// Counts the attempts of one call, and says when the next one is due.
struct Attempts {
    enum Next: Equatable {
        case giveUp
        case again(after: Duration)
    }

    /// The pause before the second further attempt; the first one follows at once, and each later pause is twice as long, up to the longest.
    static let pause = Duration.milliseconds(250)
    static let longestPause = Duration.seconds(2)
    /// How often something is tried that did not go out.
    static let unsentLimit = 3

    private let repeats: Repeats
    private var failures = 0
    private var unsent = 0

    init(_ repeats: Repeats) { self.repeats = repeats }

    /// - Parameter left: of the call's time.
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
        // The wall that nothing came through stands a moment later, too.
        case .another: pause = max(pause, Self.pause / 2)
        case .more: break
        case .moreAfter(let wait): pause = max(pause, wait)
        }
        return pause < left ? .again(after: pause) : .giveUp
    }
}
