import ArgumentParser
import CheckoutAPI
import CheckoutClient
import Glibc

/// Looks for readers now, and says of everything that is there what it is and what to do about it.
struct DiscoverCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "discover", abstract: "Look for readers on USB and the LAN now (technicians).",
        discussion: """
            Without --usb or --lan it looks at both. On the LAN it asks every address of this box's own private networks for a reader's \
            certificate; nothing else is said to whatever is there. With --json each line is one of the agent's: device, progress, summary, \
            and with --watch the agent's events after it.
            """)
    static let role = Role.technician

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Look on USB.") var usb = false
    @Flag(help: "Look on the LAN.") var lan = false
    @Option(help: "Look in this network instead of the box's own, such as 192.168.8.0/24; may be repeated.") var subnet: [String] = []
    @Flag(help: "Then go on, and tell what comes and goes, until Ctrl-C.") var watch = false

    func validate() throws {
        guard subnet.isEmpty || lan || !usb else { throw ValidationError("--subnet goes with --lan") }
    }

    private var body: DiscoveryBody {
        var transports: [DiscoveryBody.Transport] = []
        if usb { transports.append(.usb) }
        if lan || (!subnet.isEmpty && !usb) { transports.append(.lan) }
        return DiscoveryBody(transports: transports.isEmpty ? nil : transports, subnets: subnet.isEmpty ? nil : subnet)
    }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let screen = Progress(output)
        var devices: [Device] = []
        let summary = try await output.follow(agent.discover(body), named: "the look for devices") { line in
            switch line {
            case .device(let device):
                // What is told again is known better by then.
                devices.removeAll { $0.device == device.device }
                devices.append(device)
            case .progress(let progress): screen.show(progress)
            case .summary, .heartbeat, .end: break
            }
        }
        screen.clear()
        if !output.json { try output.lines(DeviceWords.table(devices) + [""] + DeviceWords.summary(summary)) }
        if watch { try await follow(agent, output) }
        return .ok
    }

    private func follow(_ agent: CheckoutClient, _ output: Output) async throws {
        if !output.json { try output.line("Watching; Ctrl-C ends.") }
        for try await event in agent.events(topics: [.devices]) {
            if output.json {
                try output.object(event)
            } else if let device = event.device {
                let words = device.reason.map { ": \(ReaderWords.reason($0))" } ?? ""
                try output.line(
                    wrapped(
                        "\(Times.time(event.at))  \(shown(event.type, limit: 20))  \(shown(DeviceWords.place(device)))  "
                            + "\(shown(DeviceWords.name(device)))\(words)"))
            }
        }
    }

    /// How far it is, on one line of a terminal that is written over.
    private struct Progress {
        let output: Output
        let isShown: Bool

        init(_ output: Output) {
            self.output = output
            isShown = !output.json && isatty(STDERR_FILENO) == 1
        }

        func show(_ progress: DiscoveryProgress) {
            if isShown { output.ask("\rLooking at the LAN: \(progress.looked) of \(progress.of) addresses ") }
        }

        func clear() {
            if isShown { output.ask("\r\u{1B}[K") }
        }
    }
}
