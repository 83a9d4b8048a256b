import CheckoutAPI
import NIOPosix

/// A thread of its own for work that takes its time: reading pages of the journal, making text of them. The few threads on which everything else
/// runs never wait for it, and it takes no more than one processor.
package struct WorkLane: Sendable {
    private let pool: NIOThreadPool

    private init() {
        pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
    }

    /// Pages of payments, and long documents.
    package static let lists = WorkLane()
    /// What else is looked at: a long list does not hold it up.
    package static let looks = WorkLane()
    package static let streams = WorkLane()

    /// Runs the body there, after what was there before.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws(Problem) -> Value) async throws(Problem) -> Value {
        let result: Result<Value, Problem>
        do {
            result = try await pool.runIfActive { Result { () throws(Problem) in try body() } }
        } catch {
            // The pool is never shut down.
            throw Problem(.internalError, "The agent could not do this work.")
        }
        return try result.get()
    }
}
