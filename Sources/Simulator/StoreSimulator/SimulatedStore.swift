import FoundationEssentials

/// A simulated store that serves real TLS on loopback: a backend, a Stripe, readers, and a control route. Many can run in one process.
///
///     let store = try await SimulatedStore.start(StoreConfiguration())
///     store.fault(Fault("reader.confirmPayment", .loseAnswer))
///     … let the daemon work against store.backendURL, store.stripeURL, store.caFile, store.tokenFile …
///     #expect(store.ledger().totalTaken(cart: "123") == 5678)
///     await store.stop()
package final class SimulatedStore: Sendable {
    /// A reader as it was when the caller asked for it. The caller asks `readers` again after it moved.
    package struct Reader: Sendable, Codable {
        /// The reader's `tmr_` id. It is nil while the reader is not registered.
        package var id: String?
        package var serial: String
        package var label: String?
        package var address: String
        package var port: Int
        /// The name in the reader's certificate.
        package var host: String
        package var registrationCode: String?
    }

    package let configuration: StoreConfiguration
    /// The directory of the store's files.
    package let directory: String
    /// The root certificate in PEM form, which a client adds to its trust roots.
    package let caFile: String
    package let caPEM: String
    /// The file of the backend's bearer token, with mode 0600.
    package let tokenFile: String
    package let backendURL: String
    package let stripeURL: String
    package let controlURL: String
    /// The facts that an OAuth refresh needs. The refresh token is the first one.
    package let oauth: OAuthClient

    /// The authority's key, for `kept.json`.
    let authorityKey: String
    let token: String
    var controlPort: Int { controlServer.port }

    let world: SharedWorld
    let hosts: [String: ReaderHost]
    let timers = StoreTimers()
    private let backendServer: HTTPServer
    private let stripeServer: HTTPServer
    private let controlServer: HTTPServer
    private let route: ControlService
    private let ownsDirectory: Bool

    package struct OAuthClient: Sendable, Codable {
        package var tokenURL: String
        package var clientID: String
        package var clientSecret: String
        package var refreshToken: String
    }

    init(_ parts: StoreBuilder.Parts) {
        configuration = parts.configuration
        directory = parts.files.directory
        caFile = parts.files.caFile
        tokenFile = parts.files.tokenFile
        caPEM = parts.authority.pem
        authorityKey = parts.authority.keyPEM
        token = parts.token
        let address = parts.configuration.address
        let host = address == StoreConfiguration.loopback ? "localhost" : address
        backendURL = "https://\(host):\(parts.backend.port)"
        stripeURL = "https://\(host):\(parts.stripe.port)"
        controlURL = "http://127.0.0.1:\(parts.control.port)"
        oauth = parts.world.with { [backendURL] world, _ in
            OAuthClient(
                tokenURL: backendURL + "/o/token/", clientID: world.backend.clientID, clientSecret: world.backend.clientSecret,
                refreshToken: world.backend.refreshToken)
        }
        world = parts.world
        hosts = Dictionary(parts.hosts.map { ($0.serial, $0) }, uniquingKeysWith: { first, _ in first })
        backendServer = parts.backend
        stripeServer = parts.stripe
        controlServer = parts.control
        route = parts.route
        ownsDirectory = parts.configuration.directory == nil
    }

    /// Opens a store: certificates, servers, readers and files. All of it listens when this returns.
    package static func start(_ configuration: StoreConfiguration = StoreConfiguration()) async throws -> SimulatedStore {
        try await StoreBuilder(configuration).build()
    }

    /// Closes every server and connection, and removes the directory if the store made it.
    package func stop() async {
        await timers.stop()
        route.serve(nil)
        for server in [backendServer, stripeServer, controlServer] { await server.stop() }
        for host in hosts.values { await host.goSilent() }
        if ownsDirectory {
            do {
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                // The directory is gone already. Nothing depends on who removed it.
                return
            }
        }
    }

    func server(_ host: Host) -> HTTPServer { host == .backend ? backendServer : stripeServer }

    package var readers: [Reader] {
        world.with { world, _ in
            world.readers.map {
                Reader(
                    id: $0.id, serial: $0.serial, label: $0.label, address: $0.address, port: $0.port, host: $0.host,
                    registrationCode: $0.registrationCode)
            }
        }
    }

    /// The record of what happened up to now.
    package func ledger() -> Ledger { world.with { world, now in world.ledger(at: now) } }

    /// Waits until the ledger meets a condition.
    ///
    /// - Returns: whether it did before the time was over.
    package func waitUntil(within limit: Duration = .seconds(30), _ condition: (Ledger) -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if condition(ledger()) { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return condition(ledger())
    }
}
