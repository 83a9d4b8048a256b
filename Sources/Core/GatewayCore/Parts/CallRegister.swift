import GatewayModel
import Moments

/// Why a call was made. Its answer counts for that purpose and no other.
enum CallPurpose: Sendable, Hashable {
    case configuration(CartID)
    case configurationRequest(RequestID, CartID)
    case token(CartID)
    case createIntent(CartID, UInt64)
    case verifyIntent(CartID, UInt64)
    case keyedIntent(RequestID, CartID)
    case baseline(PaymentID)
    case status(PaymentID)
    /// Reads an intent to check the keyed entry of a cart, before a payment is accepted and before its card is charged.
    case keyedRead(CartID, IntentID)
    case keyedAgain(CartID, IntentID)
    /// Reads whether the money that is held for a cart is still held.
    case heldRead(CartID)
    case cartStatus(RequestID, CartID)
    case keyedCheck(CartID)
    /// Asks whether the backend agrees with a technician's word.
    case resolution(PaymentID)
    case evidence(PaymentID, CartID)
    /// Reads a replaced intent of a cart, or one for keyed entry.
    case watch(CartID, IntentID)
    case backendReaders
    case stripeReaders(ReaderID?)
    case reader(ReaderID, sequence: UInt64)
    /// Serves the change of readers that is under way.
    case terminals, terminalChange
    case setupIntent(CardSetupID)
    case storeCard(CardSetupID)
    case append
    case networks, lookAtUSB
    case scan(UInt64)
}

/// The questions without an answer yet, each with its purpose, the moment of its asking, and its name in the traces.
struct CallRegister: Sendable {
    private struct Open: Sendable {
        var id: CallID
        var purpose: CallPurpose
        var askedAt: MonoTime
    }

    /// The open calls, in the order in which they were made. They are few, and are gone through far more often than they are found by id.
    private var open: [Open] = []
    private var last: UInt64 = 0
    /// How many calls were made for each holder that has not ended.
    private var traces: [LeaseHolder: Int] = [:]
    /// The moment of the event that is being handled.
    private(set) var moment: MonoTime = .min
    /// When the question was asked whose answer is being handled.
    private(set) var asked: MonoTime = .min

    /// Begins an event. Its questions are asked at this moment.
    mutating func begin(at moment: MonoTime) { self.moment = moment }

    /// Enters a call for a holder, or for the agent itself. What is asked ahead of a holder that has not begun has the number 0, for nobody
    /// would forget a count of one that never begins.
    ///
    /// - Returns: its number, and the name by which it can be followed from end to end.
    mutating func ask(_ purpose: CallPurpose, for holder: LeaseHolder?, isAhead: Bool = false) -> (id: CallID, trace: String) {
        last += 1
        let id = CallID(last)
        open.append(Open(id: id, purpose: purpose, askedAt: moment))
        guard let holder else { return (id, "agent.\(last)") }
        let number = isAhead ? 0 : (traces[holder] ?? 0) + 1
        if !isAhead { traces[holder] = number }
        // A payment and a card set-up may have the same id.
        let name = holder.payment?.text ?? "setup.\(holder.cardSetup?.text ?? "")"
        return (id, "\(name).\(number)")
    }

    /// Takes the purpose of an answered call; nil when no such question was asked, or it was answered before.
    mutating func answered(_ id: CallID) -> CallPurpose? {
        guard let index = open.firstIndex(where: { $0.id == id }) else { return nil }
        let call = open.remove(at: index)
        asked = call.askedAt
        return call.purpose
    }

    /// Stops numbering the calls of a holder that has ended.
    mutating func forget(_ holder: LeaseHolder) { traces[holder] = nil }

    func isAsking(_ purpose: CallPurpose) -> Bool { open.contains { $0.purpose == purpose } }

    func count(where isIt: (CallPurpose) -> Bool) -> Int { open.count { isIt($0.purpose) } }

    func purpose(of id: CallID) -> CallPurpose? { open.first { $0.id == id }?.purpose }

    /// The purposes of all open calls, in the order in which they were made.
    var purposes: [CallPurpose] { open.map(\.purpose) }

    /// The holders whose calls are still numbered, in no order.
    var followed: Dictionary<LeaseHolder, Int>.Keys { traces.keys }
}
