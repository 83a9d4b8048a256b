import NIOSSL
import Synchronization

/// A simulated reader's place on the LAN: its address, its port, its certificate, and whether it listens.
final class ReaderHost: Sendable {
    private struct Place {
        var server: HTTPServer?
        var context: NIOSSLContext?
    }

    let serial: String
    private let world: SharedWorld
    private let authority: CertificateAuthority
    private let place = Mutex(Place())

    init(serial: String, world: SharedWorld, authority: CertificateAuthority) {
        self.serial = serial
        self.world = world
        self.authority = authority
    }

    /// Makes the certificate for the reader's present address.
    func certify(host: String, address: String, flaw: CertificateFlaw? = nil) throws {
        let context = try authority.issue(names: [host], addresses: flaw == .addressOnly ? [address] : [], flaw: flaw).serverContext()
        place.withLock { $0.context = context }
    }

    /// Begins to listen, and returns the port.
    @discardableResult
    func listen(address: String, port: Int) async throws -> Int {
        let (world, serial) = (world, serial)
        let settings = HTTPServer.Settings(
            service: ReaderService(world: world, serial: serial),
            admit: { [weak self] in
                // Between the bind and the certificate there is nothing to show.
                guard self?.place.withLock({ $0.context != nil }) ?? false else { return .refuse }
                return world.admission("reader.connect", reader: serial)
            },
            tls: { [weak self] in self?.place.withLock { $0.context } })
        let server = try await HTTPServer.start(address: address, port: port, settings: settings)
        let old = place.withLock { place in
            defer { place.server = server }
            return place.server
        }
        await old?.stop()
        return server.port
    }

    /// Stops listening and drops every connection.
    func goSilent() async {
        let server = place.withLock { place in
            defer { place.server = nil }
            return place.server
        }
        await server?.stop()
    }

    func dropConnections() async {
        await place.withLock { $0.server }?.closeConnections()
    }
}

extension SharedWorld {
    /// A host's reaction to a new connection.
    func admission(_ call: String, reader: String? = nil) -> Admission {
        with { world, _ in
            switch world.takeFault(call, reader: reader) {
            case nil: .serve
            case .silence: .mute
            default: .refuse
            }
        }
    }
}
