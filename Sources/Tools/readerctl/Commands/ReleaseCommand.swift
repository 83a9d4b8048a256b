import ArgumentParser
import CheckoutAPI
import CheckoutClient

extension ReadersCommand {
    struct ReleaseCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "Free a reader that a payment or card set-up has left in an unknown state (technicians).",
            discussion:
                "Look at the reader first: nothing may run on it. The payment or card set-up itself stays as it is. Who released it and when is kept."
        )
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @Argument(help: "Its id (tmr_…), serial number or label.", completion: .names(.readers)) var reader: String
        @Option(help: "The payment that has it, as \"readers show\" says.", completion: .names(.payments)) var payment: String?
        @Option(help: "The card set-up that has it, when it is not a payment.") var cardSetup: String?

        func validate() throws {
            guard ReleaseBody.of(payment: payment, cardSetup: cardSetup) != nil else {
                throw ValidationError("Name what has the reader: --payment ID, or --card-setup ID.")
            }
        }

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            guard let body = ReleaseBody.of(payment: payment, cardSetup: cardSetup) else { return .usage }
            let reader = try await agent.releaseReader(reader, body)
            try output.tell(reader, or: ["\(ReaderWords.name(reader)) is free: \(ReaderWords.state(reader.state))."])
            return .ok
        }
    }
}
