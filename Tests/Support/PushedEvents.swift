import CheckoutAPI
import CheckoutServer

/// A stream whose events a test pushes. It holds a bounded number; a caller that reads too slowly loses it.
extension EventStream {
    /// The sending end. Any number of tasks may hold it.
    package struct Source: Sendable {
        fileprivate let continuation: AsyncThrowingStream<Event, any Error>.Continuation
        fileprivate let limit: Int

        /// False when the stream has ended: the caller left, or was too slow.
        @discardableResult
        package func send(_ event: Event) -> Bool {
            switch continuation.yield(event) {
            case .enqueued: return true
            case .terminated: return false
            case .dropped:
                continuation.finish(
                    throwing: Problem(
                        .overloaded, "More than \(limit) events waited for this stream's reader.",
                        remedy: "Read faster, and go on from the last cursor."))
                return false
            @unknown default: return false
            }
        }

        /// Ends the stream after what was sent; with a problem, the caller is told.
        package func finish(_ problem: Problem? = nil) {
            if let problem { continuation.finish(throwing: problem) } else { continuation.finish() }
        }

        /// Called once when the stream is over for whatever reason; set it before the stream is returned.
        package func onEnd(_ action: @escaping @Sendable () -> Void) {
            continuation.onTermination = { _ in action() }
        }
    }

    /// A stream and its sending end. `limit` is how many unread events are too many.
    package static func make(limit: Int = 1024) -> (stream: EventStream, source: Source) {
        let (events, continuation) = AsyncThrowingStream<Event, any Error>.makeStream(bufferingPolicy: .bufferingOldest(limit))
        let stream = EventStream { () throws(Problem) in
            var iterator = events.makeAsyncIterator()
            do {
                return try await iterator.next(isolation: nil).map { [$0] }
            } catch let problem as Problem {
                throw problem
            } catch {
                throw Problem(.internalError, "The stream of events failed.")
            }
        } end: {
            continuation.finish()
        }
        return (stream, Source(continuation: continuation, limit: limit))
    }
}
