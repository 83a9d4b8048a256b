import CLinuxSocket
import Glibc
import NIOPosix

/// Gives memory back that a rush has left behind. The C library keeps what was freed, unless it happens to lie at the end of its heap: after a
/// rush the agent would stand near its limit for days, with nothing in it.
struct MemoryKeeper: Sendable {
    /// So much may be kept for the next time.
    private static let slack = 4 * 1024 * 1024
    private static let pause = Duration.seconds(2)

    /// Looks after the memory until the task is cancelled.
    func run() async {
        var least = Int.max
        while await pause() {
            guard let held = Self.anonymousBytes() else { continue }
            least = min(least, held)
            guard held - least > Self.slack, readerd_unused_memory() > Self.slack else { continue }
            do {
                // Not on one of the threads that everything runs on.
                try await NIOThreadPool.singleton.runIfActive { readerd_give_memory_back() }
            } catch {
                return
            }
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
