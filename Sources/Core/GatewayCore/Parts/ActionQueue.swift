import GatewayModel

/// The actions that the parts want done, in the order in which they said it.
///
/// Nothing is done while a part is being changed. What follows is queued, and carried out one after another. So no part is ever changed in
/// the middle of its own change, and an action meets the present state, not an earlier one.
struct ActionQueue: Sendable {
    // What readers want is large, and the queue moves what it holds, so that is boxed.

    /// The actions that are always carried out.
    enum Owed: Sendable {
        case payment(PaymentID, PaymentMachine.Owed)
        case cardSetup(CardSetupID, CardSetupMachine.Owed)
        indirect case reader(ReaderID, ReaderMachine.Owed)
        case keeper(CartID, TokenKeeper.Owed)
        case cart(CartID, CartMachine.Action)
        case registration(RegistrationMachine.Owed)
        /// The payment is told that its question is answered, and from when on it can be decided. The verdict of the evidence has reached
        /// it.
        case heard(PaymentID, failed: String??)
        case decides(PaymentID)
        /// A technician's word was judged, and the technician is shown the result.
        case resolved(RequestID, PaymentID)
        case discovery(Discovery.Action)
    }

    /// The actions that are carried out only while the machine of this epoch is there and has not ended.
    enum Begun: Sendable {
        case payment(PaymentID, epoch: UInt64, PaymentMachine.Begun)
        case cardSetup(CardSetupID, epoch: UInt64, CardSetupMachine.Begun)
        indirect case reader(ReaderID, epoch: UInt64, ReaderMachine.Begun)
        case keeper(CartID, TokenKeeper.Begun)
        case registration(RegistrationMachine.Job, RegistrationMachine.Begun)
    }

    enum Item: Sendable {
        case owed(Owed)
        case begun(Begun)
    }

    /// What was carried out is taken out, and its place is left empty.
    private var items: [Item?] = []
    private var done = 0
    /// The actions for the outside that the current event has caused.
    private var out: [Action] = []
    private var lastEpoch: UInt64 = 0

    mutating func add(_ item: Item) { items.append(item) }

    mutating func next() -> Item? {
        guard done < items.count else {
            if done > 0 { items.removeAll(keepingCapacity: true) }
            done = 0
            return nil
        }
        defer { done += 1 }
        return items[done].take()
    }

    var isEmpty: Bool { done == items.count }

    // MARK: To the outside

    mutating func emit(_ action: Action) { out.append(action) }

    /// Tells the followers of the readers once for what one event did.
    mutating func readerChanged(_ id: ReaderID) {
        let isTold = out.contains { if case .readerChanged(id) = $0 { true } else { false } }
        if !isTold { out.append(.readerChanged(id)) }
    }

    /// All actions for the outside for one event, in order.
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
