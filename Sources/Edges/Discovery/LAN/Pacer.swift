import Synchronization

/// Spaces actions out: all callers together get no more than this many a second.
final class Pacer: Sendable {
    private let next = Mutex<ContinuousClock.Instant?>(nil)

    /// The moment at which the next action may be done. Without a backlog that is now.
    func slot(perSecond: Int, now: ContinuousClock.Instant = .now) -> ContinuousClock.Instant {
        let gap = Duration.seconds(1) / max(1, perSecond)
        return next.withLock { next in
            let slot = max(next ?? now, now)
            next = slot + gap
            return slot
        }
    }
}
