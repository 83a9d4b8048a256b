import FoundationEssentials
import TestSupport
import Testing

/// Slips of whoever writes the settings.
@Suite(.timeLimit(.minutes(30))) struct SettingsSlipTests {
    @Test(arguments: ["[=lan]", "[.lan]", "[é]", "[", "[lan]\n" + String(repeating: "a.", count: 200_000) + "b = 1"])
    func `a slip in the settings ends with 78, the file, the line and what is wrong`(slip: String) async throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("readerd.toml")
        try Data(("location = \"48\"\n" + slip + "\nport = 1\n").utf8).write(to: URL(filePath: file))
        for arguments in [[], ["--check-config"]] {
            let result = try await run([try ChildProcess.built("readerd"), "--config", file] + arguments)
            #expect(result.status == 78, "\(result.errors.suffix(500))")
            #expect(
                result.errors.contains("readerd: \(file): line \(slip.hasPrefix("[lan]") ? 3 : 2), column "), "\(result.errors.suffix(500))"
            )
            #expect(result.errors.utf8.count < 500)
        }
    }
}
