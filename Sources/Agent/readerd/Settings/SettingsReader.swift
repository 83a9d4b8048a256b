import TextSafety
import ReaderLinks
import WebCall

/// Takes values out of the sources, checks each, and notes everything that is wrong.
struct SettingsReader {
    private let entries: [[String]: SettingsEntry]
    private let environment: [String: String]
    private let workingDirectory: String
    private let isTrial: Bool
    private(set) var problems: [SettingsProblem] = []
    /// Credentials that only systemd can hand over, and that a trial therefore cannot look at.
    private(set) var unseen: [SettingsProblem] = []

    /// - Parameter isTrial: whether somebody only asks what readerd would run with, so that systemd need not have started it.
    init(_ sources: SettingsSources, environment: [String: String], workingDirectory: String, isTrial: Bool) {
        self.entries = sources.entries
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.isTrial = isTrial
    }

    /// What is given for a key, else its standard value; nil when there is neither.
    private func entry(_ name: String) -> SettingsEntry? {
        let path = name.split(separator: ".").map(String.init)
        if let entry = entries[path] { return entry }
        guard let key = SettingsKey.all.first(where: { $0.path == path }), let standard = key.standard else { return nil }
        return SettingsEntry(key: key, path: path, value: standard, origin: .standard)
    }

    /// The values given under a pattern, by the operator's name.
    func entries(of pattern: String) -> [SettingsEntry] {
        entries.values.filter { $0.key.name == pattern }.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    mutating func note(_ name: String, _ message: String) {
        let entry = entry(name)
        problems.append(SettingsProblem(origin: entry?.origin, key: entry?.name ?? name, message: message))
    }

    mutating func note(_ entry: SettingsEntry, _ message: String) {
        problems.append(SettingsProblem(origin: entry.origin, key: entry.name, message: message))
    }

    func isGiven(_ name: String) -> Bool { entry(name) != nil }

    // MARK: - Kinds

    mutating func text(_ name: String) -> String? {
        guard let entry = entry(name) else { return nil }
        return text(entry)
    }

    mutating func text(_ entry: SettingsEntry) -> String? {
        guard case .text(let text) = entry.value else {
            note(entry, "it must be text, not \(entry.value.typeName)")
            return nil
        }
        guard !text.isEmpty else {
            note(entry, "it is empty")
            return nil
        }
        guard text.utf8.count <= 4096, !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            note(entry, "it is too long, or contains a control character")
            return nil
        }
        return text
    }

    /// An address of the web, to be had over TLS alone.
    mutating func url(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        do {
            _ = try WebBase(text)
            return text
        } catch {
            switch error {
            case .notHTTPS: note(name, "it must begin with https://: readerd sends secrets there")
            case .hasCredentials: note(name, "a user name or a password does not stand in an address")
            case .hasQuery: note(name, "it must not have a query (?) or a fragment (#)")
            case .malformed: note(name, "it is not an address like https://host or https://host:port/path")
            }
            return nil
        }
    }

    mutating func base(_ name: String) -> WebBase? {
        guard let text = url(name) else { return nil }
        do {
            return try WebBase(text)
        } catch {
            return nil
        }
    }

    /// A base without the interface's own path: whoever copies an address from a document copies that too.
    mutating func backendBase(_ name: String) -> WebBase? {
        guard let base = base(name) else { return nil }
        guard !base.prefix.lowercased().split(separator: "/").contains("api") else {
            note(
                name,
                "it already has the interface's path (\(Shown.bounded(base.prefix))): give https:// and the host alone, as https://\(base.host)"
            )
            return nil
        }
        return base
    }

    /// Absolute: a path of the file counts from the file's directory, one of a variable or a flag from the working directory.
    mutating func path(_ name: String) -> String? {
        guard let entry = entry(name), let text = text(entry) else { return nil }
        return absolute(text, entry.origin)
    }

    private func absolute(_ text: String, _ origin: SettingsOrigin) -> String {
        if text.hasPrefix("/") { return text }
        guard case .file(let file) = origin else { return workingDirectory + "/" + text }
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        return directory.hasPrefix("/") || file.hasPrefix("/") ? directory + "/" + text : workingDirectory + "/" + directory + "/" + text
    }

    /// Of secrets that somebody wrote in the place of a file's path. In the middle of a name they are a name: `client_secret_2.txt`.
    private static let secretBeginnings = ["eyJ", "sk_", "rk_", "ek_", "pst_", "whsec_"]

