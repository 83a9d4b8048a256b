import FoundationEssentials

/// A settings file in a directory of its own, removed with it.
final class SettingsFixture: Sendable {
    let directory: String
    let path: String
    private let ownsDirectory: Bool

    init(_ text: String, beside other: SettingsFixture? = nil) throws {
        ownsDirectory = other == nil
        let name = FileManager.default.temporaryDirectory.path + "/readerd-settings-" + UUID().uuidString
        directory = other?.directory ?? name
        path = directory + "/readerd-\(other == nil ? 1 : 2).toml"
        if ownsDirectory { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    deinit {
        guard ownsDirectory else { return }
        do { try FileManager.default.removeItem(atPath: directory) } catch { print("left behind: \(directory): \(error)") }
    }
}
