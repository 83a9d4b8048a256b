import GatewayModel
import Moments

/// Why a call was made; its answer is taken for that and nothing else.
enum CallPurpose: Sendable, Hashable {
    case configuration(CartID)
    case configurationRequest(RequestID, CartID)
    case token(CartID)
    case createIntent(CartID, UInt64)
    case verifyIntent(CartID, UInt64)
    case keyedIntent(RequestID, CartID)
    case baseline(PaymentID)
    case status(PaymentID)
    /// Keyed entry of a cart is looked into: before a payment is accepted, and before its card is charged.
    case keyedRead(CartID, IntentID)
    case keyedAgain(CartID, IntentID)
    /// Whether money that is held for a cart is held still.
    case heldRead(CartID)
    case cartStatus(RequestID, CartID)
    case keyedCheck(CartID)
    /// Whether the backend agrees with what a technician has said.
    case resolution(PaymentID)
    case evidence(PaymentID, CartID)
    /// A replaced intent of a cart is looked at, or one that was handed out for keyed entry.
    case watch(CartID, IntentID)
    case backendReaders
    case stripeReaders(ReaderID?)
    case reader(ReaderID, sequence: UInt64)
    /// Of the change of readers that is under way.
    case terminals, terminalChange
    case setupIntent(CardSetupID)
    case storeCard(CardSetupID)
    case append
    case networks, lookAtUSB
    case scan(UInt64)
}

/// The questions that were asked and have no answer yet: each with its reason, the moment of its asking, and its name in the traces.
struct CallRegister: Sendable {
    private struct Open: Sendable {
        var purpose: CallPurpose
        var askedAt: MonoTime
    }

    private var open: [CallID: Open] = [:]
    private var last: UInt64 = 0
    /// How many calls were made for each holder that has not ended.
    private var traces: [LeaseHolder: Int] = [:]
    /// The moment of the event that is being handled.
    private(set) var moment: MonoTime = .min
    /// When the question was asked whose answer is being handled.
    private(set) var asked: MonoTime = .min

    /// An event came: what is asked for it is asked at this moment.
    mutating func begin(at moment: MonoTime) { self.moment = moment }

    /// A call is about to be made for a holder, or for the agent itself.
    ///
    /// - Returns: its number, and the name by which it can be followed from end to end.
    mutating func ask(_ purpose: CallPurpose, for holder: LeaseHolder?) -> (id: CallID, trace: String) {
        last += 1
        let id = CallID(last)
        open[id] = Open(purpose: purpose, askedAt: moment)
        guard let holder else { return (id, "agent.\(last)") }
        let number = (traces[holder] ?? 0) + 1
        traces[holder] = number
        // A payment and a card set-up may have the same id.
        let name = holder.payment?.text ?? "setup.\(holder.cardSetup?.text ?? "")"
        return (id, "\(name).\(number)")
    }

    /// An answer came. Nil: to a question that nobody asked, or that was answered before.
    mutating func answered(_ id: CallID) -> CallPurpose? {
        guard let call = open.removeValue(forKey: id) else { return nil }
        asked = call.askedAt
        return call.purpose
    }

    /// The holder has ended: its calls are numbered no more.
    mutating func forget(_ holder: LeaseHolder) { traces[holder] = nil }

    func isAsking(_ purpose: CallPurpose) -> Bool { open.values.contains { $0.purpose == purpose } }

    func count(of purpose: CallPurpose) -> Int { open.values.count { $0.purpose == purpose } }

    func purpose(of id: CallID) -> CallPurpose? { open[id]?.purpose }

    /// All that is asked, in no order.
    var purposes: [CallPurpose] { open.values.map(\.purpose) }

    /// Whose calls are numbered still, in no order.
    var followed: [LeaseHolder] { Array(traces.keys) }
}
