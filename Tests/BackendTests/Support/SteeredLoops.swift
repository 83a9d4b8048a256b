import Dispatch
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Two event loops; the test says which is the next.
final class SteeredLoops: EventLoopGroup {
    let loops: [any EventLoop]
    private let threads: MultiThreadedEventLoopGroup
    private let turn = NIOLockedValueBox(0)

    init() {
        threads = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        loops = Array(threads.makeIterator())
    }

    func choose(_ index: Int) { turn.withLockedValue { $0 = index } }

    func next() -> any EventLoop { loops[turn.withLockedValue { $0 }] }
    func any() -> any EventLoop { next() }
    func makeIterator() -> EventLoopIterator { threads.makeIterator() }
    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        threads.shutdownGracefully(queue: queue, callback)
    }

    /// Lets a loop go round until it has seen what had come before.
    static func settle(_ loop: any EventLoop) async throws {
        for _ in 1...3 { try await loop.submit {}.get() }
    }
}

/// Keeps an event loop from all else until it is released.
struct HeldLoop: Sendable {
    /// Fulfilled when the loop has done what was before this, and is held.
    let begun: EventLoopFuture<Void>
    private let lock = ConditionLock(value: false)

    /// - Parameter other: a loop that goes on, to tell the beginning.
    init(_ loop: any EventLoop, other: any EventLoop) {
        let promise = other.makePromise(of: Void.self)
        begun = promise.futureResult
        loop.execute { [lock] in
            promise.succeed()
            // Bounded, so that a test that fails does not hang as well.
            if lock.lock(whenValue: true, timeoutSeconds: 30) { lock.unlock() }
        }
    }

    func release() {
        lock.lock()
        lock.unlock(withValue: true)
    }
}
