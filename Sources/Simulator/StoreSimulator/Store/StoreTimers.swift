import Synchronization

/// Owns what a store does later (a reader that comes up again, a list that hears of a new address), and ends it with the store.
final class StoreTimers: Sendable {
    private struct Tasks {
        var running: [Int: Task<Void, Never>] = [:]
        var next = 0
        var isStopped = false
    }

    private let tasks = Mutex(Tasks())

    /// Does something after a while, unless the store closes first.
    ///
    /// - Parameter otherwise: done instead when the store closes first.
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
                    // The store closed.
                    return otherwise()
                }
                await work()
                self?.tasks.withLock { $0.running[number] = nil }
            }
            return false
        }
        if isStopped { otherwise() }
    }

    /// Cancels what has not happened and waits for what is happening.
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
