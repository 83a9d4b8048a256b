import CheckoutAPI
import CheckoutClient
import CheckoutServer
import Glibc
import Logging
import Synchronization
import TestSupport

/// The real server over a fake store. It can be killed and started again at the same path.
final class RunningAgent: Sendable {
    let directory: TemporaryDirectory
    let store = FakeStore()
    private let mode: UInt16
    private let policy: RolePolicy
    private let serving = Mutex<Task<Void, any Error>?>(nil)

    var path: String { directory.socket }
    var client: CheckoutClient { CheckoutClient(socketPath: path, timeout: .seconds(20)) }

    /// The user that runs the tests is a technician; `others` are those who are something else.
    init(mode: UInt16 = 0o660, others: [Role: RolePolicy.Members] = [:]) async throws {
        directory = try TemporaryDirectory()
        self.mode = mode
        policy = RolePolicy(members: others, daemonUser: getuid())
        try await start()
    }

    deinit { serving.withLock { $0?.cancel() } }

    /// A process that is just being started by another test holds the socket's lock for a moment: it is waited for.
    func start() async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do {
                return try await startOnce()
            } catch ListenFailure.alreadyServed where ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func startOnce() async throws {
        let server = CheckoutSocketServer(
            configuration: CheckoutSocketServer.Configuration(socket: .path(path, mode: mode), version: "1.2.3"), policy: policy,
            service: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let (listening, continuation) = AsyncStream<Void>.makeStream()
        let task = Task {
            defer { continuation.finish() }
            try await server.run { continuation.yield() }
        }
        serving.withLock { $0 = task }
        for await _ in listening { return }
        try await task.value
    }

    /// Every connection breaks at once, as when the process is killed.
    func kill() async throws {
        let task = serving.withLock { serving in
            defer { serving = nil }
            return serving
        }
        task?.cancel()
        try await task?.value
    }
}
