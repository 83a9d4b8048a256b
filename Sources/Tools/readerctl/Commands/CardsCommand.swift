import ArgumentParser
import CheckoutAPI
import CheckoutClient
import UnixSignals

struct CardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cards", abstract: "Keep a customer's card on file, with a reader or by its payment method.",
        subcommands: [Save.self, Show.self, Cancel.self, Store.self])

    struct Save: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "save", abstract: "Read a card on a reader and have the backend keep it. No money moves.",
            discussion: """
                A cart must be open at the lane (readerctl carts open), or the settings must name a maintenance_cart: a connection token \
                needs one. Ctrl-C asks the agent to cancel and waits for the end; a second Ctrl-C leaves.

                Repeating it with the same --id and the same values keeps nothing twice.

                \(ExitStatus.help)
                """)

        @OptionGroup var global: GlobalOptions
        @Option(help: "The backend's user whose card it is.") var user: String
        @Option(help: "The backend's partner.") var partner: String
        @Option(help: "The postal code of the card's holder.") var postalCode: String
        @Option(help: "The name on the card.") var name: String?
        @Option(help: "The lane; its reader is used.", completion: .names(.lanes)) var lane: String?
        @Option(help: "The reader: its id, serial number or label.", completion: .names(.readers)) var reader: String?
        @Option(help: "How many seconds the customer may take to present the card (5 to 600).") var timeout: Int?
        @Option(help: "The set-up's id, one per attempt; made up when not given.") var id: String?
        @Option(help: "How many seconds to go on when the agent cannot be reached.") var patience = 60

        func validate() throws {
            guard (0...86400).contains(patience) else { throw ValidationError("--patience is 0 to 86400 seconds.") }
        }

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let body = CardSetupBody(
                user: user, partner: partner, postalCode: postalCode, name: name, lane: lane, reader: reader, timeoutSeconds: timeout)
            let id = id ?? PayCommand.newID()
            let setup = try await LiveCardSetup(agent: agent, id: id, body: body, patience: .seconds(patience), output: output).run()
            guard let setup else { return .unknown }
            if !output.json { try output.lines(CardSetupWords(setup).lines(output)) }
            return ExitStatus(setup)
        }
    }

    struct Show: AgentCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "How a card set-up stands.")

        @OptionGroup var global: GlobalOptions
        @Argument(help: "The set-up's id.") var id: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let setup = try await agent.cardSetup(id)
            try output.tell(setup, or: CardSetupWords(setup).lines(output))
            return .ok
        }
    }

    struct Cancel: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "cancel", abstract: "Ask the agent to stop a card set-up, and wait for how it ends.")

        @OptionGroup var global: GlobalOptions
        @Argument(help: "The set-up's id.") var id: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            try await agent.cancelCardSetup(id)
            let setup = try await agent.cardSetup(id, wait: .seconds(30))
            try output.tell(setup, or: CardSetupWords(setup).lines(output))
            return ExitStatus(setup)
        }
    }

    struct Store: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "store", abstract: "Have the backend store a payment method that Stripe knows already.")

        @OptionGroup var global: GlobalOptions
        @Option(help: "The payment method: pm_…") var paymentMethod: String
        @Option(help: "The backend's user whose card it is.") var user: String
        @Option(help: "The backend's partner.") var partner: String
        @Option(help: "The postal code of the card's holder.") var postalCode: String
        @Option(help: "The name on the card.") var name: String?

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let card = try await agent.storeBankcard(
                BankcardBody(user: user, partner: partner, paymentMethod: paymentMethod, postalCode: postalCode, name: name))
            try output.tell(card, or: [output.good("Stored: bankcard \(shown(card.bankcard, limit: 60)).")])
            return .ok
        }
    }
}

/// One card set-up from the command line: begun, followed through lost connections, canceled on Ctrl-C.
struct LiveCardSetup: Sendable {
    let agent: CheckoutClient
    let id: String
    let body: CardSetupBody
    let patience: Duration
    let output: Output

    /// How it ended; nil when the person left before.
    func run() async throws -> CardSetup? {
        let interrupts = await UnixSignalsSequence(trapping: .sigint)
        return try await withThrowingTaskGroup(of: CardSetup?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await follow() }
            group.addTask {
                var count = 0
                for await _ in interrupts {
                    count += 1
                    if count > 1 { break }
                    say("Asking the agent to cancel. Ctrl-C again leaves; the set-up then goes on.")
                    do throws(ClientError) {
                        try await agent.cancelCardSetup(id)
                    } catch {
                        // It may be ending at this moment: how it ends is told by following it.
                        say(shown(error.description))
                    }
                }
                return nil
            }
            return try await group.next() ?? nil
        }
    }

    private func follow() async throws -> CardSetup {
        var told = 0
        var outage: ContinuousClock.Instant?
        var hasBegun = false
        // Its id, once there is something that may go on without this command.
        func begin() {
            if !hasBegun { say("Card set-up \(shown(id))") }
            hasBegun = true
        }
        while true {
            try Task.checkCancellation()
            do throws(ClientError) {
                // The same request again finds the set-up that it began.
                let setup = told == 0 ? try await agent.keepCard(id, body) : try await agent.cardSetup(id, wait: .seconds(1))
                outage = nil
                begin()
                tell(setup, &told)
                if setup.state.isEnd { return setup }
                told = max(told, 1)
            } catch {
                let since = outage ?? .now
                switch error {
                case .connectionLost, .timedOut,
                    .invalidAnswer where since.duration(to: .now) < patience:
                    begin()
                    if outage == nil { say("\(shown(error.description)) Trying again with the same id; nothing is kept twice.") }
                    outage = since
                case .noSocket where outage != nil && since.duration(to: .now) < patience: break
                default: throw error
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Tells what is new. A closed standard output stops nothing: how it ended is still in the exit code.
    private func tell(_ setup: CardSetup, _ told: inout Int) {
        guard setup.timeline.count > told else { return }
        if output.json {
            do { try output.object(setup) } catch {}
        } else {
            for entry in setup.timeline.dropFirst(told) where !entry.state.isEnd { say(CardSetupWords(setup).doing(entry.state)) }
        }
        told = setup.timeline.count
    }

    private func say(_ text: String) {
        guard !output.json else { return }
        do { try output.line(wrapped(text)) } catch {}
    }
}
