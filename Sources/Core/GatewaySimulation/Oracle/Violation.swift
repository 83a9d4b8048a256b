/// A broken promise.
package struct Violation: Sendable, Equatable {
    package enum Promise: String, Sendable {
        case neverTwice = "never twice"
        case neverLost = "never lost"
        case neverAGuess = "never a guess"
        case endIsFinal = "an end is final"
        case oneOwner = "one owner"
        case tokenOnce = "a token is spent once"
        case noSecret = "no secret leaves"
        case bounded = "every wait is bounded"
        case answered = "always an answer"
        case fits = "the parts fit together"
        case comesToRest = "everything comes to rest"
        case payable = "an unpaid cart can be paid"
        case amounts = "the amount is what was shown and the tip"
    }

    package var promise: Promise
    package var words: String
    package var step: Int
    package var at: Int64
}
