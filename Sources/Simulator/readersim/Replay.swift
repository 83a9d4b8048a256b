import JSON
import ArgumentParser
import CheckoutAPI
import FoundationEssentials
import StoreSimulator

/// `readersim replay` plays the other side of a recording that `readerd --record` wrote.
struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play the backend, Stripe and the readers of a recording, until SIGTERM or SIGINT.",
        discussion: """
            Takes the file that 'readerd --record FILE' wrote. Writes readerd.toml, ca.pem and backend-token into the directory: start \
            'readerd --config' with them and ask for the same payments, and the agent hears what it heard then. At the end it tells which \
            calls of the recording were not made and which were made that it does not have; the exit status is 1 when there are any.

            Answers to calls that act (a collect, a confirm, an intent) are given once each. Calls that only look may be repeated.
            """)

    @Argument(help: "What 'readerd --record' wrote.") var file: String

    @Option(name: .shortAndLong, help: "Where to write the settings.")
    var directory = "readersim-replay"

    @Option(help: "The port of the readers; 0 for any free one.")
    var port = 0

    @Flag(help: "Answer at once instead of after the time that it took then.")
    var atOnce = false

    @Flag(help: "Print one line of JSON when ready and one at the end instead of words.")
    var json = false

    @Flag(help: "End when standard input ends.")
    var untilStdinCloses = false

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("a port is 0 to 65535") }
    }

    func run() async throws {
        let end = EndOfRun(untilStdinCloses: untilStdinCloses)
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: file)))
        } catch {
            throw ValidationError("\(file) cannot be read: \(error)")
        }
        let recording: Recording
        do throws(SimulatorError) {
            recording = try Recording(bytes)
        } catch {
            throw ValidationError("\(file): \(error)")
        }
        let here = URL(filePath: FileManager.default.currentDirectoryPath + "/")
        let store = try await ReplayedStore.start(
            recording, directory: URL(filePath: directory, relativeTo: here).path, readerPort: port, atOnce: atOnce)
        if json {
            writeLine("{\"ready\":true,\"settings\":\(JSONValue.string(store.settingsFile).text())}")
        } else {
            writeLine("backend   \(store.backendURL)")
            writeLine("stripe    \(store.stripeURL)")
            writeLine("settings  \(store.settingsFile)")
            writeLine("ready")
        }
        await end.wait()
        await store.stop()
        let report = store.report
        if json {
            writeLine(try JSONLine.text(report))
        } else {
            for line in report.lines { writeLine(line) }
        }
        if !report.isFaithful { throw ExitCode(1) }
    }
}
