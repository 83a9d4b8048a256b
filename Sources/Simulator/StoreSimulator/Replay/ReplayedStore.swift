import JSON
import FoundationEssentials
import NIOSSL
import Synchronization

/// The other side of a recording: a backend, a Stripe and readers on loopback, over real TLS, that answer as they did then.
package final class ReplayedStore: Sendable {
    package let directory: String
    package let settingsFile: String
    package let backendURL: String
    package let stripeURL: String
    private let script: ReplayDesk
    private let servers: [HTTPServer]

    private init(
        directory: String, settingsFile: String, backend: HTTPServer, stripe: HTTPServer, readers: [HTTPServer], script: ReplayDesk
    ) {
        self.directory = directory
        self.settingsFile = settingsFile
        backendURL = "https://localhost:\(backend.port)"
        stripeURL = "https://localhost:\(stripe.port)"
        servers = [backend, stripe] + readers
        self.script = script
    }

    package var report: ReplayReport { script.report }

    package func stop() async {
        for server in servers { await server.stop() }
    }

    /// - Parameters:
    ///   - directory: the directory where `readerd.toml` and the files that it names are written.
    ///   - readerPort: the common port of the readers. 0 chooses a free one.
    ///   - atOnce: whether answers come without the time that they took then.
    package static func start(
        _ recording: Recording, directory: String, readerPort: Int = 0, atOnce: Bool = false
    ) async throws -> ReplayedStore {
        let files = try StoreFiles(directory: directory)
        let authority = try CertificateAuthority()
        let token = try SecretMaker(marker: nil).secret("mtk")
        try files.write(authority.pem, to: files.caFile)
        try files.write(token + "\n", to: files.tokenFile, isSecret: true)
        var servers: [HTTPServer] = []
        do {
            let desk = ReplayDesk(recording, atOnce: atOnce)
            let context = try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"]).serverContext()
            func web(_ peer: RecordedExchange.Peer, bearer: String?) async throws -> HTTPServer {
                let server = try await HTTPServer.start(
                    address: "127.0.0.1", port: 0,
                    settings: .init(service: ReplayedWeb(desk: desk, peer: peer, bearer: bearer), tls: { context }))
                servers.append(server)
                return server
            }
            let backend = try await web(.backend, bearer: token)
            let stripe = try await web(.stripe, bearer: nil)
            let readers = try await readers(recording, desk, authority, port: readerPort)
            servers += readers
            let settings = StoreFiles.settings(
                .init(
                    location: recording.about.location, directory: directory, caFile: files.caFile, tokenFile: files.tokenFile,
                    backendURL: "https://localhost:\(backend.port)", stripeURL: "https://localhost:\(stripe.port)",
                    readerPort: readers.first?.port ?? 4443,
                    lanes: recording.about.lanes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
            try files.write(settings, to: files.settingsFile)
            return ReplayedStore(
                directory: directory, settingsFile: files.settingsFile, backend: backend, stripe: stripe, readers: readers, script: desk)
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
    }

    /// Gives every place where a reader was a loopback address of its own, and a certificate for the name that it then has.
    private static func readers(
        _ recording: Recording, _ desk: ReplayDesk, _ authority: CertificateAuthority, port: Int
    ) async throws -> [HTTPServer] {
        let hosts = ReplayDesk.hosts(of: recording)
        var lastError: any Error = SimulatorError("no free loopback addresses")
        for _ in 0..<20 {
            var block = LoopbackBlock()
            var servers: [HTTPServer] = []
            do {
                var port = port
                for host in hosts {
                    let address = block.address()
                    let name = ReaderRecord.host(address: address, domain: host.domain)
                    let context = try authority.issue(names: [name]).serverContext()
                    let server = try await HTTPServer.start(
                        address: address, port: port,
                        settings: .init(service: ReplayedReader(desk: desk, host: host.name, name: name), tls: { context }))
                    servers.append(server)
                    port = server.port
                    desk.place(host.name, at: address)
                }
                return servers
            } catch {
                lastError = error
                for server in servers { await server.stop() }
            }
        }
        throw lastError
    }
}

/// The script with its lock, shared by the servers of one replay.
final class ReplayDesk: Sendable {
    private let script: Mutex<ReplayScript>
    private let addresses = Mutex<[String: String]>([:])
    private let atOnce: Bool

    init(_ recording: Recording, atOnce: Bool) {
        script = Mutex(ReplayScript(recording))
        self.atOnce = atOnce
    }

    var report: ReplayReport { script.withLock { $0.report } }

    func place(_ host: String, at address: String) { addresses.withLock { $0[host] = address } }

    /// The disposition that the call gets. `reply` makes an answer of the recorded one, `refuse` one for a call that the recording does not
    /// have.
    func answer(
        _ peer: RecordedExchange.Peer, _ call: String, _ asked: JSONValue,
        reply: @escaping @Sendable (RecordedExchange.Answer) -> HTTPReply, refuse: @escaping @Sendable (String) -> HTTPReply
    ) -> Disposition {
        switch script.withLock({ $0.choose(peer, call, asked) }) {
        case .refuse(let why): return .reply(refuse(why))
        case .play(let exchange):
            let end: @Sendable () -> Disposition
            switch exchange.outcome {
            case .answer(let answer): end = { .reply(reply(answer)) }
            case .lost, .neverSent: end = { .close }
            }
            return atOnce ? end() : .after(milliseconds: exchange.milliseconds, end)
        }
    }

    /// A list of Stripe's with the readers' present addresses.
    func relocated(_ body: JSONValue) -> JSONValue {
        guard var members = body.object, let data = members["data"]?.array else { return body }
        let addresses = addresses.withLock { $0 }
        members["data"] = .array(
            data.map { entry in
                guard var reader = entry.object, let host = Self.host(entry), let address = addresses[host.name] else { return entry }
                reader["ip_address"] = .string(address)
                return .object(reader)
            })
        return .object(members)
    }

    struct Host: Hashable {
        var name: String
        var domain: String
    }

    /// The places where readers were, by Stripe's lists and by the agent's calls.
    static func hosts(of recording: Recording) -> [Host] {
        var hosts: [Host] = []
        func add(_ host: Host?) {
            if let host, !hosts.contains(host), hosts.count < 100 { hosts.append(host) }
        }
        for exchange in recording.exchanges {
            if case .reader(let name) = exchange.peer, let dot = name.firstIndex(of: ".") {
                add(Host(name: name, domain: String(name[name.index(after: dot)...])))
            }
            if exchange.peer == .stripe, case .answer(let answer) = exchange.outcome {
                for entry in answer.body?["data"]?.array ?? [] { add(host(entry)) }
            }
        }
        return hosts
    }

    private static func host(_ entry: JSONValue) -> Host? {
        guard let address = entry["ip_address"]?.string, let domain = entry["base_url"]?.string else { return nil }
        return Host(name: ReaderRecord.host(address: address, domain: domain), domain: domain)
    }
}
