import FoundationEssentials
import GatewayCore
import GatewayModel
import MarianaAPI
import Testing

@testable import readerd

/// `--check-config` says what a start would do: the same code says it.
@Suite struct StartTrialTests {
    private func loaded(_ text: String) throws -> LoadedSettings {
        let fixture = try SettingsFixture(text)
        defer { withExtendedLifetime(fixture) {} }
        return try Settings.load(file: fixture.path, environment: [:], isTrial: true)
    }

    private func token(_ content: String, mode: Int = 0o600) throws -> [SettingsProblem] {
        let fixture = try SettingsFixture(SettingsTests.least.replacing("credentials/backend-token", with: "the-token"))
        let path = fixture.directory + "/the-token"
        try Data(content.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        defer { withExtendedLifetime(fixture) {} }
        return try StartTrial.secrets(Settings.load(file: fixture.path, environment: [:], isTrial: true).settings)
    }

    @Test(arguments: [
        ("", "is empty"), ("\n", "is empty"), ("two words", "one line of printable characters without spaces"),
        ("Bearer abc", "begins with the word Bearer"), ("bearer abc\n", "leave that out"), ("a\nb", "one line"),
    ])
    func `a token file that the backend could not take is told without its content`(content: String, words: String) throws {
        let problems = try token(content)
        #expect(problems.count == 1 && problems.first?.key == "backend.token_file")
        #expect(problems.first?.message.contains(words) == true, "\(problems)")
        #expect(problems.first?.message.contains("abc") == false)
    }

    @Test func `a token that stands alone in a file of mode 0600 is none of it, and one that is open to all is`() throws {
        #expect(try token("abc\n").isEmpty)
        #expect(try token("abc", mode: 0o644).first?.message.contains("open to every user of this box: chmod 0600") == true)
    }

    @Test func `a token file that is missing is told`() throws {
        let settings = try loaded(SettingsTests.least).settings
        #expect(StartTrial.secrets(settings).first?.message.contains("does not exist") == true)
    }

    @Test func `groups that do not exist cost that role, loudly, and not the start`() throws {
        let text = SettingsTests.least + "\n[roles.checkout]\ngroups = [\"no-such-group-here\"]\n[roles.monitor]\nusers = [\"root\"]\n"
        let trial = try StartTrial(loaded(text).settings)
        #expect(trial.problems.map(\.key) == ["roles.checkout.groups"])
        #expect(trial.problems.first?.message.contains("sudo addgroup --system no-such-group-here") == true)
    }

    @Test func `trust roots that are gone, or are none, end the trial as they end the start`() throws {
        let text = "trust_roots = \"gone.pem\"\n" + SettingsTests.least
        #expect {
            _ = try StartTrial(loaded(text).settings)
        } throws: { ($0 as? StartFailure)?.exitCode == 78 && "\($0)".contains("gone.pem") && "\($0)".contains("Put the file back") }
        let fixture = try SettingsFixture("trust_roots = \"readerd-1.toml\"\n" + SettingsTests.least)
        let settings = try Settings.load(file: fixture.path, environment: [:], isTrial: true).settings
        #expect(throws: StartFailure.self) { try StartTrial(settings) }
        withExtendedLifetime(fixture) {}
    }

    @Test(arguments: ["https://b.example/api/stripe/v1", "https://b.example/api/", "https://b.example/API"])
    func `an address that already has the interface's path is refused, with the right one`(address: String) throws {
        #expect {
            _ = try Settings.load(file: nil, environment: [:], overrides: [("backend.base_url", address)])
        } throws: { error in
            "\(error)".contains("it already has the interface's path") && "\(error)".contains("https://b.example")
        }
    }

    @Test(arguments: ["“48”", "‘48’", "„48“", "«48»"])
    func `a word processor's quotes are called that`(value: String) throws {
        #expect {
            _ = try loaded("location = \(value)\n")
        } throws: { "\($0)".contains("line 1, column 12: these are a word processor's quotes") }
    }
}
