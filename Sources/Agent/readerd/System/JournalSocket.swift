import CLinuxSocket
import Glibc
import Synchronization

/// journald, when standard error leads there: entries keep their priority and their fields, so that `journalctl READERD_PAYMENT=…` tells one
/// payment's story.
package final class JournalSocket: Sendable {
    private struct State {
        /// Entries that could not be handed over.
        var lost = 0
    }

    private let path: String
    private let descriptor: CInt
    private let state = Mutex(State())

    /// Whether standard error is journald's, as it says in `JOURNAL_STREAM` (device and inode, systemd.exec(5)).
    package static func isStandardError(_ environment: [String: String], descriptor: CInt = STDERR_FILENO) -> Bool {
        guard let parts = environment["JOURNAL_STREAM"]?.split(separator: ":"), parts.count == 2, let device = UInt64(parts[0]),
            let inode = UInt64(parts[1])
        else { return false }
        var facts = stat()
        return fstat(descriptor, &facts) == 0 && UInt64(facts.st_dev) == device && UInt64(facts.st_ino) == inode
    }

    package init?(path: String = "/run/systemd/journal/socket") {
        var descriptor: CInt = -1
        guard access(path, F_OK) == 0, readerd_datagram_open(200, &descriptor) == 0 else { return nil }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Hands an entry over. A journald that does not read costs 200 ms once, and nothing after that: a payment does not wait for a log.
    ///
    /// - Returns: false when it was not taken for another reason than that, and should be written elsewhere.
    func send(_ fields: [(name: String, value: String)]) -> Bool {
        state.withLock { state in
            if state.lost > 0 {
                let words = "\(state.lost) log entries could not be handed to journald, which did not read"
                guard post([("PRIORITY", "4"), ("SYSLOG_IDENTIFIER", "readerd"), ("MESSAGE", words)], waits: false) == 0 else {
                    state.lost += 1
                    return true
                }
                state.lost = 0
            }
            let result = post(fields, waits: true)
            if result == EAGAIN { state.lost += 1 }
            return result == 0 || result == EAGAIN
        }
    }

    private func post(_ fields: [(name: String, value: String)], waits: Bool) -> CInt {
        var entry = NativeEntry()
        for field in fields { entry.add(field.name, field.value) }
        return entry.bytes.withUnsafeBytes { readerd_datagram_send(descriptor, path, $0.baseAddress, $0.count, waits ? 1 : 0) }
    }
}
