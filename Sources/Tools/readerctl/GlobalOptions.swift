import ArgumentParser
import CheckoutClient
import FoundationEssentials

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The agent's socket (READERD_SOCKET; default \(CheckoutClient.defaultSocketPath)).", valueName: "path"))
    var socket: String?

    @Flag(help: "Answer in JSON: one object, or one a line where things go on. Errors are problem objects (RFC 9457) on standard error.")
    var json = false

    @Flag(help: "No colors (NO_COLOR).")
    var noColor = false

    private var environment: [String: String] { ProcessInfo.processInfo.environment }

    var client: CheckoutClient {
        CheckoutClient(
            socketPath: socket ?? environment["READERD_SOCKET"].flatMap { $0.isEmpty ? nil : $0 } ?? CheckoutClient.defaultSocketPath)
    }

    var output: Output { Output(json: json, noColor: noColor, environment: environment) }
}
