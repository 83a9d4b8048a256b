import CheckoutAPI
import CheckoutClient
import Testing

package struct NotInTime: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}

/// Looks again and again until `condition` holds; fails the test after `limit`.
package func eventually(
    within limit: Duration = .seconds(20), _ what: @autoclosure () -> String, at location: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("not in time: \(what())", sourceLocation: location)
            throw NotInTime(description: what())
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// What the agent said in refusing; a call that succeeds fails the test.
package func refusal<Value>(
    at location: SourceLocation = #_sourceLocation, _ call: () async throws(ClientError) -> Value
) async throws -> Problem {
    do throws(ClientError) {
        let value = try await call()
        Issue.record("it should have been refused, but gave \(value)", sourceLocation: location)
        throw ClientError.canceled
    } catch {
        guard case .problem(let problem) = error else { throw error }
        return problem
    }
}

/// Ends a body that takes longer than this.
package func within<Value: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw NotInTime(description: "the test took longer than \(limit)")
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
