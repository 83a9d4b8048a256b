import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct VersionCommand: AgentCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "The versions of readerctl and of the agent.")

    @OptionGroup var global: GlobalOptions

    private struct Versions: Encodable {
        var readerctl: String
        var agent: Info
    }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        if !output.json { try output.line("readerctl \(Readerctl.version)") }
        let info = try await agent.info()
        if output.json {
            try output.object(Versions(readerctl: Readerctl.version, agent: info))
            return .ok
        }
        try output.line(
            "\(shown(info.name)) \(shown(info.version)), API \(shown(info.apiVersion))" + (info.mode == .test ? ", TEST MODE" : ""))
        try output.line("You are: \(info.caller.role.rawValue) (user \(info.caller.uid))")
        return .ok
    }
}
