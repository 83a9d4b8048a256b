import ArgumentParser
import CheckoutAPI
import CheckoutClient
import Glibc

/// Walks a technician through the registration of a reader.
struct RegisterCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Register a reader at this location (technicians).",
        discussion: """
            Without --code and --label it says where each model shows its code, and asks. A code can be used once; nothing is sent twice by itself.
            """)

    /// Where a reader shows its code (Stripe's set-up pages; reader-protocol, section 8.1).
    static let whereTheCodeIs = [
        "Where the reader shows its registration code:",
        "  BBPOS WisePOS E, Stripe Reader S700/S710:",
        "    swipe in from the left edge, Settings, admin passcode 07139,",
        "    Generate pairing code",
        "  Verifone P400:",
        "    type 0-7-1-3-9 on its keys",
        "It is three words. The reader must be on, and have reached the internet.",
    ]
    static let role = Role.technician

    @OptionGroup var global: GlobalOptions
    @Option(help: "The words that the reader shows, with hyphens between.") var code: String?
    @Option(help: "What the reader is to be called.") var label: String?
    @Option(help: "The backend's location, when it is another than the agent's.") var location: String?

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let asks = !output.json && (code == nil || label == nil)
        if asks, code == nil { try output.lines(Self.whereTheCodeIs + [""]) }
        guard let code = try code ?? answer("Code: ", asks, output), let label = try label ?? answer("Label: ", asks, output) else {
            throw ValidationError("--code and --label are needed where nobody can be asked")
        }
        if asks { try output.line("Registering; this can take half a minute…") }
        let reader = try await agent.registerReader(RegisterBody(registrationCode: code, label: label, location: location))
        guard !output.json else {
            try output.object(reader)
            return .ok
        }
        try output.line(output.good("\(shown(ReaderWords.name(reader))) is registered."))
        var fields = Fields()
        fields.add("Reader", reader.reader)
        fields.add("State", ReaderWords.state(reader.state))
        fields.add("Why", reader.reason?.message)
        fields.add("What to do", reader.reason?.remedy)
        try output.lines(fields.lines)
        try output.line("See it on its display: sudo readerctl readers identify \(shown(reader.reader ?? label))")
        return .ok
    }

    /// Nil when there is nobody to ask.
    private func answer(_ question: String, _ asks: Bool, _ output: Output) throws -> String? {
        guard asks else { return nil }
        output.ask(question)
        while let line = readLine() {
            let text = line.split(separator: " ").joined(separator: " ")
            if !text.isEmpty { return text }
            output.ask(question)
        }
        return nil
    }
}
