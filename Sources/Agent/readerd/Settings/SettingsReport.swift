import TextSafety
import Glibc
import WebCall

extension LoadedSettings {
    /// What `readerd --check-config` prints: every setting with its value, as it could stand in a file, and where it came from.
    package func report(_ more: [SettingsProblem] = []) -> String {
        let lines = entries.map { (left: "\($0.name) = \($0.value.written)", right: "\($0.origin)") }
        let width = min(lines.map(\.left.count).max() ?? 0, 64)
        var text = lines.map { line in
            line.left + String(repeating: " ", count: max(0, width - line.left.count)) + "  # " + line.right
        }
        for warning in warnings + more { text.append("# warning: \(warning)") }
        return text.joined(separator: "\n") + "\n"
    }
}

extension SettingsValue {
    /// The value as TOML. Settings hold no secret, so nothing is left out.
    fileprivate var written: String {
        switch self {
        case .text(let text): Shown.quoted(text)
        case .integer(let number): "\(number)"
        case .decimal(let number): "\(number)"
        case .toggle(let value): "\(value)"
        case .list(let values): "[" + values.map(\.written).joined(separator: ", ") + "]"
        case .other(let name): name
        }
    }
}

extension Settings {
    /// - Parameter unseen: what was not looked at, and is told already.
    func warnings(_ entries: [SettingsEntry], unseen: [SettingsProblem]) -> [SettingsProblem] {
        var warnings = unseen
        func warn(_ name: String, _ message: String) {
            let entry = entries.first { $0.key.name == name }
            warnings.append(SettingsProblem(origin: entry?.origin, key: name, message: message))
        }
        if socket.mode & 0o006 != 0 {
            warn("socket.mode", "every user of this machine may connect; what they may do is then a matter of roles alone")
        }
        if roles.values.allSatisfy({ $0.users.isEmpty && $0.groups.isEmpty }) {
            warn("roles.checkout.users", "no role names anybody: only root and readerd's own user may use the agent")
        }
        if case let prefix = backend.base.prefix, !prefix.isEmpty {
            warn("backend.base_url", "it has the path \(Shown.bounded(prefix)): the backend's own address has none")
        }
        for (name, path) in filesToRead where !unseen.contains(where: { $0.key == name }) && access(path, R_OK) != 0 {
            warn(name, "\(Shown.bounded(path)) cannot be read: \(Shown.reason(errno))")
        }
        return warnings
    }

    /// The files that are read while readerd runs, by their keys.
    private var filesToRead: [(key: String, path: String)] {
        var files: [(key: String, path: String)] = []
        switch backend.credential {
        case .tokenFile(let path): files.append(("backend.token_file", path))
        case .oauth(let oauth):
            files.append(("backend.oauth.client_secret_file", oauth.clientSecretFile))
            files.append(("backend.oauth.refresh_token_file", oauth.refreshTokenFile))
        }
        if let trustRoots { files.append(("trust_roots", trustRoots)) }
        return files
    }
}
