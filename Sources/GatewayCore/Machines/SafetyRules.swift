/// The rules that keep the promises. The simulation takes each of them away to see that it is missed; otherwise all of them hold, and no
/// setting reaches them.
package struct SafetyRules: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static let all = SafetyRules(rawValue: .max)

    /// Nothing is confirmed before "confirming" is on disk.
    package static let confirmAfterRow = SafetyRules(rawValue: 1 << 0)
    /// A "confirming" that could not be written is not confirmed.
    package static let noRowNoConfirm = SafetyRules(rawValue: 1 << 1)
    /// A cart's intent is used again once it was confirmed.
    package static let reuseIntent = SafetyRules(rawValue: 1 << 2)
    /// A reader that was left in an unknown state is nobody's until it was seen idle.
    package static let leaseUntilIdle = SafetyRules(rawValue: 1 << 3)
    package static let tokenOnce = SafetyRules(rawValue: 1 << 4)
    /// "Not charged" needs the reader seen idle.
    package static let idleProof = SafetyRules(rawValue: 1 << 5)
    /// "Not charged" needs the authorization window to be over.
    package static let window = SafetyRules(rawValue: 1 << 6)
    package static let noConfirmAfterCancel = SafetyRules(rawValue: 1 << 7)
    /// The intent's amount is what the reader showed.
    package static let verifyAmount = SafetyRules(rawValue: 1 << 8)
    /// No other amount while an attempt of the cart is unresolved.
    package static let otherAmountsRefused = SafetyRules(rawValue: 1 << 9)
    /// A `Failed` that may be of an earlier decline is waited with.
    package static let staleFailed = SafetyRules(rawValue: 1 << 10)
    package static let paidCartRefused = SafetyRules(rawValue: 1 << 11)
    /// The backend is asked what it says of the cart before anything is confirmed.
    package static let baseline = SafetyRules(rawValue: 1 << 12)
    /// `Open` is a baseline only where nothing was confirmed before.
    package static let firstBaseline = SafetyRules(rawValue: 1 << 13)
    package static let sameIDAttaches = SafetyRules(rawValue: 1 << 14)
    /// No answer to a confirm is not a decline.
    package static let lostIsUnknown = SafetyRules(rawValue: 1 << 15)
    /// A restart after "confirming" knows nothing of the money.
    package static let restartIsUnknown = SafetyRules(rawValue: 1 << 16)
    /// A payment is answered once it is on disk.
    package static let acceptAfterRow = SafetyRules(rawValue: 1 << 17)
    package static let oneRequest = SafetyRules(rawValue: 1 << 18)
    /// No heartbeat while a payment holds the reader.
    package static let quietWhileHeld = SafetyRules(rawValue: 1 << 19)
    /// Keyed entry and a reader payment exclude each other.
    package static let keyedExcludes = SafetyRules(rawValue: 1 << 20)
    /// Evidence is asked for after what it is to be evidence of.
    package static let freshEvidence = SafetyRules(rawValue: 1 << 21)
    /// Of several attempts on one intent one took the money.
    package static let oneTaker = SafetyRules(rawValue: 1 << 22)
    /// A cancel is acknowledged by the reader.
    package static let cancelAcknowledged = SafetyRules(rawValue: 1 << 23)
    /// An end is shown once it is on disk.
    package static let endsAfterRow = SafetyRules(rawValue: 1 << 24)
    /// A reader that another point of sale uses is not taken over.
    package static let noTakeover = SafetyRules(rawValue: 1 << 25)

    /// Each rule with its name.
    package static let named: [(name: String, rule: SafetyRules)] = [
        ("confirmAfterRow", .confirmAfterRow), ("noRowNoConfirm", .noRowNoConfirm), ("reuseIntent", .reuseIntent),
        ("leaseUntilIdle", .leaseUntilIdle), ("tokenOnce", .tokenOnce), ("idleProof", .idleProof), ("window", .window),
        ("noConfirmAfterCancel", .noConfirmAfterCancel), ("verifyAmount", .verifyAmount), ("otherAmountsRefused", .otherAmountsRefused),
        ("staleFailed", .staleFailed), ("paidCartRefused", .paidCartRefused), ("baseline", .baseline), ("firstBaseline", .firstBaseline),
        ("sameIDAttaches", .sameIDAttaches), ("lostIsUnknown", .lostIsUnknown), ("restartIsUnknown", .restartIsUnknown),
        ("acceptAfterRow", .acceptAfterRow), ("oneRequest", .oneRequest), ("quietWhileHeld", .quietWhileHeld),
        ("keyedExcludes", .keyedExcludes), ("freshEvidence", .freshEvidence), ("oneTaker", .oneTaker),
        ("cancelAcknowledged", .cancelAcknowledged), ("endsAfterRow", .endsAfterRow), ("noTakeover", .noTakeover),
    ]
}
