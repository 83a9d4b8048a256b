import FoundationEssentials

/// Where the settings come from, to read them at start and again at SIGHUP.
struct SettingsSource: Sendable {
    var file: String
    var overrides: [String]

    /// - Parameter isTrial: whether somebody only asks what readerd would run with.
    func load(isTrial: Bool = false) throws(SettingsFailure) -> LoadedSettings {
        try Settings.load(
            file: file, environment: ProcessInfo.processInfo.environment,
            overrides: overrides.map { item in
                let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts.first ?? ""), String(parts.dropFirst().first ?? ""))
            }, isTrial: isTrial)
    }
}
