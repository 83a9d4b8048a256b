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

    /// The daemon's settings for this store.
    static func settings(_ store: SimulatedStore) -> String {
        let readers = store.readers.filter { $0.id != nil }
        let lanes = zip(store.configuration.lanes, readers).map { lane, reader in
            "[lanes.\(quoted(lane))]\nreader = \(quoted(reader.id ?? reader.serial))\n"
        }
        return """
            # Settings of readerd for the simulated store in this directory.
            location = \(quoted(store.configuration.location))
            trust_roots = \(quoted(store.caFile))
            state_directory = \(quoted(store.directory + "/state"))

            [backend]
            base_url = \(quoted(store.backendURL))
            token_file = \(quoted(store.tokenFile))

            [stripe]
            base_url = \(quoted(store.stripeURL))

            [socket]
            path = \(quoted(store.directory + "/checkout.sock"))

            [lan]
            sweep = false
            port = \(store.readers.first?.port ?? 4443)

            \(lanes.joined(separator: "\n"))
            """
    }

    private static func quoted(_ text: String) -> String {
        JSONValue.string(text).text
    }
}
