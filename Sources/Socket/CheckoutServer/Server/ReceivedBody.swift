import Synchronization

/// A body that has come whole, until it has been understood: an answer may take two minutes, and the bytes need not be kept for so long.
final class ReceivedBody: Sendable {
    private struct State {
        var bytes: [UInt8]
        /// Bytes that it has of the budget.
        var charge: Int
    }

    private let state: Mutex<State>
    private let budget: ByteBudget

    init(_ bytes: [UInt8], charge: Int, of budget: ByteBudget) {
        state = Mutex(State(bytes: bytes, charge: charge))
        self.budget = budget
    }

    /// The bytes, the first time; then they are nobody else's.
    func take() -> [UInt8] {
        let (bytes, charge) = state.withLock { state in
            defer { state = State(bytes: [], charge: 0) }
            return (state.bytes, state.charge)
        }
        budget.giveBack(charge)
        return bytes
    }

    deinit { budget.giveBack(state.withLock { $0.charge }) }
}
