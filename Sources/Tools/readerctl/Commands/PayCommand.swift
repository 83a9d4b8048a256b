import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct PayCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "pay", abstract: "Take a card payment, and tell what happens until it has ended.",
        discussion: """
            Ctrl-C asks the agent to cancel and waits for the end; a second Ctrl-C leaves, and the payment goes on.

            The id names the attempt to be paid. Repeating the command with the same --id and the same values never takes money twice: it \
            finds the payment and tells how it ended. So after any doubt repeat it with the same id; a script gives an --id of its own.

            With --json each line is the whole payment as it changes; the last line is how it ended.

            \(ExitStatus.help)
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The cart to be paid.") var cart: String
    @Option(help: "What is to be paid, in the major unit: 56.78") var amount: String
    @Option(help: "The payment's id, one per attempt; made up when not given.") var id: String?
    @Option(help: "The lane; its reader is used.", completion: .names(.lanes)) var lane: String?
    @Option(help: "The reader: its id, serial number or label.", completion: .names(.readers)) var reader: String?
    @Option(help: "How many seconds the customer may take to present a card (5 to 600).") var timeout: Int?
    @Option(help: ArgumentHelp("A tip that the reader offers, up to three times: \"10%:568\".", valueName: "label:minor"))
    var tip: [TipOption] = []
    @Flag(help: "The customer cannot enter a tip of their own.") var hideCustomTip = false
    @Option(help: ArgumentHelp("The cart's lines for the reader's screen, as JSON: see 'readerctl carts display'.", valueName: "file"))
    var display: String?
    @Option(help: "How much of it is paid from the customer's account balance.") var balance: String?
    @Flag(help: "The keyed-entry form of this cart is closed and unpaid.") var afterKeyedEntry = false
    @Option(help: "How many seconds to go on when it is not known whether money was taken, or when the agent cannot be reached.")
    var patience = 60

    func validate() throws {
        guard tip.count <= 3 else { throw ValidationError("At most three tips can be offered.") }
        guard !hideCustomTip || !tip.isEmpty else { throw ValidationError("--hide-custom-tip needs tips to choose from: --tip.") }
        guard (0...86400).contains(patience) else { throw ValidationError("--patience is 0 to 86400 seconds.") }
    }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let body = PaymentBody(
            cart: cart, amount: amount, accountBalancePaymentAmount: balance, lane: lane, reader: reader, timeoutSeconds: timeout,
            display: try display.map(DisplayFile.read),
            tip: tip.isEmpty ? nil : Tip(options: tip.map(\.option), hideCustomAmount: hideCustomTip ? true : nil),
            afterKeyedEntry: afterKeyedEntry ? true : nil)
        let screen = PayScreen(id: id ?? Self.newID(), output: output)
        return try await LivePayment(agent: agent, id: screen.id, body: body, patience: .seconds(patience), screen: screen).run()
    }

    /// A new id: `ctl-` and 60 random bits, without letters that look alike.
    static func newID() -> String {
        let letters = Array("23456789abcdefghjkmnpqrstuvwxyz")
        return "ctl-" + String((0..<12).compactMap { _ in letters.randomElement() })
    }
}

/// A tip as it is typed: `LABEL:MINOR`, such as `10%:568`.
struct TipOption: ExpressibleByArgument {
    var option: Tip.Option

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let minor = Int64(argument[argument.index(after: colon)...]), minor >= 0,
            colon != argument.startIndex
        else { return nil }
        self.option = Tip.Option(label: String(argument[..<colon]), amountMinor: minor)
    }
}