    mutating func secretFile(_ name: String) -> String? {
        guard let entry = entry(name), let text = text(entry) else { return nil }
        let scheme = "credential:"
        if text.hasPrefix(scheme) { return credential(String(text.dropFirst(scheme.count)), entry) }
        // Better not asked for than opened: the message would name the "file".
        let looksLikeASecret =
            text.contains(" ") || (!text.contains("/") && text.utf8.count > 64)
            || text.lowercased().hasPrefix("bearer") || Self.secretBeginnings.contains { text.hasPrefix($0) }
        guard !looksLikeASecret else {
            note(entry, "it looks like the secret itself: write that into a file of mode 0600 and give the file's path")
            return nil
        }
        return absolute(text, entry.origin)
    }

    private mutating func credential(_ credential: String, _ entry: SettingsEntry) -> String? {
        if entry.key.kind == .writtenSecretFile {
            note(
                entry,
                "a refresh token is replaced when it is used, and a credential cannot be: give the path of a file in a writable directory")
            return nil
        }
        guard !credential.isEmpty, credential != ".", credential != "..", !credential.contains("/") else {
            note(entry, "a credential is named as in LoadCredential=NAME:…, without a slash")
            return nil
        }
        guard let directory = environment["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else {
            if isTrial {
                unseen.append(
                    SettingsProblem(
                        origin: entry.origin, key: entry.name,
                        message: "systemd hands \(Shown.bounded(credential)) over when the service starts; it was not looked at"))
                return Settings.credentialsOfTheService + "/" + credential
            }
            note(
                entry,
                "credential:\(Shown.bounded(credential)) needs systemd (LoadCredential= in the unit): CREDENTIALS_DIRECTORY is not set here"
            )
            return nil
        }
        return directory + "/" + credential
    }

    mutating func toggle(_ name: String) -> Bool? {
        guard let entry = entry(name) else { return nil }
        switch entry.value {
        case .toggle(let value): return value
        case .text("true") where entry.isText: return true
        case .text("false") where entry.isText: return false
        default:
            note(entry, "it must be true or false")
            return nil
        }
    }

    mutating func integer(_ name: String) -> Int? {
        guard let entry = entry(name), case .integer(let range) = entry.key.kind else { return nil }
        let value: Int? =
            switch entry.value {
            case .integer(let value): value
            case .text(let text) where entry.isText: Int(text)
            default: nil
            }
        guard let value, range.contains(value) else {
            note(entry, "it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    mutating func seconds(_ name: String) -> Seconds? {
        guard let entry = entry(name), case .seconds(let range) = entry.key.kind else { return nil }
        let value: Double? =
            switch entry.value {
            case .integer(let value): Double(value)
            case .decimal(let value): value
            case .text(let text) where entry.isText: Double(text)
            default: nil
            }
        // 0 would be no time at all; a millisecond is the least.
        guard let value, value.isFinite, value >= Double(range.lowerBound), value >= 0.001, value <= Double(range.upperBound) else {
            let least = range.lowerBound == 0 ? "more than 0" : "\(range.lowerBound)"
            note(entry, "it must be a number of seconds, from \(least) to \(range.upperBound)")
            return nil
        }
        return Seconds(milliseconds: Int64((value * 1000).rounded()))
    }

    mutating func choice(_ name: String) -> String? {
        guard let entry = entry(name), case .choice(let choices) = entry.key.kind else { return nil }
        guard case .text(let text) = entry.value, choices.contains(text) else {
            note(entry, "it must be one of \(choices.joined(separator: ", "))")
            return nil
        }
        return text
    }

    mutating func mode(_ name: String) -> UInt32? {
        guard let entry = entry(name) else { return nil }
        guard case .text(let text) = entry.value, (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8), mode <= 0o777,
            mode & 0o600 == 0o600
        else {
            note(entry, "it must be permissions in octal digits, in quotes, that let the owner read and write: \"0660\"")
            return nil
        }
        return mode
    }

    /// Texts and whole numbers, as texts. A variable or a flag separates them by commas.
    mutating func list(_ name: String) -> [String] {
        guard let entry = entry(name) else { return [] }
        switch entry.value {
        case .text(let text) where entry.isText:
            return text.split(separator: ",").map { $0.trimmed }.filter { !$0.isEmpty }
        case .list(let values):
            let texts = values.compactMap { value -> String? in
                switch value {
                case .text(let text) where !text.trimmed.isEmpty && text.utf8.count <= 256: text.trimmed
                case .integer(let number): String(number)
                default: nil
                }
            }
            if texts.count == values.count { return texts }
            note(entry, "each entry of the list must be text that is not empty, or a whole number")
        default:
            note(entry, "it must be a list, as [\"one\", \"two\"]")
        }
        return []
    }
}

extension SettingsEntry {
    /// Variables and flags have no types: everything is text there.
    fileprivate var isText: Bool {
        switch origin {
        case .environment, .flag: true
        case .standard, .file: false
        }
    }
}

extension StringProtocol {
    /// The text without the blanks around it.
    fileprivate var trimmed: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: blank).reversed().drop(while: blank).reversed())
    }
}
