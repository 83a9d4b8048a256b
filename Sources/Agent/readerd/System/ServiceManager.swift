import TextSafety
import CLinuxSocket
import Glibc

/// systemd, as the service tells it how it is (the protocol of sd_notify(3): one datagram of `NAME=value` lines to `NOTIFY_SOCKET`).
package final class ServiceManager: Sendable {
    package enum Word: Sendable, Hashable {
        /// Started, or done with reading the settings again.
        case ready
        /// Reads the settings again.
        case reloading
        /// Has begun to stop, and needs this long for it.
        case stopping(within: Duration)
        /// The parts of it that matter have answered.
        case alive
        /// One line for `systemctl status`.
        case status(String)
    }

    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    private let address: String
    private let descriptor: CInt
    /// How often systemd wants to hear that it is alive; nil when it does not watch.
    package let watchdog: Duration?

    /// - Returns: nil when nobody asked to be told: readerd was started by hand.
    package static func from(environment: [String: String], pid: Int32 = getpid()) throws(Failure) -> ServiceManager? {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
        guard address.hasPrefix("/") || address.hasPrefix("@") else {
            throw Failure(description: "NOTIFY_SOCKET must be a path or an abstract name, not \(Shown.bounded(address))")
        }
        return try ServiceManager(address: address, watchdog: watchdog(environment, pid: pid))
    }

    private init(address: String, watchdog: Duration?) throws(Failure) {
        var descriptor: CInt = -1
        let result = readerd_datagram_open(1_000, &descriptor)
        guard result == 0 else { throw Failure(description: "no socket for NOTIFY_SOCKET could be made: \(Shown.reason(result))") }
        self.address = address
        self.descriptor = descriptor
        self.watchdog = watchdog
    }

    deinit { close(descriptor) }

    /// `WATCHDOG_USEC` counts for the process that `WATCHDOG_PID` names, and for everybody when it names none.
    private static func watchdog(_ environment: [String: String], pid: Int32) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else { return nil }
        if let owner = environment["WATCHDOG_PID"], owner != String(pid) { return nil }
        return .microseconds(microseconds)
    }

    /// Sends one datagram. Waits at most a second.
    package func tell(_ words: Word...) throws(Failure) {
        let bytes = Array(words.map(Self.written).joined(separator: "\n").utf8)
        let result = bytes.withUnsafeBytes { readerd_datagram_send(descriptor, address, $0.baseAddress, $0.count, 1) }
        guard result == 0 else { throw Failure(description: "systemd could not be told: \(Shown.reason(result))") }
    }

    static func written(_ word: Word) -> String {
        switch word {
        case .ready: return "READY=1"
        case .reloading:
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return "RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)"
        case .stopping(let limit):
            let (seconds, attoseconds) = limit.components
            return "STOPPING=1\nEXTEND_TIMEOUT_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"
        case .alive: return "WATCHDOG=1"
        // A line break would begin another word.
        case .status(let text): return "STATUS=" + Shown.bounded(text)
        }
    }
}
