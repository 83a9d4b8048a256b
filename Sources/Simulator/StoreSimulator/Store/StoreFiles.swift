import JSON
import FoundationEssentials

/// The files that a store writes for the programs that use it.
struct StoreFiles: Sendable {
    let directory: String
    var caFile: String { directory + "/ca.pem" }
    var tokenFile: String { directory + "/backend-token" }
    var storeFile: String { directory + "/store.json" }
    var keptFile: String { directory + "/kept.json" }
    var settingsFile: String { directory + "/readerd.toml" }
    var serviceSettingsFile: String { directory + "/service.toml" }

    /// Uses a directory, or makes one of its own under the system's temporary one.
    init(directory: String?) throws {
        if let directory {
            self.directory = directory
        } else {
            let name = (0..<12).map { _ in String(Int.random(in: 0...35), radix: 36) }.joined()
            self.directory = FileManager.default.temporaryDirectory.path + "/readersim-" + name
        }
        try FileManager.default.createDirectory(
            atPath: self.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Writes a file. A secret one is readable by its owner only from the first byte on.
    func write(_ text: String, to path: String, isSecret: Bool = false) throws {
        if isSecret {
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw SimulatorError("cannot write \(path)")
            }
            let file = Array(text.utf8)
            try Data(file).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } else {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
    }

    /// The facts from which the daemon's settings are made.
    struct SettingsParts {
        var location: String
        var directory: String
        var caFile: String
        var tokenFile: String
        var backendURL: String
        var stripeURL: String
        var readerPort: Int
        var lanes: [(name: String, reader: String)]
        /// The cart by which the agent finds the readers before the first sale.
        var maintenanceCart: String?
    }

    /// The daemon's settings for this store.
    static func settings(_ store: SimulatedStore) -> String { settings(parts(store)) }

    static func settings(_ parts: SettingsParts) -> String {
        """
        # Settings of readerd for the simulated store in this directory.
        location = \(quoted(parts.location))
        trust_roots = \(quoted(parts.caFile))
        state_directory = \(quoted(parts.directory + "/state"))
        socket.path = \(quoted(parts.directory + "/checkout.sock"))
        backend.token_file = \(quoted(parts.tokenFile))
        \(shared(parts))
        """
    }

    /// The settings of the packaged service for this store. The service sees neither home directories nor `/tmp`, and systemd gives it its
    /// socket, its state directory and the token.
    static func serviceSettings(_ store: SimulatedStore) -> String {
        """
        # Settings of the packaged readerd for the simulated store in this directory. Install ca.pem as /etc/readerd/store-ca.pem and
        # backend-token as /etc/readerd/credentials/backend-token with it.
        location = \(quoted(store.configuration.location))
        trust_roots = "/etc/readerd/store-ca.pem"
        backend.token_file = "credential:backend-token"
        roles.monitor.groups = ["readerd-monitor"]
        roles.checkout.groups = ["readerd-checkout"]
        roles.technician.groups = ["readerd-technician"]
        \(shared(parts(store)))
        """
    }

    private static func parts(_ store: SimulatedStore) -> SettingsParts {
        SettingsParts(
            location: store.configuration.location, directory: store.directory, caFile: store.caFile, tokenFile: store.tokenFile,
            backendURL: store.backendURL, stripeURL: store.stripeURL, readerPort: store.readers.first?.port ?? 4443,
            lanes: zip(store.configuration.lanes, store.readers.filter { $0.id != nil }).map { ($0, $1.id ?? $1.serial) },
            maintenanceCart: store.configuration.maintenanceCart)
    }

    /// The settings that are the same wherever readerd runs.
    private static func shared(_ parts: SettingsParts) -> String {
        """
        backend.base_url = \(quoted(parts.backendURL))
        stripe.base_url = \(quoted(parts.stripeURL))
        lan.sweep = false
        lan.port = \(parts.readerPort)
        \(parts.maintenanceCart.map { "maintenance_cart = \(quoted($0))\n" } ?? "")\
        \(parts.lanes.map { "lanes.\(quoted($0.name)).reader = \(quoted($0.reader))\n" }.joined())
        """
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).text()
    }
}
