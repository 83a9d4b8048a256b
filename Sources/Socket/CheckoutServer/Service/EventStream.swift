import CheckoutAPI

/// Events on their way to one caller. They are pulled: what the caller has not taken is not made yet, so that a caller that does not read costs
/// next to nothing.
package struct EventStream: Sendable {
    private let pull: @Sendable () async throws(Problem) -> [Event]?
    private let end: @Sendable () -> Void

    /// - Parameters:
    ///   - pull: gives the next events, a few at a time, when there are some; nil at the end. It is asked again when the last ones were taken. It
    ///     returns, with whatever, when its task is cancelled.
    ///   - end: called when nothing will be asked any more. It may be called twice.
    package init(pull: @escaping @Sendable () async throws(Problem) -> [Event]?, end: @escaping @Sendable () -> Void) {
        self.pull = pull
        self.end = end
    }

    /// The next few; nil at the end. The caller is told a thrown problem.
    package func next() async throws(Problem) -> [Event]? { try await pull() }

    /// Lets go of the stream.
    package func close() { end() }
}
