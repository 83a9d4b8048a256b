import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct DevicesCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "What the agent sees on USB and the LAN: what each is, and whether it can be driven.",
        discussion: "It tells what was seen the last time. 'readerctl discover' looks now.")

    @OptionGroup var global: GlobalOptions

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let devices = try await agent.devices()
        try output.tell(DeviceList(devices: devices), or: DeviceWords.table(devices))
        return .ok
    }
}
