import CLinuxSocket
import Glibc
import NIOPosix

/// Gives memory back that a rush has left behind. The C library keeps what was freed, unless it happens to lie at the end of its heap: after a
/// rush the agent would stand near its limit for days, with nothing in it.
struct MemoryKeeper: Sendable {
    /// What is known of memory that is kept and not used. A rush may be under way at the first look, and may come and go between two: so neither
    /// what is held alone nor what is unused alone tells whether there is something to give back.
    struct Account: Sendable {
        /// Bytes that may be kept for the next time.
        static let slack = 4 * 1024 * 1024

        /// Bytes that were given back already: the C library counts them as unused, too.
        private var given = 0
        /// Bytes that were held right after something was given back, or less; nil before.
        private var settled: Int?

        /// - Parameters:
        ///   - held: memory that no file stands behind.
        ///   - unused: what the C library says that nobody uses.
        /// - Returns: whether it is worth giving back.
        mutating func isWorthIt(held: Int, unused: Int) -> Bool {
            given = min(given, unused)
            settled = settled.map { min($0, held) }
            if unused - given > Self.slack { return true }
            guard let settled else { return false }
            return held - settled > Self.slack && unused > Self.slack
        }

        mutating func gaveBack(held: Int, unused: Int) {
            given = unused
            settled = held
        }
    }

    private static let pause = Duration.seconds(2)

    /// Looks after the memory until the task is cancelled.
    func run() async {
        var account = Account()
        while await pause() {
            guard let held = Self.anonymousBytes(), account.isWorthIt(held: held, unused: readerd_unused_memory()) else { continue }
            do {
                // Not on one of the threads that everything runs on.
                try await NIOThreadPool.singleton.runIfActive { readerd_give_memory_back() }
            } catch {
                return
            }
            guard let left = Self.anonymousBytes() else { continue }
            account.gaveBack(held: left, unused: readerd_unused_memory())
        }
    }

    private func pause() async -> Bool {
        do {
            try await Task.sleep(for: Self.pause)
            return true
        } catch {
            return false
        }
    }

    /// Memory that no file stands behind; nil when the kernel does not say.
    static func anonymousBytes() -> Int? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let pages = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ").map { Int($0) }
        guard pages.count > 2, let resident = pages[1], let shared = pages[2] else { return nil }
        return (resident - shared).multipliedReportingOverflow(by: sysconf(CInt(_SC_PAGESIZE))).partialValue
    }
}
