/// Where a value came from.
package enum SettingsOrigin: Sendable, Equatable, CustomStringConvertible {
    case standard
    case file(String)
    case environment(String)
    case flag

    package var description: String {
        switch self {
        case .standard: "default"
        case .file(let path): path
        case .environment(let variable): variable
        case .flag: "flag"
        }
    }
}

/// One thing that is wrong with the settings. The message never repeats a value that could be a secret.
package struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
    /// The file, the variable or "flag"; nil for what is missing everywhere.
    package var origin: SettingsOrigin?
    /// The key as it was written; nil for a file that cannot be read.
    package var key: String?
    package var message: String

    package var description: String {
        [origin?.description, key, message].compactMap { $0 }.joined(separator: ": ")
    }
}

/// Everything that is wrong with the settings, at once: nobody likes to mend one and be told of the next.
package struct SettingsFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var problems: [SettingsProblem]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
