/// What a request makes the agent do: by this it is admitted, and on which threads its answer is made.
package enum Work: Sendable, Hashable, CaseIterable {
    /// A payment: it is never refused for want of a place, and nothing else goes before it.
    case sells
    /// What comes before a payment, or beside it: carts, tokens, readers.
    case prepares
    /// Waiting for the end of a payment that was asked for before.
    case waits
    /// A stream of events.
    case streams
    /// Checks, and looking for devices.
    case checks
    /// Pages of payments, and documents that are long.
    case lists
    /// Anything else that is looked at.
    case looks

    /// The work's noun, for the sentence that refuses it.
    var noun: String {
        switch self {
        case .sells: "payments"
        case .prepares: "calls that prepare a sale"
        case .waits: "waits"
        case .streams: "streams"
        case .checks: "checks"
        case .lists: "lists and documents"
        case .looks: "questions"
        }
    }
}
