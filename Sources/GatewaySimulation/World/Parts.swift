internal import GatewayCore

/// Something that will happen in the world.
enum Happening: Sendable {
    case tick
    case callActs(Int)
    case callAnswers(Int, Answer, isCopy: Bool)
    case callTimesOut(Int)
    case commits(Int)
    case till(Int)
    case card(Int, number: Int, canceled: Bool)
    case issuer(Int, number: Int, outcome: IssuerOutcome)
    case order(Int)
    case keyedForm(Int, intent: Int, pays: Bool)
    case kill, start, stop
    case readerOff(Int), readerOn(Int), takenOver(Int, collects: Bool), left(Int), moved(Int)
    case outage(Backend.Trouble?)
    case diskFull(Bool)
    case clockJumps(Int64)
    case closing
    case look
    case settle
    case over
}

enum IssuerOutcome: Sendable {
    case approve(IntentStatus)
    case decline
    /// The reader's link to Stripe broke; the intent waits to be confirmed again.
    case requiresConfirmation
    /// An answer that does not say what became of it.
    case silent(charged: Bool)
}

/// A call of the agent, from its being sent to its answer.
struct OpenCall: Sendable {
    var id: CallID
    var call: Call
    var generation: Int
    /// The payment in its trace, if one.
    var payment: Int?
    var sentAt: Int64
    var deadline: Int64
    var isAnswered = false
    var hasActed = false
    var losesAnswer = false
}

/// A request of a till.
struct OpenRequest: Sendable {
    var request: Request
    var generation: Int
    var till: Int
    var payment: Int?
    var sentAt: Int64
    var isAnswered = false
    var isPut = false
}

/// What is true of a payment, whatever the agent thinks.
struct PaymentTruth: Sendable {
    var id: PaymentID
    var cart: Int
    var till: Int
    var request: PaymentRequest
    /// A 201 or 200 was given.
    var wasAcknowledged = false
    var confirms = 0
    var confirmedIntents: [Int] = []
    var cancelSent = false
    var declines = 0
    var customerCanceled = false
    var charge: Int?
    /// The end as it was told to a till.
    var shownEnd: PaymentRecord?
    /// The agent has worked on it for so long, while it was neither ended nor unresolved.
    var runsSince: Int64?
    var resolvedByTechnician = false
}

struct CartTruth: Sendable {
    var id: CartID
    var amount: Int
    var isDropped = false
}

struct Till: Sendable {
    var cart: Int?
    var payment: Int?
    var attempts = 0
    var steps = 0
    var waitsForPut = false
}
