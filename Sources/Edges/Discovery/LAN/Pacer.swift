import Synchronization

/// Spaces things out: no more than so many a second, whoever asks.
final class Pacer: Sendable {
    private let next = Mutex<ContinuousClock.Instant?>(nil)

    /// The moment at which the next one may be done. Without a backlog that is now.
    func slot(perSecond: Int, now: ContinuousClock.Instant = .now) -> ContinuousClock.Instant {
        let gap = Duration.seconds(1) / max(1, perSecond)
        return next.withLock { next in
            let slot = max(next ?? now, now)
            next = slot + gap
            return slot
        }
    }
}
