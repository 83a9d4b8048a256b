internal import GatewayCore
import GatewayModel
import Moments

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
    case hangsUp(Int)
    case technician, registrar, acceptsLoss
    /// A reader shows itself on the LAN, or nobody answers where it was.
    case sighted(Int)
    case listedAnew
    case dialect(Int, isOther: Bool)
    case cardDesk(Int?)
    case keptCard(Int, number: Int, canceled: Bool)
    case madeMethod(Int, number: Int)
    case settings
    case cable(Int, isIn: Bool)
    case stripeCancels, changesAmount
    case diskHangs(for: Int64)
    /// The reader asks for the PIN of a card whose contactless try was declined: the same confirm goes on.
    case pinAsked(Int, number: Int, outcome: IssuerOutcome)
    /// What was `processing` at Stripe has become something.
    case processed(InFlight, approves: Bool)
    case holdLetGo(Int)
    /// The customer has answered in the bank's app.
    case bankApp(Int, intent: Int, approves: Bool)
    case closing
    case look
    case settle
    case rests(tries: Int)
    case asksAgain(Int)
    case probe(Int)
    case probed
    case over
}

enum IssuerOutcome: Sendable {
    case approve(IntentStatus)
    /// Charged, and told as a refusal.
    case approveOddly(IntentStatus)
    /// Not decided yet when the reader answers.
    case process(approves: Bool)
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
    /// The payment, or card set-up, in its trace, if one.
    var payment: Int?
    var setup: Int?
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
    var isForgotten = false
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
    var confirmedAt: Int64?
    /// Its last collect has no answer: the session has to be opened anew for it.
    var hasLostCollect = false
    var confirmedIntents: [Int] = []
    var cancelSent = false
    /// When the till was told that it is being canceled, and nothing was confirmed.
    var canceledAt: Int64?
    var declines = 0
    var customerCanceled = false
    var charge: Int?
    /// The end as it was told to a till.
    var shownEnd: PaymentRecord?
    /// The agent has worked on it for so long, while it was neither ended nor unresolved.
    var runsSince: Int64?
    var resolvedByTechnician = false
    /// A technician has acknowledged what it warns of, or is about to.
    var wasSeenTo = false
    /// A technician repeats it, who has looked up that nothing was typed in.
    var isVouched = false
    /// It was refused because of the disk: it never runs.
    var wasRefusedForDisk = false
}

struct CartTruth: Sendable {
    var id: CartID
    var amount: Int
    var isDropped = false
    /// A technician has said the wrong thing of a payment of it: what follows from that is no machine's fault.
    var isMisjudged = false
    var currency = World.currency
    /// Other ways in which tills write it.
    var spellings: [CartID] = []
    /// Somebody has changed an intent of it at Stripe.
    var isTamperedWith = false
}

struct Till: Sendable {
    var cart: Int?
    var payment: Int?
    var attempts = 0
    var steps = 0
    var waitsForPut = false
}
