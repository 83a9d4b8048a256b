import GatewayModel
import Moments

/// What the parts want done, in the order in which they said it.
///
/// Nothing is done while a part is being changed: what follows is queued, and carried out one after another. So no part is ever changed in the
/// middle of its own change, and what is carried out meets the state that is, not one that was.
struct ActionQueue: Sendable {
    /// Always carried out.
    enum Owed: Sendable {
        case payment(PaymentID, PaymentMachine.Owed)
        case cardSetup(CardSetupID, CardSetupMachine.Owed)
        case reader(ReaderID, ReaderMachine.Owed)
        case keeper(CartID, TokenKeeper.Owed)
        case cart(CartID, CartMachine.Action)
        case registration(RegistrationMachine.Owed)
        /// What the evidence came to is with the payment: it is told that the question is answered, and from when on it can be decided.
        case heard(PaymentID, failed: String??)
        case decides(PaymentID)
        /// A technician's word was judged: who said it is shown what it came to.
        case resolved(RequestID, PaymentID)
        case discovery(Discovery.Action)
    }

    /// Carried out only while the machine of this epoch is there and has not ended.
    enum Begun: Sendable {
        case payment(PaymentID, epoch: UInt64, PaymentMachine.Begun)
        case cardSetup(CardSetupID, epoch: UInt64, CardSetupMachine.Begun)
        case reader(ReaderID, epoch: UInt64, ReaderMachine.Begun)
        case keeper(CartID, TokenKeeper.Begun)
        case registration(RegistrationMachine.Job, RegistrationMachine.Begun)
    }

    enum Item: Sendable {
        case owed(Owed)
        case begun(Begun)
    }

    private var items: [Item] = []
    private var done = 0
    /// What goes to the outside for the event that is being handled.
    private var out: [Action] = []
    private var lastEpoch: UInt64 = 0

    mutating func add(_ item: Item) { items.append(item) }

    mutating func next() -> Item? {
        guard done < items.count else {
            items.removeAll(keepingCapacity: true)
            done = 0
            return nil
        }
        defer { done += 1 }
        return items[done]
    }

    var isEmpty: Bool { done == items.count }

    // MARK: To the outside

    mutating func emit(_ action: Action) { out.append(action) }

    /// Whoever follows the readers is told once for what one event did.
    mutating func readerChanged(_ id: ReaderID) {
        if !out.contains(.readerChanged(id)) { out.append(.readerChanged(id)) }
    }

    /// All that goes to the outside for one event, in order.
    mutating func takeOut() -> [Action] {
        defer { out = [] }
        return out
    }

    // MARK: Machines

    /// A number that no machine has had.
    mutating func nextEpoch() -> UInt64 {
        lastEpoch += 1
        return lastEpoch
    }
}
