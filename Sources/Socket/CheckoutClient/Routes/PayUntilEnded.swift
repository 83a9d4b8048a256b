import CheckoutAPI

extension CheckoutClient {
    /// Pays, and stays until the payment has ended or the deadline has passed, through lost connections and restarts of the agent.
    ///
    /// It repeats ``pay(_:_:wait:)`` with the same id and body, which never takes money twice.
    ///
    /// - Throws: ``ClientError/problem(_:)`` when the agent refused and no payment of this id exists; ``ClientError/noSocket(path:)`` and
    ///   ``ClientError/noPermission(path:)`` when that was so from the first try on, so that nothing was asked of the agent;
    ///   ``ClientError/notEnded(last:cause:)`` when the outcome is not known: **call again with the same id and body**, now or later.
    public func payUntilEnded(
        id: String, body: PaymentBody, deadline: ContinuousClock.Instant
    ) async throws(ClientError) -> Payment {
        var last: Payment?
        /// A request was sent whose answer is not known.
        var mayExist = false
        var pause: Duration = .milliseconds(100)
        while true {
            let cause: ClientError?
            do throws(ClientError) {
                let left = ContinuousClock.now.duration(to: deadline)
                let payment = try await pay(id, body, wait: min(left, .seconds(30)))
                if payment.state.isEnd { return payment }
                last = payment
                mayExist = true
                cause = nil
                pause = .milliseconds(100)
            } catch {
                if case .canceled = error { throw .notEnded(last: last, cause: error) }
                mayExist = try await self.mayExist(after: error, id: id, last: last, before: mayExist)
                cause = error
            }
            guard ContinuousClock.now < deadline else { throw .notEnded(last: last, cause: cause) }
            if cause != nil {
                do {
                    try await Task.sleep(until: min(deadline, .now + pause), clock: .continuous)
                } catch {
                    throw .notEnded(last: last, cause: .canceled)
                }
                pause = min(pause * 2, .seconds(2))
            }
        }
    }

    /// Whether a payment of this id may exist after a call to pay that failed; then asking again with the same id and body is right.
    ///
    /// - Parameter mayExist: An earlier request may have begun the payment.
    /// - Throws: The error when no payment of this id exists and asking again is of no use; ``ClientError/notEnded(last:cause:)`` when asking
    ///   again is of no use and the outcome is not known.
    package func mayExist(
        after error: ClientError, id: String, last: Payment?, before mayExist: Bool
    ) async throws(ClientError) -> Bool {
        switch error {
        case .canceled: throw error
        case .noSocket, .noPermission:
            guard mayExist else { throw error }
        case .problem(let problem):
            if try await isRefusal(problem, id: id, last: last, mayExist: mayExist) { throw error }
        case .connectionLost, .timedOut, .invalidAnswer, .notEnded: return true
        }
        return mayExist
    }

    /// Whether a problem means that no payment of this id exists and that asking again is of no use.
    private func isRefusal(_ problem: Problem, id: String, last: Payment?, mayExist: Bool) async throws(ClientError) -> Bool {
        switch problem.code {
        case .overloaded, .shuttingDown, .requestTimeout: return false
        default: break
        }
        guard mayExist else { return true }
        if last != nil {
            guard problem.retryable else { throw .notEnded(last: last, cause: .problem(problem)) }
            return false
        }
        // An earlier request may have begun the payment, although this one was refused: only the agent's own word settles it.
        do throws(ClientError) {
            _ = try await payment(id)
            return false
        } catch .problem(let answer) where answer.code == .paymentNotFound {
            return true
        } catch {
            throw .notEnded(last: nil, cause: .problem(problem))
        }
    }
}
