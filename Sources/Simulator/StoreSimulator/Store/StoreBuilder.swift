import JSON
import FoundationEssentials
import NIOSSL

/// Builds a store step by step, and takes down the built parts if a step fails.
struct StoreBuilder {
    struct Parts {
        var configuration: StoreConfiguration
        var files: StoreFiles
        var authority: CertificateAuthority
        var token: String
        var world: SharedWorld
        var hosts: [ReaderHost]
        var backend: HTTPServer
        var stripe: HTTPServer
        var control: HTTPServer
        var route: ControlService
    }

    private let configuration: StoreConfiguration

    init(_ configuration: StoreConfiguration) { self.configuration = configuration }

    func build() async throws -> SimulatedStore {
        let secrets = try SecretMaker(marker: configuration.secretsPrefix)
        guard configuration.readers >= 0, configuration.unregisteredReaders >= 0,
            configuration.readers + configuration.unregisteredReaders <= 100
        else { throw SimulatorError("a store has at most 100 readers") }
        let files = try StoreFiles(directory: configuration.directory)
        let kept = configuration.keeps ? try KeptStore.read(files.keptFile) : nil
        let token = kept?.token ?? secrets.secret("mtk")
        let authority =
            try kept.map { try CertificateAuthority(pem: $0.authority, keyPEM: $0.authorityKey) }
            ?? CertificateAuthority(days: configuration.keeps ? 3650 : 30)
        try files.write(authority.pem, to: files.caFile)
        try files.write(token + "\n", to: files.tokenFile, isSecret: true)

        let world = SharedWorld(World(configuration: configuration, token: token, secrets: secrets), openBefore: kept?.now ?? 0)
        if let kept {
            world.with { world, _ in
                world.backend.takeUp(kept.backend)
                world.stripe.takeUp(kept.stripe)
            }
        }
        let context = try authority.issue(
            names: ["localhost"] + configuration.names, addresses: Set([StoreConfiguration.loopback, configuration.address]).sorted()
        ).serverContext()
        let epoch = Int(Date().timeIntervalSince1970)
        var servers: [HTTPServer] = []
        func listen(_ address: String, port: Int = 0, _ settings: HTTPServer.Settings) async throws -> HTTPServer {
            let server = try await HTTPServer.start(address: address, port: port, settings: settings)
            servers.append(server)
            return server
        }
        do {
            let backend = try await listen(
                configuration.address, port: kept?.backendPort ?? 0,
                .init(service: BackendService(world: world), admit: { world.admission("backend.connect") }, tls: { context }))
            let stripe = try await listen(
                configuration.address, port: kept?.stripePort ?? 0,
                .init(
                    service: StripeService(world: world, epoch: epoch), admit: { world.admission("stripe.connect") }, tls: { context }))
            let route = ControlService()
            let control = try await listen(
                StoreConfiguration.loopback, port: kept?.controlPort ?? configuration.controlPort, .init(service: route))
            let hosts: [ReaderHost]
            if let kept {
                hosts = try await readers(kept, world, authority, secrets)
            } else {
                hosts = try await readers(world, authority, secrets)
            }
            let store = SimulatedStore(
                Parts(
                    configuration: configuration, files: files, authority: authority, token: token, world: world, hosts: hosts,
                    backend: backend,
                    stripe: stripe, control: control, route: route))
            do {
                try files.write(StoreFiles.settings(store), to: files.settingsFile)
                try files.write(StoreFiles.serviceSettings(store), to: files.serviceSettingsFile)
                try files.write(store.description.text() + "\n", to: files.storeFile)
            } catch {
                await store.stop()
                throw error
            }
            route.serve(store)
            return store
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
    }

    // MARK: Readers

    /// The readers of an earlier start, at their addresses. They have restarted, so their sessions are gone.
    private func readers(
        _ kept: KeptStore, _ world: SharedWorld, _ authority: CertificateAuthority, _ secrets: SecretMaker
    ) async throws -> [ReaderHost] {
        var hosts: [ReaderHost] = []
        do {
            for (index, reader) in kept.readers.enumerated() {
                let host = ReaderHost(serial: reader.serial, world: world, authority: authority)
                try await host.listen(address: reader.address, port: reader.port)
                hosts.append(host)
                var record = record(index, reader.serial, reader.address, reader.port, secrets, domain: reader.domain)
                (record.id, record.label, record.location) = (reader.id, reader.label, reader.location)
                record.registrationCode = reader.registrationCode
                record.machine.isRegistered = reader.id != nil
                try host.certify(host: record.host, address: record.address)
                let known = record
                world.with { world, now in
                    world.readers.append(known)
                    world.readers[world.readers.count - 1].lastSeen = now
                }
            }
            return hosts
        } catch {
            for host in hosts { await host.goSilent() }
            throw error
        }
    }

    /// Gives every reader an address of its own and the port that is common to them all.
    private func readers(_ world: SharedWorld, _ authority: CertificateAuthority, _ secrets: SecretMaker) async throws -> [ReaderHost] {
        let count = configuration.readers + configuration.unregisteredReaders
        var lastError: any Error = SimulatorError("no free loopback addresses")
        let given = configuration.readerAddresses
        guard given.isEmpty || given.count == count else { throw SimulatorError("\(count) readers need \(count) addresses") }
        for _ in 0..<(given.isEmpty ? 20 : 1) {
            var block = LoopbackBlock()
            let addresses = given.isEmpty ? (0..<count).map { _ in block.address() } : given
            var hosts: [ReaderHost] = []
            do {
                var port = configuration.readerPort
                for (index, address) in addresses.enumerated() {
                    let host = ReaderHost(serial: serial(index, secrets), world: world, authority: authority)
                    port = try await host.listen(address: address, port: port)
                    hosts.append(host)
                }
                for (index, host) in hosts.enumerated() {
                    let record = record(index, host.serial, addresses[index], port, secrets)
                    try host.certify(host: record.host, address: record.address)
                    world.with { world, _ in world.readers.append(record) }
                }
                return hosts
            } catch {
                lastError = error
                for host in hosts { await host.goSilent() }
            }
        }
        throw lastError
    }

    private func serial(_ index: Int, _ secrets: SecretMaker) -> String {
        "SIM\(String(index + 1).leftPadded(3))-\(secrets.random(6).uppercased())"
    }

    private func record(
        _ index: Int, _ serial: String, _ address: String, _ port: Int, _ secrets: SecretMaker, domain: String? = nil
    ) -> ReaderRecord {
        let isRegistered = index < configuration.readers
        var machine = ReaderMachine(
            serial: serial, livemode: configuration.livemode, behaviour: configuration.reader, secrets: secrets)
        machine.isRegistered = isRegistered
        return ReaderRecord(
            serial: serial, deviceType: configuration.reader.deviceType(of: index),
            domain: domain ?? "\(secrets.random(20).lowercased()).\(ReaderRecord.domainSuffix)",
            id: isRegistered ? "tmr_" + secrets.random(16) : nil,
            label: isRegistered ? "Reader \(index + 1)" : nil,
            location: isRegistered ? configuration.location : nil,
            registrationCode: isRegistered ? nil : RegistrationCode.make(),
            address: address, port: port, publishedAddress: address, lastSeen: 0, machine: machine)
    }
}

/// Three-word codes, as readers show them.
enum RegistrationCode {
    private static let words = [
        "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "ivory", "jolly", "kayak", "lemon", "maple", "noble",
        "ocean", "pearl", "quiet", "river", "stone", "tulip", "umber", "velvet", "willow", "yellow", "zephyr",
    ]

    static func make() -> String {
        (0..<3).map { _ in words.randomElement() ?? "amber" }.joined(separator: "-")
    }
}

extension String {
    /// The text with zeros in front, up to this length.
    func leftPadded(_ length: Int) -> String { String(repeating: "0", count: max(0, length - count)) + self }
}
