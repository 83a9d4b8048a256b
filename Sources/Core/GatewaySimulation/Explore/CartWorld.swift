internal import GatewayCore
import GatewayModel
import Moments

/// One cart and all that can happen to it, without chance. It holds the machine that production runs, and a small model of readers, Stripe,
/// the backend and the journal around it.
///
/// Time passes by whole windows, and by a moment where an order of moments can matter. The world assumes what the design assumes: nothing
/// is charged later than the window after its reader was seen idle.
struct CartWorld: Sendable {
    enum Happening: Sendable, Hashable {
        /// A till asks for the money. `other` asks for another amount.
        case put(Int, other: Bool)
        /// The card is read, "confirming" is on disk, the confirm is sent.
        case confirm(Int)
        /// Nothing of the confirm leaves the box.
        case neverLeaves(Int)
        /// The confirm is lost on its way. No issuer will see it.
        case evaporates(Int)
        case approves(Int)
        case declines(Int)
        /// Contactless is refused, the backend hears of it, and the same confirm goes on with chip and PIN.
        case declinesAndGoesOn(Int)
        /// The reader answers. `bare` is a refusal that does not name the intent.
        case answers(Int, bare: Bool)
        case losesAnswer(Int)
        case seenIdle(Int)
        case asksStripe
        /// Stripe answers with what was true when it was asked, or with what is true now.
        case stripeAnswers(old: Bool)
        case hears
        case ordered
        /// The order fails, and the backend releases the money.
        case orderFails
        case canceledAtStripe
        case technician(Int)
        case windowPasses
        case restarts
    }

    enum Attempt: Sendable, Hashable {
        case none
        /// The attempt waits for a card, for this intent.
        case collecting(Int)
        case waiting(Int)
        /// The attempt's answer came, or will not come, and proves nothing.
        case open(Int)
        case ended(Verdict?)
    }

    enum Flight: Sendable, Hashable {
        case none, pending
        case approved, declined
        /// The confirm met an intent that could not be confirmed.
        case refused
    }

    struct Intent: Sendable, Hashable {
        var amount: Int64
        var isCanceled = false
        /// The attempt whose confirm charged the intent.
        var chargedBy: Int?
        var isVoided = false

        var status: IntentStatus {
            if isCanceled { return .canceled }
            return chargedBy == nil ? .requiresPaymentMethod : .succeeded
        }
    }

    struct Question: Sendable, Hashable {
        var intent: Int
        var asked: MonoTime
        var status: IntentStatus
    }

    static let currency = Currency(unchecked: "usd")
    static let key = PublishableKey(unchecked: "pk_test_1")
    static let cart = CartID(unchecked: "1")
    static let window: Int64 = 180_000
    static let terms = EvidenceTerms(window: window, patience: 120_000)
    private static let amounts = (first: World.amount("10.00"), second: World.amount("20.00"))

    var machine: CartMachine
    var now: MonoTime = 1_000_000
    var attempts: [Attempt]
    var flights: [Flight]
    var idle: Set<Int> = []
    var intents: [Intent] = []
    var question: Question?
    var isOrdered = false
    var saysFailed = false
    var restarts = 0
    /// Whether the backend makes a new intent each time it is asked.
    let makesNew: Bool
    /// The journal's rows.
    var row: CartFacts
    var records: [PaymentRecord?]
    var violation: String?

    init(attempts count: Int, makesNew: Bool) {
        row = CartFacts(cart: Self.cart)
        machine = CartMachine(row, isRecalled: true, terms: Self.terms, at: Now(mono: 1_000_000, wall: 1_000_000))
        attempts = Array(repeating: .none, count: count)
        flights = Array(repeating: .none, count: count)
        records = Array(repeating: nil, count: count)
        self.makesNew = makesNew
    }

    /// A hash of all that decides what can happen from here on. Two worlds with the same hash are one.
    var trace: Int {
        var hasher = Hasher()
        hasher.combine(machine)
        hasher.combine(now)
        hasher.combine(attempts)
        hasher.combine(flights)
        hasher.combine(idle)
        hasher.combine(intents)
        hasher.combine(question)
        hasher.combine(isOrdered)
        hasher.combine(saysFailed)
        hasher.combine(restarts)
        for record in records { hasher.combine(record?.money) }
        return hasher.finalize()
    }

    var moment: Now { Now(mono: now, wall: wall) }
    private var wall: WallTime { WallTime(now.milliseconds) }
    static func payment(_ index: Int) -> PaymentID { PaymentID(unchecked: "p\(index)") }
    static func reader(_ index: Int) -> ReaderID { ReaderID(unchecked: "tmr_\(index)") }
    static func id(_ intent: Int) -> IntentID { IntentID(unchecked: "pi_\(intent)") }

    static func index(_ id: PaymentID) -> Int? { World.number(in: id.text, after: 1) }

    static func request(other: Bool) -> PaymentRequest {
        PaymentRequest(cart: cart, amount: other ? amounts.second : amounts.first)
    }

    func facts(_ intent: Int) -> IntentFacts {
        IntentFacts(id: Self.id(intent), status: intents[intent].status, amountMinor: intents[intent].amount, currency: Self.currency)
    }

    var charges: Int { intents.count { $0.chargedBy != nil && !$0.isVoided } }

    /// Everything that can happen now.
    var possible: [Happening] {
        var all: [Happening] = []
        for index in attempts.indices {
            switch attempts[index] {
            case .none:
                // Attempts are alike, so the first unused one comes first.
                if attempts[..<index].allSatisfy({ $0 != .none }) { all += [.put(index, other: false), .put(index, other: true)] }
            case .collecting: all += [.confirm(index), .neverLeaves(index)]
            case .waiting:
                all.append(.losesAnswer(index))
                switch flights[index] {
                case .approved, .declined: all.append(.answers(index, bare: false))
                case .refused: all += [.answers(index, bare: false), .answers(index, bare: true)]
                case .none, .pending: break
                }
            case .open:
                if !idle.contains(index) { all.append(.seenIdle(index)) }
                if flights[index] != .pending { all.append(.technician(index)) }
            case .ended: break
            }
            if flights[index] == .pending {
                all += [.approves(index), .declines(index), .evaporates(index)]
                if !saysFailed { all.append(.declinesAndGoesOn(index)) }
            }
        }
        if question != nil {
            all += [.stripeAnswers(old: false), .stripeAnswers(old: true)]
        } else if readable != nil {
            all.append(.asksStripe)
        }
        if !machine.facts.paid || saysFailed { all.append(.hears) }
        if charges > 0, !isOrdered { all += [.ordered, .orderFails] }
        if let last = intents.indices.last, intents[last].chargedBy == nil, !intents[last].isCanceled,
            !flights.contains(.pending)
        {
            all.append(.canceledAtStripe)
        }
        // A reader that is idle again charges what it has left within the window.
        if attempts.indices.contains(where: { idle.contains($0) }), !idle.contains(where: { flights[$0] == .pending }) {
            all.append(.windowPasses)
        }
        if restarts < 1, attempts.contains(where: { $0 != .none }) { all.append(.restarts) }
        return all
    }

    /// The intent whose status matters most, if it can be read.
    var readable: Int? {
        intents.indices.last { index in
            machine.readable.contains(Self.id(index))
                && (machine.known(of: Self.id(index)) != nil || machine.facts.intent?.id == Self.id(index))
        }
    }
}
