internal import GatewayCore
import GatewayModel

/// An event that will happen in the world.
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
    /// A reader shows itself on the LAN, or no device answers at its old address.
    case sighted(Int)
    case listedAnew
    case dialect(Int, isOther: Bool)
    case cardDesk(Int?)
    case keptCard(Int, number: Int, canceled: Bool)
    case madeMethod(Int, number: Int)
    case settings
    /// Somebody asks what makes no sense, or looks around.
    case odd
    /// A technician acknowledges a payment while the disk is in trouble.
    case troubledWord
    case revisited(Int)
    case formAnew(Int, left: Int)
    case goesOnTyping(Int)
    case cable(Int, isIn: Bool)
    case stripeCancels, changesAmount
    case diskHangs(for: Int64)
    /// The reader asks for the PIN of a card whose contactless try was declined. The same confirm goes on.
    case pinAsked(Int, number: Int, outcome: IssuerOutcome)
    /// An intent that was `processing` at Stripe has got its result.
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
    /// The intent is charged, and the answer is a refusal.
    case approveOddly(IntentStatus)
    /// The result is not decided yet when the reader answers.
    case process(approves: Bool)
    case decline
    /// The reader's link to Stripe broke. The intent waits to be confirmed again.
    case requiresConfirmation
    /// The answer does not name the result.
    case silent(charged: Bool)
}

/// A call of the agent, from its sending to its answer.
struct OpenCall: Sendable {
    var id: CallID
    var call: Call
    var generation: Int
    /// The payment in the call's trace, if there is one. `setup` is the card set-up there.
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

/// The truth about a payment, whatever the agent thinks.
struct PaymentTruth: Sendable {
    var id: PaymentID
    var cart: Int
    var till: Int
    var request: PaymentRequest
    /// A 201 or 200 was answered.
    var wasAcknowledged = false
    var confirms = 0
    var confirmedAt: Int64?
    /// The payment's last collect has no answer. The session has to be opened anew for it.
    var hasLostCollect = false
    var confirmedIntents: [Int] = []
    var cancelSent = false
    /// The moment when the till was told that the payment is being canceled, while nothing was confirmed.
    var canceledAt: Int64?
    var declines = 0
    var customerCanceled = false
    var charge: Int?
    /// The end as a till was told it.
    var shownEnd: PaymentRecord?
    /// The moment since which the agent has worked on the payment, while it was neither ended nor unresolved.
    var runsSince: Int64?
    var resolvedByTechnician = false
    /// A technician has acknowledged the payment's warnings, or is about to.
    var wasSeenTo = false
    /// A technician repeats the request, and has looked up that no card was typed in.
    var isVouched = false
    /// The payment was refused because of the disk, so it never runs.
    var wasRefusedForDisk = false
}

struct CartTruth: Sendable {
    var id: CartID
    var amount: Int
    var isDropped = false
    /// A technician has said the wrong thing of one of the cart's payments. What follows from that is not the machine's fault.
    var isMisjudged = false
    var currency = World.currency
    /// The other ways in which tills write the cart.
    var spellings: [CartID] = []
    /// A person has changed one of the cart's intents at Stripe.
    var isTamperedWith = false
}

struct Till: Sendable {
    var cart: Int?
    var payment: Int?
    var attempts = 0
    var steps = 0
    var waitsForPut = false
}
