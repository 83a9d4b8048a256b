import ArgumentParser
import CLinuxSocket
import CheckoutAPI
import CheckoutServer
import FoundationEssentials

@main
struct Readerd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readerd",
        abstract: "The payment-card readers of a store, over a Unix socket.",
        discussion: """
            Settings come from the file, over it from the environment (READERD_BACKEND_BASE_URL for backend.base_url), over that from \
            --set. SIGHUP reads them again; SIGTERM stops gracefully: a payment in flight is finished or left recoverable.
            """,
        version: ReaderdVersion.current)

    @Option(help: ArgumentHelp("The settings file.", valueName: "path"))
    var config = "/etc/readerd/readerd.toml"

    @Option(
        name: .customLong("set"), help: ArgumentHelp("One setting, over file and environment. May be repeated.", valueName: "key=value"))
    var overrides: [String] = []

    @Flag(help: "Say what it would run with, and end.")
    var checkConfig = false

    @Flag(name: .customLong("openapi"), help: "Print the OpenAPI document of the socket's interface, and end.")
    var openAPI = false

    @Option(
        help: ArgumentHelp(
            "Write every message with readers, the backend and Stripe there, secrets and card data taken out; 'readersim replay' plays it.",
            valueName: "file"))
    var record: String?

    func validate() throws {
        for item in overrides where !item.contains("=") { throw ValidationError("--set takes key=value, not \(item)") }
    }

    func run() async throws {
        // Before there are threads.
        // A C library that does not take it costs a megabyte, and nothing else.
        _ = readerd_share_one_heap()
        if openAPI {
            print(OpenAPIDocument.text(version: ReaderdVersion.current), terminator: "")
            return
        }
        let source = SettingsSource(file: config, overrides: overrides)
        let loaded: LoadedSettings
        do {
            loaded = try source.load(isTrial: checkConfig)
        } catch {
            // sysexits: EX_CONFIG.
            throw end(StartFailure(description: "\(error)", exitCode: 78))
        }
        do {
            if checkConfig {
                let trial = try StartTrial(loaded.settings)
                print(loaded.report(trial.problems + StartTrial.secrets(loaded.settings)))
            } else {
                try await Agent.run(loaded, source: source, record: record)
            }
        } catch let failure as StartFailure {
            throw end(failure)
        }
    }

    /// Tells whoever started it, and whoever has called meanwhile, why it does not run.
    private func end(_ failure: StartFailure) -> ExitCode {
        Self.complain(failure.description)
        if !checkConfig { LastWord(failure.description).tellCallers(environment: ProcessInfo.processInfo.environment) }
        return ExitCode(failure.exitCode)
    }

    private static func complain(_ words: String) {
        AgentLog.complain(words, environment: ProcessInfo.processInfo.environment)
    }
}
