import GatewayModel
import Moments
import Synchronization

/// Work that many callers may ask for at once and that runs once. A caller can stop waiting without ending the work for the others.
///
/// The work is a task of its own, because it must outlive the caller that started it: a refresh whose answer is thrown away may cost the
/// refresh token.
/// Its owner waits for it with ``finish()``.
final class SharedWork<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, CallFailure>

    private struct State {
        var task: Task<Void, Never>?
        var waiters: [UInt64: CheckedContinuation<Outcome?, Never>] = [:]
        var nextWaiter: UInt64 = 0
        /// Callers that stopped waiting before their wait began.
        var goneEarly: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// The outcome of the work that is under way. This call starts the work if there is none. The outcome is nil when the time is up or the
    /// caller was cancelled.
    func outcome(until end: ContinuousClock.Instant, of work: @escaping @Sendable () async -> Outcome) async -> Outcome? {
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await self.wait(for: work) }
            group.addTask {
                do {
                    try await Task.sleep(until: end, clock: .continuous)
                } catch {
                    // The sleep was cancelled, because the outcome is there or because the caller gave up. Either way this wait is over.
                }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// Waits until no work is under way.
    func finish() async {
        await state.withLock { $0.task }?.value
    }

    private func wait(for work: @escaping @Sendable () async -> Outcome) async -> Outcome? {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        defer { state.withLock { _ = $0.goneEarly.remove(number) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isGone = state.withLock { state -> Bool in
                    if state.goneEarly.contains(number) { return true }
                    state.waiters[number] = continuation
                    if state.task == nil { state.task = Task { self.end(with: await work()) } }
                    return false
                }
                if isGone { continuation.resume(returning: nil) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Outcome?, Never>? in
                if let waiter = state.waiters.removeValue(forKey: number) { return waiter }
                state.goneEarly.insert(number)
                return nil
            }
            waiter?.resume(returning: nil)
        }
    }

    private func end(with outcome: Outcome) {
        let waiters = state.withLock { state in
            defer { state.waiters = [:] }
            state.task = nil
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: outcome) }
    }
}
