import ArgumentParser
import CheckoutAPI
import CheckoutClient

extension ReadersCommand {
    /// What names a reader on the command line.
    struct Named: ParsableArguments {
        @Argument(help: "Its id (tmr_…), serial number or label.", completion: .names(.readers)) var reader: String
    }

    private struct Done: Encodable {
        var reader: String
        var done: String
    }

    struct LabelCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "label", abstract: "Give a reader another label (technicians).",
            discussion: "A label that another reader of the location has is refused.")
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @OptionGroup var named: Named
        @Argument(help: "The new label.") var label: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let reader = try await agent.relabelReader(named.reader, label: label)
            try output.tell(reader, or: ["It is called \(shown(ReaderWords.name(reader))) now."])
            return .ok
        }
    }

    struct RemoveCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Take a reader off this location (technicians).",
            discussion: "Refused while a payment has it. To use it again, register it with a new code.")
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @OptionGroup var named: Named

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            try await agent.removeReader(named.reader)
            try output.tell(
                Done(reader: named.reader, done: "removed"), or: ["\(shown(named.reader)) is not registered at this location any more."])
            return .ok
        }
    }

    struct IdentifyCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "identify", abstract: "Show a reader's label on its own display for some seconds (technicians).")
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @OptionGroup var named: Named

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            try await agent.identifyReader(named.reader)
            try output.tell(Done(reader: named.reader, done: "identified"), or: ["Look at the readers: one shows its label now."])
            return .ok
        }
    }

    struct ConnectCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "connect", abstract: "Open a session with a reader now (technicians).")
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @OptionGroup var named: Named
        @Option(help: "The open cart whose token is used; any one's without it.") var cart: String?
        @Flag(help: "Also from another point of sale: what runs there is ended.") var takeOver = false

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let reader = try await agent.connectReader(named.reader, ConnectBody(cart: cart, takeOver: takeOver ? true : nil))
            try output.tell(reader, or: ["\(shown(ReaderWords.name(reader))) is \(ReaderWords.state(reader.state))."])
            return .ok
        }
    }

    struct DisconnectCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "disconnect", abstract: "Give the session with a reader up (technicians).",
            discussion: "It stays so until a sale or a technician wants the reader again.")
        static let role = Role.technician

        @OptionGroup var global: GlobalOptions
        @OptionGroup var named: Named

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let reader = try await agent.disconnectReader(named.reader)
            try output.tell(reader, or: ["\(shown(ReaderWords.name(reader))) is \(ReaderWords.state(reader.state))."])
            return .ok
        }
    }
}
