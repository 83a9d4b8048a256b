import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct ReadersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readers", abstract: "The card readers.",
        subcommands: [
            ListCommand.self, ShowCommand.self, LabelCommand.self, RemoveCommand.self, IdentifyCommand.self, ConnectCommand.self,
            DisconnectCommand.self, ReleaseCommand.self,
        ],
        defaultSubcommand: ListCommand.self)

    struct ListCommand: AgentCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Every reader that the agent knows.")

        @OptionGroup var global: GlobalOptions
        @Flag(help: "Ask the backend and Stripe again first.") var refresh = false

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let readers = try await agent.readers(refresh: refresh)
            try output.tell(ReaderList(readers: readers), or: ReaderWords.table(readers))
            return .ok
        }
    }

    struct ShowCommand: AgentCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Everything about one reader.")

        @OptionGroup var global: GlobalOptions
        @Argument(help: "Its id (tmr_…), serial number or label.", completion: .names(.readers)) var reader: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let reader = try await agent.reader(reader)
            guard !output.json else {
                try output.object(reader)
                return .ok
            }
            var fields = Fields()
            fields.add("Label", reader.label)
            if reader.declaredLabel != reader.label { fields.add("Should be called", reader.declaredLabel) }
            fields.add("Reader", reader.reader ?? "(not registered)")
            fields.add("Serial", reader.serial)
            fields.add("Model", reader.model)
            fields.add("Software", reader.software)
            fields.add("State", ReaderWords.state(reader.state))
            fields.add("Why", reader.reason?.message)
            fields.add("What to do", reader.reason?.remedy)
            fields.add("Can be driven", reader.driveable ? "yes" : "no")
            fields.add("Attached by", reader.transport?.rawValue)
            fields.add("Address", reader.address)
            fields.add("Name", reader.host)
            fields.add(
                "USB",
                reader.usb.map {
                    "\($0.vendorID):\($0.productID), bus \($0.bus), port \($0.portPath)" + ($0.product.map { ", \($0)" } ?? "")
                })
            fields.add("Lane", reader.lane)
            fields.add("Payment", reader.payment)
            fields.add("Last seen", reader.lastSeenAt.map(Times.dateAndTime))
            fields.add("Connected", reader.sessionSince.map { "since \(Times.dateAndTime($0))" })
            try output.lines(fields.lines)
            return .ok
        }
    }
}
