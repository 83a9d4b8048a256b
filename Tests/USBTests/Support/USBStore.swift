import CheckoutAPI
import CheckoutClient
import StoreSimulator
import TestSupport
import Testing

extension Store {
    /// A store with an emulated USB bus, at which nothing is plugged in yet, and the daemon on it.
    ///
    /// - Parameter onLAN: whether the reader can be reached on the LAN too; else the daemon looks for it at a port where nobody listens.
    static func openWithUSB(
        onLAN: Bool = false, settings: [String: String] = [:], within limit: Duration = .seconds(120),
        simulate: (inout StoreConfiguration) -> Void = { _ in },
        at location: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable (Store, Bench) async throws -> Void
    ) async throws {
        try await Bench.open { bench in
            try await Store.open(
                settings: (onLAN ? [:] : ["lan.port": "9"]).merging(settings) { $1 }.merging(["usb.enabled": "true"]) { $1 }, within: limit,
                starts: false, simulate: simulate, at: location
            ) { store in
                for (name, value) in bench.environment { store.setVariable(name, value) }
                try await store.start()
                try await body(store, bench)
            }
        }
    }

    /// Plugs the store's reader in at 1-4 and waits until the daemon knows that it is that reader.
    func plugIn(_ bench: Bench, at location: SourceLocation = #_sourceLocation) async throws {
        let reader = try #require(simulator.readers.first)
        try bench.plug("1-4", "link", reader: "\(reader.address):\(reader.port)", serial: reader.serial)
        var seen: [Device] = []
        try await eventually("the reader link is listed; listed are \(seen)", at: location) {
            seen = try await client.devices()
            return seen.contains { $0.usb?.serial == reader.serial }
        }
    }

    func transport() async throws -> Transport? { try await client.readers().first?.transport }
}
