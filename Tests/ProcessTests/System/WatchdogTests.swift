import Logging
import Synchronization
import TestSupport
import Testing

@testable import readerd

@Suite(.timeLimit(.minutes(30)))
struct WatchdogTests {
    /// Keeps what was logged.
    private final class Log: Sendable {
        let lines = Mutex<[String]>([])

        struct Handler: LogHandler {
            let log: Log
            var logLevel: Logger.Level = .trace
            var metadata: Logger.Metadata = [:]
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }
            func log(event: LogEvent) { log.lines.withLock { $0.append("\(event.message)") } }
        }

        var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }
    }

    /// A part that can be made to hang, and cannot be cancelled then: as a disk that does not come back.
    private final class Hanging: Sendable {
        private let state = Mutex<(isHung: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        func answer() async {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.isHung { state.waiting.append(continuation) }
                    return !state.isHung
                }
                if goesOn { continuation.resume() }
            }
        }

        func hang() { state.withLock { $0.isHung = true } }

        func release() {
            let waiting = state.withLock { state in
                defer { state = (false, []) }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    @Test func `systemd hears nothing while one part does not answer, and hears again when it does`() async throws {
        let directory = try TemporaryDirectory()
        let systemd = try DatagramReceiver(directory.file("notify"))
        let manager = try #require(try ServiceManager.from(environment: ["NOTIFY_SOCKET": directory.file("notify")]))
        let log = Log()
        let disk = Hanging()
        let watchdog = Watchdog(
            manager: manager, period: .milliseconds(400),
            parts: [Watchdog.Part("engine") {}, Watchdog.Part("journal") { await disk.answer() }], logger: log.logger,
            status: { "as it is" })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watchdog.run() }
            defer {
                disk.release()
                group.cancelAll()
            }
            _ = try await systemd.next { $0 == "WATCHDOG=1" }
            disk.hang()
            func complaints() -> [String] { log.lines.withLock { $0 }.filter { $0.contains("no answer from") } }
            // On a busy machine the other part may be late, too, for a beat or two.
            try await eventually("it says which part is silent") { complaints().contains { $0.contains("no answer from: journal;") } }
            while systemd.waiting() != nil {}
            let before = complaints().count
            // Beats go by, each of which would have been a sign of life.
            try await eventually("it goes on to be silent") { complaints().count >= before + 3 }
            #expect(systemd.waiting() == nil)
            disk.release()
            _ = try await systemd.next { $0 == "WATCHDOG=1" }
        }
    }

    @Test func `what it says of itself changes soon, not with the next beat`() async throws {
        let directory = try TemporaryDirectory()
        let systemd = try DatagramReceiver(directory.file("notify"))
        let manager = try #require(try ServiceManager.from(environment: ["NOTIFY_SOCKET": directory.file("notify")]))
        let canPay = Mutex(false)
        // A beat of fifteen minutes, three times what this test may take.
        let watchdog = Watchdog(
            manager: manager, period: .seconds(3600), parts: [], logger: Log().logger,
            status: { canPay.withLock { $0 } ? "Payments can be taken." : "The backend has not been heard from yet." })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await watchdog.run() }
            defer { group.cancelAll() }
            _ = try await systemd.next { $0 == "STATUS=The backend has not been heard from yet." }
            canPay.withLock { $0 = true }
            _ = try await systemd.next { $0 == "STATUS=Payments can be taken." }
        }
    }
}
