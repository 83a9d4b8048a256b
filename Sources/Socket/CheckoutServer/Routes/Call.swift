import JSON
import CheckoutAPI

/// One request that was admitted, on its way to the service.
struct Call: Sendable {
    let service: any CheckoutService
    let caller: Caller
    let parameters: [String: String]
    let query: String?
    /// Nil when the request has no body.
    let body: JSONValue?
    /// The `Accept` field, as it came.
    let accept: String?
    /// The caller has gone.
    let gone: Latch
    /// A graceful stop has begun.
    let stopping: Latch
    let budgets: Budgets

    /// The path's and the query's parameters, read by `read`.
    func parameters<Value>(_ read: (ParameterReader) -> Value) throws(Problem) -> Value {
        let reader = try ParameterReader(path: parameters, query: query)
        let value = read(reader)
        try reader.finish()
        return value
    }

    /// The body, strictly; nothing at all is read as `{}`.
    func body<Body: StrictBody>(_: Body.Type = Body.self) throws(Problem) -> Body {
        try Body(strict: body ?? [:])
    }

    /// A payment as this caller may see it.
    func visible(_ payment: Payment) -> Payment {
        caller.role < .checkout ? payment.forMonitor : payment
    }

    func visible(_ event: Event) -> Event {
        var event = event
        event.payment = event.payment.map { visible($0) }
        return event
    }

    /// What the body brings, when a wait of its own was asked for and there is a place for one more. Payments that are being made do not ask for a
    /// place to wait in: they are bounded by the connections.
    func waiting<Value>(
        _ seconds: Int64?, _ body: () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        guard let seconds, seconds > 0 else { return try await body() }
        return try await budgets.with(.waits, for: caller.role, body)
    }

    /// The payment when it has ended or `seconds` are over; as it is now when the agent stops meanwhile. Ends when the caller has gone.
    func payment(_ id: String, waitSeconds seconds: Int64?) async throws(Problem) -> Payment {
        visible(try await held(seconds) { limit throws(Problem) in try await service.payment(id, waitUpTo: limit, caller: caller) })
    }

    /// What `ask` answers when it is given `seconds` to wait; what it answers at once when the agent stops meanwhile or the caller has gone.
    func held<Value: Sendable>(
        _ seconds: Int64?, _ ask: @escaping @Sendable (_ limit: Duration?) async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        guard let seconds, seconds > 0, !stopping.isFired else { return try await ask(nil) }
        let outcome = await withTaskGroup(of: Result<Value, Problem>?.self) { group in
            group.addTask {
                do throws(Problem) {
                    return .success(try await ask(.seconds(seconds)))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                await gone.wait()
                return nil
            }
            group.addTask {
                await stopping.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        if let outcome { return try outcome.get() }
        return try await ask(nil)
    }
}
