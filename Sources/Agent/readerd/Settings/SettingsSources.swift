import TextSafety

/// A value with the key that it is for and where it came from.
struct SettingsEntry: Sendable {
    let key: SettingsKey
    /// The full path, with the operator's names in the place of `*`.
    let path: [String]
    let value: SettingsValue
    let origin: SettingsOrigin

    var name: String { SettingsEntry.written(path) }

    /// The path as it may stand in a file: names that are not bare are quoted.
    static func written(_ path: [String]) -> String {
        path.map { part in
            let bare =
                !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "_"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
            return bare ? part : Shown.quoted(part)
        }.joined(separator: ".")
    }
}

/// The three places where settings stand, put one over the other: file, then environment, then flags.
struct SettingsSources: Sendable {
    /// The strongest value of each key, by full path.
    private(set) var entries: [[String]: SettingsEntry] = [:]
    private(set) var problems: [SettingsProblem] = []

    /// Variables of other programs of the project, and of its tests, that begin as ours do.
    private static let otherVariables: Set<String> = ["READERD_CONFIG", "READERD_SOCKET"]
    private static let testPrefix = "READERD_TEST_"

    /// What people write when they put a secret where the name of its file belongs.
    private static let secretNames: [String: String] = [
        "token": "backend.token_file", "bearer": "backend.token_file", "bearer_token": "backend.token_file",
        "access_token": "backend.token_file", "api_key": "backend.token_file", "password": "backend.token_file",
        "secret": "backend.token_file",
        "authorization": "backend.token_file", "client_secret": "backend.oauth.client_secret_file",
        "refresh_token": "backend.oauth.refresh_token_file",
    ]

    mutating func add(file path: String) throws(SettingsFailure) {
        let origin = SettingsOrigin.file(path)
        for (path, value) in try SettingsFile.read(path) {
            if let key = SettingsKey.all.first(where: { $0.matches(path) }) {
                add(SettingsEntry(key: key, path: path, value: value, origin: origin))
            } else {
                refuse(path, value, origin)
            }
        }
    }

    mutating func add(environment: [String: String]) {
        var keys: [String: SettingsKey] = [:]
        for key in SettingsKey.all {
            if let variable = key.variable { keys[variable] = key }
        }
        for (variable, text) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(SettingsKey.variablePrefix) {
            if SettingsSources.otherVariables.contains(variable) || variable.hasPrefix(SettingsSources.testPrefix) { continue }
            let origin = SettingsOrigin.environment(variable)
            if let key = keys[variable] {
                // Empty is how a variable is taken back in a unit file.
                if !text.isEmpty { add(SettingsEntry(key: key, path: key.path, value: .text(text), origin: origin)) }
            } else if let file = SettingsSources.secretFile(for: variable.dropFirst(SettingsKey.variablePrefix.count).lowercased()) {
                problems.append(SettingsSources.inlineSecret(origin, key: nil, file: file))
            } else if variable.hasPrefix("READERD_LANES_") || variable.hasPrefix("READERD_READERS_") {
                let message = "lanes and readers are named in the settings file: an environment variable cannot spell every name"
                problems.append(SettingsProblem(origin: origin, key: nil, message: message))
            } else {
                let nearest = NearestName.of(variable, among: keys.keys.sorted()).map { "; the nearest is \($0)" } ?? ""
                problems.append(SettingsProblem(origin: origin, key: nil, message: "there is no such setting\(nearest)"))
            }
        }
    }

    /// Flags, as `("backend.base_url", "https://…")`. The name in `lanes.NAME.reader` may contain dots.
    mutating func add(overrides: [(key: String, value: String)]) {
        for (name, text) in overrides {
            var path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if path.count > 3, path[0] == "lanes" || path[0] == "readers" {
                path = [path[0], path[1..<path.count - 1].joined(separator: "."), path[path.count - 1]]
            }
            if let key = SettingsKey.all.first(where: { $0.matches(path) }) {
                add(SettingsEntry(key: key, path: path, value: .text(text), origin: .flag))
            } else {
                refuse(path, .text(text), .flag)
            }
        }
    }

    private mutating func add(_ entry: SettingsEntry) {
        if entry.path.contains("") {
            problems.append(SettingsProblem(origin: entry.origin, key: entry.name, message: "the name is empty"))
        } else {
            entries[entry.path] = entry
        }
    }

    private mutating func refuse(_ path: [String], _ value: SettingsValue, _ origin: SettingsOrigin) {
        let name = SettingsEntry.written(path)
        if let last = path.last, let file = SettingsSources.secretFile(for: last) {
            problems.append(SettingsSources.inlineSecret(origin, key: name, file: file))
        } else if SettingsKey.all.contains(where: { $0.isBelow(path) }) {
            // An empty table says nothing, and so nothing wrong.
            if value == .other("a group of keys") { return }
            let some = SettingsKey.all.filter { $0.isBelow(path) }.prefix(3).map(\.name).joined(separator: ", ")
            problems.append(
                SettingsProblem(origin: origin, key: name, message: "it is a group of keys (\(some)), not \(value.typeName)"))
        } else {
            // The operator's own names are taken as they are, so that only what is ours is compared.
            let candidates = SettingsKey.all.map { key in
                SettingsEntry.written(key.path.enumerated().map { $1 == "*" && $0 < path.count ? path[$0] : $1 })
            }
            let nearest = NearestName.of(name, among: candidates).map { "; the nearest is \($0)" } ?? ""
            problems.append(SettingsProblem(origin: origin, key: name, message: "there is no such setting\(nearest)"))
        }
    }

    private static func secretFile(for name: String) -> String? {
        secretNames.first { name == $0.key || name.hasSuffix("_" + $0.key) || name.hasSuffix("." + $0.key) }?.value
    }

    private static func inlineSecret(_ origin: SettingsOrigin, key: String?, file: String) -> SettingsProblem {
        SettingsProblem(
            origin: origin, key: key,
            message: "a secret does not stand in the settings: write it into a file of mode 0600 and name that file in \(file)")
    }
}
