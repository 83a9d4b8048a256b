import Synchronization

/// Lets one call in at a time. The others wait in the order in which they came, no longer than their own deadlines.
final class Turn: Sendable {
    private struct State {
        var taken = false
        var next: UInt64 = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
        /// Waits that ended before they were written down.
        var abandoned: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// - Returns: true when it is the caller's turn, which the caller must then ``pass()`` on, and false when the deadline came first or
    ///   the task was cancelled.
    func take(before deadline: ContinuousClock.Instant) async -> Bool {
        if takeAtOnce() { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // A cancelled sleep means that the turn came, or that the caller was cancelled. Either way the wait is over.
                try? await Task.sleep(until: deadline, clock: .continuous)
                return false
            }
            var taken = false
            for await mine in group {
                taken = taken || mine
                group.cancelAll()
            }
            return taken
        }
    }

    func pass() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.taken = false
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func takeAtOnce() -> Bool {
        state.withLock { state in
            guard !state.taken else { return false }
            state.taken = true
            return true
        }
    }

    private func wait() async -> Bool {
        let id = state.withLock { state -> UInt64 in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.abandoned.remove(id) != nil { return false }
                    guard state.taken else {
                        state.taken = true
                        return true
                    }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                if let index = state.waiting.firstIndex(where: { $0.id == id }) {
                    return state.waiting.remove(at: index).continuation
                }
                state.abandoned.insert(id)
                return nil
            }
            waiting?.resume(returning: false)
        }
    }
}
