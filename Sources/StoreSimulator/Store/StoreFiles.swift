import FoundationEssentials

/// The files that a store writes for the programs that use it.
struct StoreFiles: Sendable {
    let directory: String
    var caFile: String { directory + "/ca.pem" }
    var tokenFile: String { directory + "/backend-token" }
    var storeFile: String { directory + "/store.json" }
    var settingsFile: String { directory + "/readerd.toml" }

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

    /// Writes a file; a secret one is for its owner only from the first byte on.
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

    /// What the daemon's settings are made of.
    struct SettingsParts {
        var location: String
        var directory: String
        var caFile: String
        var tokenFile: String
        var backendURL: String
        var stripeURL: String
        var readerPort: Int
        var lanes: [(name: String, reader: String)]
    }

    /// The daemon's settings for this store.
    static func settings(_ store: SimulatedStore) -> String {
        let readers = store.readers.filter { $0.id != nil }
        return settings(
            SettingsParts(
                location: store.configuration.location, directory: store.directory, caFile: store.caFile, tokenFile: store.tokenFile,
                backendURL: store.backendURL, stripeURL: store.stripeURL, readerPort: store.readers.first?.port ?? 4443,
                lanes: zip(store.configuration.lanes, readers).map { ($0, $1.id ?? $1.serial) }))
    }

    static func settings(_ parts: SettingsParts) -> String {
        let lanes = parts.lanes.map { lane in "[lanes.\(quoted(lane.name))]\nreader = \(quoted(lane.reader))\n" }
        return """
            # Settings of readerd for the simulated store in this directory.
            location = \(quoted(parts.location))
            trust_roots = \(quoted(parts.caFile))
            state_directory = \(quoted(parts.directory + "/state"))

            [backend]
            base_url = \(quoted(parts.backendURL))
            token_file = \(quoted(parts.tokenFile))

            [stripe]
            base_url = \(quoted(parts.stripeURL))

            [socket]
            path = \(quoted(parts.directory + "/checkout.sock"))

            [lan]
            sweep = false
            port = \(parts.readerPort)

            \(lanes.joined(separator: "\n"))
            """
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).text
    }
}
