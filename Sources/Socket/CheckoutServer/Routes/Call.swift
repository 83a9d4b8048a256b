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

    private enum Wait: Sendable {
        case ended(Result<Payment, Problem>)
        case interrupted
    }

    /// The payment when it has ended or `seconds` are over; as it is now when the agent stops meanwhile. Ends when the caller has gone.
    func payment(_ id: String, waitSeconds seconds: Int64?) async throws(Problem) -> Payment {
        guard let seconds, seconds > 0, !stopping.isFired else {
            return visible(try await service.payment(id, waitUpTo: nil, caller: caller))
        }
        let outcome = await withTaskGroup(of: Wait.self) { group in
            group.addTask {
                do throws(Problem) {
                    return .ended(.success(try await service.payment(id, waitUpTo: .seconds(seconds), caller: caller)))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask {
                await gone.wait()
                return .interrupted
            }
            group.addTask {
                await stopping.wait()
                return .interrupted
            }
            let first = await group.next() ?? .interrupted
            group.cancelAll()
            return first
        }
        switch outcome {
        case .ended(let result): return visible(try result.get())
        case .interrupted: return visible(try await service.payment(id, waitUpTo: nil, caller: caller))
        }
    }
}
