import Logging
import Synchronization

/// Tells systemd that readerd is alive, and only while the parts that everything depends on really answer.
///
/// Each part is asked again and again by a task of its own, for one that hangs may never come back; what is looked at is when each
/// answered last. An answer is an answer even when it is bad news: a full disk or a lost backend is not mended by starting again.
package final class Watchdog: Sendable {
    /// Something that must answer.
    package struct Part: Sendable {
        package var name: String
        /// Returns when it has answered.
        package var ask: @Sendable () async -> Void

        package init(_ name: String, ask: @escaping @Sendable () async -> Void) {
            self.name = name
            self.ask = ask
        }
    }

    private let manager: ServiceManager
    private let parts: [Part]
    private let status: @Sendable () async -> String
    /// The time between two beats; a part may be silent for two of them.
    private let beat: Duration
    private let logger: Logger
    private let clock = SuspendingClock()
    private let answered: Mutex<[String: SuspendingClock.Instant]>

    /// - Parameters:
    ///   - period: within which systemd wants to hear.
    ///   - status: one line that says how things are.
    package init(
        manager: ServiceManager, period: Duration, parts: [Part], logger: Logger, status: @escaping @Sendable () async -> String
    ) {
        self.manager = manager
        self.parts = parts
        self.status = status
        // Four in a period: one that is late does no harm.
        self.beat = period / 4
        self.logger = logger
        let now = clock.now
        self.answered = Mutex(Dictionary(parts.map { ($0.name, now) }) { first, _ in first })
    }

    /// Watches until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for part in parts {
                group.addTask { await self.keepAsking(part) }
            }
            group.addTask { await self.keepTellingStatus() }
            await keepBeating()
            group.cancelAll()
        }
    }

    private func keepAsking(_ part: Part) async {
        repeat {
            await part.ask()
            let now = clock.now
            answered.withLock { $0[part.name] = now }
        } while await pause()
    }

    private func keepBeating() async {
        repeat {
            let now = clock.now
            let silent = answered.withLock { answered in
                parts.map(\.name).filter { name in answered[name].map { $0.duration(to: now) > beat * 2 } ?? true }
            }
            if silent.isEmpty {
                tell(.alive)
            } else {
                logger.error("no answer from: \(silent.joined(separator: ", ")); systemd starts readerd again if it stays so")
            }
        } while await pause()
    }

    private func keepTellingStatus() async {
        var last: String?
        repeat {
            let now = await status()
            if now != last { tell(.status(now)) }
            last = now
            // Whoever has just started the agent looks at once.
        } while await pause(min(beat, .seconds(2)))
    }

    private func tell(_ word: ServiceManager.Word) {
        do throws(ServiceManager.Failure) {
            try manager.tell(word)
        } catch {
            logger.warning("\(error)")
        }
    }

    /// False when the task was cancelled meanwhile.
    private func pause(_ time: Duration? = nil) async -> Bool {
        do {
            try await Task.sleep(for: time ?? beat, clock: clock)
            return true
        } catch {
            return false
        }
    }
}
