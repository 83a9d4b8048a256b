import GatewayModel
import Moments

/// A call that is made again while its answer is lost (``Repeats``).
///
/// A question is also asked a second time beside the first, once, when it meets silence for long: on a connection that a router has
/// forgotten no answer ever comes, and the next connection is new. The first answer counts. A call that makes something is never under way
/// twice.
struct Asking: Sendable {
    /// The part of a question's time after which it is asked beside the first try: one in so many, but no sooner than a slow backend
    /// usually answers.
    static let patienceShare = 3
    static let leastPatience = Duration.seconds(2)

    let request: WebRequest
    let attempt: @Sendable (WebRequest) async throws(FailedAttempt) -> WebAnswer

    private enum Event: Sendable {
        case answered(Result<WebAnswer, FailedAttempt>)
        /// The pause before the next attempt is over.
        case rested
        case impatient
    }

    func answer() async throws(FailedAttempt) -> WebAnswer {
        let end = ContinuousClock.now + min(max(request.deadline, .zero), .seconds(86_400))
        let result = await withTaskGroup(of: Event.self, returning: Result<WebAnswer, FailedAttempt>.self) { group in
            defer { group.cancelAll() }
            var attempts = Attempts(request.repeats)
            // The number of attempts under way, or about to be after a pause.
            var open = 1
            group.addTask { await once(until: end) }
            if case .question = request.repeats {
                let patience = max(request.deadline / Self.patienceShare, Self.leastPatience)
                group.addTask { await wait(patience, then: .impatient) }
            }
            var last: FailedAttempt?
            var lastAnswered: FailedAttempt?
            var hasActed = false
            while open > 0, let event = await group.next() {
                switch event {
                case .rested: group.addTask { await once(until: end) }
                case .impatient:
                    open += 1
                    group.addTask { await once(until: end) }
                case .answered(.success(let answer)): return .success(answer)
                case .answered(.failure(let latest)):
                    if case .unavailable(_, true) = latest.failure { hasActed = true }
                    if latest.wasAnswered { lastAnswered = latest }
                    // A try that the deadline cut short tells less than the answer before it.
                    let isCut = !latest.wasAnswered && ContinuousClock.now >= end
                    let failed = isCut ? lastAnswered ?? latest : latest
                    // A final refusal is reported as that, whatever else is under way.
                    if latest.worth == .nothing, open == 1 || latest.failure.isAnswer {
                        return .failure(Self.worst(failed, hasActed: hasActed))
                    }
                    last = failed
                    open -= 1
                    // One attempt under way is enough to go on with.
                    guard open == 0, !Task.isCancelled,
                        case .again(let pause) = attempts.failed(latest.worth, left: end - ContinuousClock.now)
                    else { continue }
                    open += 1
                    group.addTask { await wait(pause, then: .rested) }
                }
            }
            return last.map { .failure(Self.worst($0, hasActed: hasActed)) }
                ?? .failure(
                    FailedAttempt(
                        failure: .unavailable(detail: "\(request.name): the call was given up", mayHaveActed: false), worth: .nothing))
        }
        return try result.get()
    }

    /// The last failure, and whether any attempt may have acted: an attempt that was not even sent does not take back what an earlier one
    /// did.
    private static func worst(_ failed: FailedAttempt, hasActed: Bool) -> FailedAttempt {
        guard hasActed, !failed.failure.isAnswer else { return failed }
        return FailedAttempt(failure: .unavailable(detail: failed.failure.detail, mayHaveActed: true), worth: failed.worth)
    }

    private func once(until end: ContinuousClock.Instant) async -> Event {
        var request = request
        request.deadline = end - ContinuousClock.now
        do throws(FailedAttempt) {
            return .answered(.success(try await attempt(request)))
        } catch {
            return .answered(.failure(error))
        }
    }

    private func wait(_ pause: Duration, then event: Event) async -> Event {
        // The sleep was cancelled, for an answer is there and the event no longer counts.
        do { try await Task.sleep(for: pause) } catch { return event }
        return event
    }
}

extension CallFailure {
    /// Whether the failure is an answer of the other side.
    fileprivate var isAnswer: Bool {
        switch self {
        case .unauthorized, .forbidden, .rejected, .invalidAnswer: true
        case .unavailable, .overloaded: false
        }
    }
}
