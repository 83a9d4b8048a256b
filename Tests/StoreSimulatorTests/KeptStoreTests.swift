import FoundationEssentials
import Testing

@testable import StoreSimulator

/// `readersim run --keep`: a trial box outlives a reboot.
@Suite(.timeLimit(.minutes(2))) struct KeptStoreTests {
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/kept-\(UUID().uuidString)"
        try await body(directory)
        try FileManager.default.removeItem(atPath: directory)
    }

    private func configuration(_ directory: String) -> StoreConfiguration {
        var configuration = StoreConfiguration()
        configuration.directory = directory
        configuration.readers = 2
        configuration.unregisteredReaders = 1
        configuration.keeps = true
        return configuration
    }

    private func token(_ store: SimulatedStore) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: store.tokenFile)), as: UTF8.self)
    }

    @Test func `ports, certificate, token, readers and money are the same at the next start`() async throws {
        try await withDirectory { directory in
            let first = try await SimulatedStore.start(configuration(directory))
            let intent = first.world.with { world, now in
                world.stripe.makeIntent(cart: "7", amount: 5600, isForReader: true, manualCapture: false, at: now).id
            }
            _ = try first.keep(after: [])
            let (ledger, token) = (first.ledger(), try token(first))
            let shown = first.readers.map { [$0.id ?? "-", $0.serial, $0.address, "\($0.port)", $0.host, $0.registrationCode ?? "-"] }
            let urls = [first.backendURL, first.stripeURL, first.controlURL, first.caPEM, first.oauth.refreshToken]
            await first.stop()

            var fewer = configuration(directory)
            fewer.readers = 1
            let second = try await SimulatedStore.start(fewer)
            #expect([second.backendURL, second.stripeURL, second.controlURL, second.caPEM, second.oauth.refreshToken] == urls)
            #expect(try self.token(second) == token)
            #expect(
                second.readers.map { [$0.id ?? "-", $0.serial, $0.address, "\($0.port)", $0.host, $0.registrationCode ?? "-"] } == shown)
            #expect(
                second.ledger().intents.map(\.id) == [intent] && second.ledger().intents.first?.createdAt == ledger.intents.first?.createdAt
            )
            #expect(second.ledger().at >= ledger.at, "its time goes on")
            await second.stop()
        }
    }

    @Test func `what cannot be read is no store that begins anew by itself`() async throws {
        try await withDirectory { directory in
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: URL(filePath: directory + "/kept.json"))
            await #expect(throws: SimulatorError.self) { try await SimulatedStore.start(configuration(directory)) }
        }
    }

    @Test func `without --keep nothing is left but the files of the store`() async throws {
        try await withDirectory { directory in
            var plain = configuration(directory)
            plain.keeps = false
            let store = try await SimulatedStore.start(plain)
            await store.stop()
            #expect(!FileManager.default.fileExists(atPath: directory + "/kept.json"))
        }
    }
}
