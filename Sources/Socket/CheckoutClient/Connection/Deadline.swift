/// Runs `work`, and cancels it when `limit` has passed.
///
/// Returns once `work` has let go, so that nothing goes on behind the caller's back. `limit` nil: no limit.
package func withDeadline<Value: Sendable>(
    _ limit: Duration?, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    guard let limit else { return try await work() }
    return try await withThrowingTaskGroup(of: Value.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit, clock: .continuous)
            throw ClientError.timedOut(after: limit)
        }
        guard let first = try await group.next() else { throw ClientError.canceled }
        return first
    }
}
