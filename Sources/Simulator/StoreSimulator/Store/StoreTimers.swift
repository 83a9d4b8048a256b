import Synchronization

/// Owns the store's later events (a reader that comes up again, a list that hears of a new address), and ends them with the store.
final class StoreTimers: Sendable {
    private struct Tasks {
        var running: [Int: Task<Void, Never>] = [:]
        var next = 0
        var isStopped = false
    }

    private let tasks = Mutex(Tasks())

    /// Runs an action after a while, unless the store closes first.
    ///
    /// - Parameter otherwise: the action that runs instead when the store closes first.
    func after(
        milliseconds: Int, _ work: @escaping @Sendable () async -> Void, otherwise: @escaping @Sendable () -> Void = {}
    ) {
        let isStopped = tasks.withLock { tasks in
            guard !tasks.isStopped else { return true }
            let number = tasks.next
            tasks.next += 1
            tasks.running[number] = Task { [weak self] in
                do {
                    if milliseconds > 0 { try await Task.sleep(for: .milliseconds(milliseconds)) }
                } catch {
                    // The sleep was cancelled, because the store closed.
                    return otherwise()
                }
                await work()
                self?.tasks.withLock { $0.running[number] = nil }
            }
            return false
        }
        if isStopped { otherwise() }
    }

    /// Cancels the events that have not happened, and waits for those that are happening.
    func stop() async {
        let running = tasks.withLock { tasks in
            tasks.isStopped = true
            defer { tasks.running = [:] }
            return Array(tasks.running.values)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
