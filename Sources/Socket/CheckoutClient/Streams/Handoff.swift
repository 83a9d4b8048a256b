import Synchronization

/// Passes values from one producer to one consumer, one at a time: `send` returns when the value was taken, so that a slow consumer slows the
/// socket instead of filling memory.
///
/// Cancelling either side ends it for both.
final class Handoff<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case offered(Value, CheckedContinuation<Void, any Error>)
        case awaited(CheckedContinuation<Value?, any Error>)
        case ended(ClientError?)
    }

    private let state = Mutex<State>(.idle)

    /// Offers a value and waits until it was taken.
    func send(_ value: Value) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (taken: CheckedContinuation<Void, any Error>) in
                let resume: @Sendable () -> Void = state.withLock { state in
                    switch state {
                    case .idle:
                        state = .offered(value, taken)
                        return {}
                    case .awaited(let consumer):
                        state = .idle
                        return {
                            consumer.resume(returning: value)
                            taken.resume()
                        }
                    case .offered, .ended:
                        return { taken.resume(throwing: CancellationError()) }
                    }
                }
                resume()
            }
        } onCancel: {
            end(.canceled)
        }
    }

    /// Waits for the next value; nil at the end.
    func next() async throws -> Value? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (consumer: CheckedContinuation<Value?, any Error>) in
                let resume: @Sendable () -> Void = state.withLock { state in
                    switch state {
                    case .idle:
                        state = .awaited(consumer)
                        return {}
                    case .offered(let value, let taken):
                        state = .idle
                        return {
                            taken.resume()
                            consumer.resume(returning: value)
                        }
                    case .awaited:
                        return { consumer.resume(throwing: ClientError.invalidAnswer(reason: "a stream has one reader")) }
                    case .ended(let error):
                        state = .ended(nil)
                        return { if let error { consumer.resume(throwing: error) } else { consumer.resume(returning: nil) } }
                    }
                }
                resume()
            }
        } onCancel: {
            end(.canceled)
        }
    }

    /// Ends the passing for both sides; the first end counts.
    func end(_ error: ClientError?) {
        let resume: @Sendable () -> Void = state.withLock { state in
            switch state {
            case .idle:
                state = .ended(error)
                return {}
            case .offered(_, let taken):
                state = .ended(error)
                return { taken.resume(throwing: CancellationError()) }
            case .awaited(let consumer):
                state = .ended(nil)
                return { if let error { consumer.resume(throwing: error) } else { consumer.resume(returning: nil) } }
            case .ended: return {}
            }
        }
        resume()
    }
}
