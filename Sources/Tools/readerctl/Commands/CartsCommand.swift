import ArgumentParser
import CheckoutAPI
import CheckoutClient

struct CartsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "carts", abstract: "Open a cart, show it on the reader, ask for its status, close it.",
        subcommands: [OpenCommand.self, DisplayCommand.self, StatusCommand.self, CloseCommand.self])

    struct OpenCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "open", abstract: "Say that a sale has begun: the agent makes ready what its payment will need.")

        @OptionGroup var global: GlobalOptions
        @Argument var cart: String
        @Option(help: "The lane that it is sold at.", completion: .names(.lanes)) var lane: String?
        @Option(help: "A reader: its id, serial number or label.", completion: .names(.readers)) var reader: String?

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let cart = try await agent.openCart(cart, CartBody(lane: lane, reader: reader))
            guard !output.json else {
                try output.object(cart)
                return .ok
            }
            var fields = Fields()
            fields.add("Cart", cart.cart)
            fields.add("Lane", cart.lane)
            fields.add("Reader", cart.reader)
            fields.add("Reader is", cart.readerState.map { ReaderWords.state($0) })
            fields.add("No reader yet", cart.reason?.message)
            fields.add("What to do", cart.reason?.remedy)
            let parts = [
                ("configuration", cart.warm.configuration), ("token", cart.warm.token), ("session", cart.warm.session),
                ("currency", cart.warm.currency),
            ]
            fields.add("Ready", parts.map { $0.1 ? $0.0 : "no \($0.0) yet" }.joined(separator: ", "))
            fields.add("Opened", Times.dateAndTime(cart.openedAt))
            try output.lines(fields.lines)
            return .ok
        }
    }

    struct DisplayCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "display", abstract: "Show the cart's lines on the reader. It charges nothing.",
            discussion: """
                The file holds what PUT /v1/carts/{cart}/display takes: \
                {"currency": "usd", "total_minor": 450, "line_items": [{"description": "Tea", "amount_minor": 450, "quantity": 1}]}
                """)

        @OptionGroup var global: GlobalOptions
        @Argument var cart: String
        @Argument(help: "A file with the lines as JSON.") var file: String

        private struct Displayed: Encodable {
            var cart: String
            var displayed = true
        }

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            try await agent.display(try DisplayFile.read(file), cart: cart)
            try output.tell(Displayed(cart: cart), or: ["The reader shows cart \(shown(cart))."])
            return .ok
        }
    }

    struct StatusCommand: AgentCommand {
        static let configuration = CommandConfiguration(commandName: "status", abstract: "What the backend says of the cart now.")

        @OptionGroup var global: GlobalOptions
        @Argument var cart: String

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            let status = try await agent.cartStatus(cart)
            guard !output.json else {
                try output.object(status)
                return .ok
            }
            let words =
                switch status.status {
                case .open: "open: not paid"
                case .submitted: "submitted: paid" + (status.order.map { ", order \($0)" } ?? "")
                case .failed: "failed" + (status.error.map { ": \($0)" } ?? "")
                }
            try output.line("Cart \(shown(cart)) is \(shown(words))")
            return .ok
        }
    }

    struct CloseCommand: AgentCommand {
        static let configuration = CommandConfiguration(
            commandName: "close", abstract: "Say that the sale is over: clears the reader's display.")

        @OptionGroup var global: GlobalOptions
        @Argument var cart: String

        private struct Closed: Encodable {
            var cart: String
            var closed = true
        }

        func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
            try await agent.closeCart(cart)
            try output.tell(Closed(cart: cart), or: ["Cart \(shown(cart)) is closed."])
            return .ok
        }
    }
}
