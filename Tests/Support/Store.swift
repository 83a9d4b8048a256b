import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import StoreSimulator
import Synchronization
import Testing

/// A simulated store with the real daemon at work in it, as a process of its own.
///
/// Everything a test asks of the daemon goes through its socket; everything it believes, it compares with the simulator's ledger.
package final class Store: Sendable {
    package let simulator: SimulatedStore
    package let directory: TemporaryDirectory
    /// Every secret of this store contains it, and nothing else does.
    package let marker: String
    private let settings: Mutex<[String: String]>
    /// What the daemon finds in its environment, beside the usual.
    private let environment = Mutex<[String: String]>([:])
    /// What the daemon is started with, beside its settings.
    private let arguments = Mutex<[String]>([])
    private let running = Mutex<ChildProcess?>(nil)
    /// What the daemon has answered to others than the Swift client, to be searched for secrets.
    private let answers = Mutex<[String]>([])

    private init(simulator: SimulatedStore, directory: TemporaryDirectory, marker: String, settings: [String: String]) {
        self.simulator = simulator
        self.directory = directory
        self.marker = marker
        self.settings = Mutex(settings)
    }

    package var socket: String { directory.file("s.sock") }
    package var log: String { String(decoding: bytes(ofFile: directory.file("readerd.log")) ?? [], as: UTF8.self) }
    /// What a failure shows of the log: what a person would be told, and the last of all else.
    private var story: String {
        let all = log
        let told = all.split(separator: "\n").filter { !$0.contains(" debug ") }.joined(separator: "\n")
        return "\(told.suffix(6000))\n…\n\(all.suffix(3000))"
    }
    package var client: CheckoutClient { CheckoutClient(socketPath: socket, timeout: .seconds(40)) }
    package var ledger: Ledger { simulator.ledger() }
    package var settingsFile: String { directory.file("readerd.toml") }

    // MARK: Opening and closing

    /// Opens a store, lets the test work in it, closes it, and then looks whether all that happened in it was sound.
    ///
    /// - Parameters:
    ///   - settings: dotted keys and TOML values, over those that every store has.
    ///   - starts: whether the daemon is started before the body.
    package static func open(
        readers: Int = 1, settings: [String: String] = [:], within limit: Duration = .seconds(120), starts: Bool = true,
        simulate: (inout StoreConfiguration) -> Void = { _ in }, at location: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Store) async throws -> Void
    ) async throws {
        await Slots.stores.take()
        defer { Slots.stores.giveBack() }
        let directory = try TemporaryDirectory()
        let letters = Array("abcdefghkmnpqrstuvwxyz")
        let marker = "zq" + String((0..<10).compactMap { _ in letters.randomElement() })
        var configuration = StoreConfiguration()
        configuration.directory = directory.file("store")
        configuration.readers = readers
        configuration.secretsPrefix = marker
        // Short: a test waits for every one of them.
        configuration.reader.cardAfter = 60
        configuration.reader.issuerAfter = 60
        configuration.backend.orderDelay = 20
        simulate(&configuration)
        let simulator = try await SimulatedStore.start(configuration)
        let store = Store(
            simulator: simulator, directory: directory, marker: marker,
            settings: usual(simulator, directory).merging(settings) { $1 })
        do {
            try FileManager.default.createDirectory(
                atPath: directory.file("state"), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            try store.writeSettings()
            if starts { try await store.start() }
            try await within(limit) { try await body(store) }
            try await store.searchLiving(at: location)
            try await store.stop(at: location)
        } catch {
            let end = store.process?.end.map { "ended with \($0)" } ?? "was running"
            Issue.record("\(error)\nThe daemon \(end), and wrote:\n\(store.story)", sourceLocation: location)
            await store.kill()
            await simulator.stop()
            store.keepLog(of: location)
            return
        }
        store.keepLog(of: location)
        expectSound(simulator.ledger(), log: store.log, at: location)
        store.searchDead(at: location)
        await simulator.stop()
    }

    private static func usual(_ simulator: SimulatedStore, _ directory: TemporaryDirectory) -> [String: String] {
        var settings: [String: String] = [
            "location": quoted(simulator.configuration.location), "trust_roots": quoted(simulator.caFile),
            "state_directory": quoted(directory.file("state")), "backend.base_url": quoted(simulator.backendURL),
            "backend.token_file": quoted(simulator.tokenFile), "stripe.base_url": quoted(simulator.stripeURL),
            "socket.path": quoted(directory.file("s.sock")), "lan.sweep": "false", "usb.enabled": "false", "log.level": quoted("debug"),
            "lan.port": "\(simulator.readers.first?.port ?? 4443)",
        ]
        for (number, reader) in simulator.readers.enumerated() {
            if let id = reader.id { settings["lanes.till-\(number + 1).reader"] = quoted(id) }
        }
        return settings
    }

    // MARK: Settings

    /// Changes a setting in the file; the daemon hears of it at its next start or SIGHUP.
    package func set(_ key: String, _ value: String) throws {
        settings.withLock { $0[key] = value }
        try writeSettings()
    }

    /// Sets a variable of the daemon's environment, for its next start.
    package func setVariable(_ name: String, _ value: String) { environment.withLock { $0[name] = value } }

    /// Sets the daemon's further arguments, for its next start.
    package func setArguments(_ words: String...) { arguments.withLock { $0 = words } }

    private func writeSettings() throws {
        let lines = settings.withLock { settings in settings.map { "\($0) = \($1)" } }
        try Data((lines.sorted().joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: settingsFile))
    }

    // MARK: The daemon's life

    package var process: ChildProcess? { running.withLock { $0 } }

    /// Starts the daemon without waiting for it.
    @discardableResult
    package func launch() throws -> ChildProcess {
        let child = try ChildProcess(
            [try ChildProcess.built("readerd"), "--config", settingsFile] + arguments.withLock { $0 },
            output: directory.file("readerd.out"),
            errors: directory.file("readerd.log"), environment: environment.withLock { $0 })
        running.withLock { $0 = child }
        return child
    }

    /// Starts the daemon and waits until it answers.
    package func start() async throws {
        let child = try launch()
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            do throws(ClientError) {
                _ = try await client.info()
                return
            } catch {
                // Not there yet.
                guard child.end == nil, ContinuousClock.now < deadline else {
                    throw NotInTime(
                        description: "readerd did not begin to answer (\(error)); exit: \(child.end.map(String.init) ?? "none")")
                }
            }
            try await Task.sleep(for: .milliseconds(15))
        }
    }

    /// Stops it as systemd does, and expects exit 0.
    package func stop(within limit: Duration = .seconds(20), at location: SourceLocation = #_sourceLocation) async throws {
        guard
            let child = running.withLock({ running in
                defer { running = nil }
                return running
            })
        else { return }
        child.signal(SIGTERM)
        let status = try await child.ended(within: limit)
        #expect(status == 0, "readerd should stop with exit code 0", sourceLocation: location)
    }

    /// Kills it as a power cut does.
    package func kill() async {
        let child = running.withLock { running in
            defer { running = nil }
            return running
        }
        await child?.kill()
    }

    /// For whoever looks for a fault: with `READERD_TEST_LOGS` set, the daemon's log is put into that directory, and the ledger's calls.
    private func keepLog(of location: SourceLocation) {
        guard let directory = ProcessInfo.processInfo.environment["READERD_TEST_LOGS"] else { return }
        let name = "\(directory)/\(location.fileName)-\(location.line)-\(marker)"
        let calls = ledger.calls.map { "\($0.at) \($0.answeredAt ?? -1) \($0.call) \($0.subject ?? "-") \($0.answer ?? "no answer")" }
        for (path, text) in [(name + ".log", log), (name + ".calls", calls.joined(separator: "\n"))] {
            guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else { return print("cannot write \(path)") }
        }
    }

    // MARK: Secrets

    /// Remembers an answer that may not hold a secret.
    package func remember(answer: String) { answers.withLock { $0.append(answer) } }

    /// Looks at what a running daemon shows of itself.
    private func searchLiving(at location: SourceLocation) async throws {
        guard let child = process, child.end == nil else { return }
        for file in ["cmdline", "environ"] { search(bytes(ofFile: "/proc/\(child.pid)/\(file)") ?? [], "its \(file)", location) }
        let told = try await curl("/v1/info", "/v1/status", "/v1/readers", "/v1/payments?limit=200")
        #expect(told.contains("can_take_payments"), "the daemon should still answer", sourceLocation: location)
    }

    /// Looks at everything that it has left behind.
    private func searchDead(at location: SourceLocation) {
        search(Array(log.utf8), "the log", location)
        search(bytes(ofFile: directory.file("readerd.out")) ?? [], "standard output", location)
        for (number, answer) in answers.withLock({ $0 }).enumerated() { search(Array(answer.utf8), "answer \(number)", location) }
        let state = directory.file("state")
        do {
            let files = try FileManager.default.subpathsOfDirectory(atPath: state)
            #expect(files.contains("journal.sqlite"), sourceLocation: location)
            for file in files { search(bytes(ofFile: state + "/" + file) ?? [], "the state directory's \(file)", location) }
        } catch {
            Issue.record("the state directory cannot be read: \(error)", sourceLocation: location)
        }
    }

    private func search(_ haystack: [UInt8], _ where: String, _ location: SourceLocation) {
        guard let place = haystack.firstRange(of: Array(marker.utf8)) else { return }
        let around = haystack[max(0, place.lowerBound - 120)..<min(haystack.count, place.upperBound + 40)]
        Issue.record("a secret stands in \(`where`): …\(String(decoding: around, as: UTF8.self))…", sourceLocation: location)
    }
}

/// A TOML or JSON string.
package func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}

/// What must hold in every store, whatever happened: nothing was charged twice, nothing overlapped, no token was spent twice.
package func expectSound(_ ledger: Ledger, log: String, at location: SourceLocation) {
    for intent in ledger.intents {
        #expect(intent.charges.count <= 1, "\(intent.id) was charged more than once", sourceLocation: location)
    }
    for cart in Set(ledger.intents.map(\.cart)) {
        #expect(ledger.charges(cart: cart).count <= 1, "cart \(cart) was charged more than once", sourceLocation: location)
    }
    #expect(ledger.overlaps == 0, "requests to one reader overlapped", sourceLocation: location)
    #expect(ledger.tokensSpentTwice == 0, sourceLocation: location)
    #expect(ledger.violations.isEmpty, "\(log.suffix(3000))", sourceLocation: location)
}
