import CheckoutAPI
import CheckoutClient
import CheckoutServer
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import readerctl

@Suite(.serialized, .timeLimit(.minutes(2)))
struct `readerctl pay` {
    private func pay(_ agent: RunningAgent, _ more: String...) throws -> Program {
        try Program(["pay", "--socket", agent.path, "--cart", "123", "--amount", "56.78", "--id", "p-1"] + more)
    }

    @Test func `it tells each state in plain words and ends with the money`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent, "--lane", "till-1", "--reader", "Front Desk", "--tip", "10%:568", "--tip", "a:b:1", "--timeout", "60")
        try await program.writes("Waiting for reader “Front Desk”.")
        #expect(program.lines.first == "Payment p-1")
        agent.store.move("p-1", to: .preparing)
        agent.store.move("p-1", to: .waitingForCard)
        try await program.writes("Reader “Front Desk” asks for a card: USD 56.78.")
        agent.store.move("p-1", to: .authorizing) { $0.money = .unknown }
        agent.store.move("p-1", to: .finishing)
        agent.store.move("p-1", to: .succeeded) {
            $0.money = .taken
            $0.tipMinor = 568
            $0.order = "8812"
            $0.card = Payment.Card(brand: "visa", last4: "4242", entry: "contactless")
        }
        #expect(try await program.ended() == 0)
        #expect(
            program.lines.suffix(6) == [
                "Waiting for reader “Front Desk”.", "Preparing the payment of USD 56.78 on reader “Front Desk”.",
                "Reader “Front Desk” asks for a card: USD 56.78.", "The card is being charged.",
                "The card was charged. The order is being completed.",
                "Paid: USD 62.46 (USD 5.68 of it tip) with visa 4242, contactless. Order 8812.",
            ])
        #expect(program.errors == "")
        let body = agent.store.state.withLock { $0.payments["p-1"]?.body }
        #expect(
            body
                == PaymentBody(
                    cart: "123", amount: "56.78", lane: "till-1", reader: "Front Desk", timeoutSeconds: 60,
                    tip: Tip(options: [.init(label: "10%", amountMinor: 568), .init(label: "a:b", amountMinor: 1)])))
        try await agent.kill()
    }

    @Test(arguments: [
        (Payment.State.succeeded, Payment.Money.taken, Int32(0), "Paid: USD 56.78."), (.declined, .notTaken, 10, "No money was taken."),
        (.canceled, .notTaken, 11, "Canceled."), (.canceledByCustomer, .notTaken, 11, "Canceled by the customer."),
        (.timedOut, .notTaken, 11, "No card was presented in time."), (.failed, .notTaken, 12, "No money was taken."),
        (.failed, .authorized, 14, "The money is held on the customer's card"), (.failed, .taken, 14, "The money was taken."),
    ])
    func `how it ended is in the words and in the exit code`(
        _ state: Payment.State, _ money: Payment.Money, _ code: Int32, _ words: String
    ) async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent)
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: state) {
            $0.money = money
            if state != .succeeded { $0.failure = .init(code: "order_failed", message: "It went \u{1B}[2Jwrong.", remedy: "Mend it.") }
        }
        #expect(try await program.ended() == code)
        #expect(program.output.contains(words))
        if state != .succeeded {
            #expect(program.output.contains("It went [2Jwrong.\nWhat to do: Mend it."))
        }
        #expect(!program.output.contains("\u{1B}"))
        try await agent.kill()
    }

    @Test(arguments: [(Int64(3000), Int64(0), Int32(15)), (5678, 100, 15), (5778, 100, 0), (5678, 0, 0), (8000, 0, 0)])
    func `less charged than was shown is never a success`(charged: Int64, tip: Int64, code: Int32) async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent)
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: .succeeded) {
            $0.money = .taken
            $0.currency = "usd"
            $0.amountMinor = 5678
            $0.tipMinor = tip
            $0.amountChargedMinor = charged
        }
        #expect(try await program.ended() == code)
        try await agent.kill()
    }

    @Test func `what nobody knows yet is said plainly, and the number to follow it by`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent, "--patience", "1")
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: .authorizing) { $0.money = .unknown }
        agent.store.move("p-1", to: .unresolved)
        #expect(try await program.ended() == 13)
        let words = program.output.replacing("\n", with: " ")
        #expect(words.contains("Not known yet whether the money was taken. Do not take it again under a new number;"))
        #expect(words.contains("readerctl payments show p-1"))
        try await agent.kill()
    }

    @Test func `with --json each line is the payment, and the last is its end`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent, "--json")
        try await program.writes("\"queued\"")
        agent.store.move("p-1", to: .waitingForCard)
        agent.store.move("p-1", to: .declined) { $0.failure = .init(code: .cardDeclined, message: "No funds.", declineCode: "no_funds") }
        #expect(try await program.ended() == 10)
        let payments = try program.lines.map { try JSONDecoder().decode(Payment.self, from: Data($0.utf8)) }
        #expect(payments.map(\.state) == [.queued, .waitingForCard, .declined])
        #expect(payments.last?.failure?.declineCode == "no_funds")
        #expect(program.lines.last?.contains(#""order":null"#) == true)
        #expect(program.errors == "")
        try await agent.kill()
    }

    @Test func `a lost agent is waited for, and the same payment goes on`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent)
        try await eventually("it was begun") { agent.store.calls("paymentEvents p-1") == 1 }
        agent.store.move("p-1", to: .waitingForCard)
        try await program.writes("asks for a card")
        try await agent.kill()
        try await program.writes("Trying again with the same id; nothing is taken twice.")
        agent.store.move("p-1", to: .authorizing) { $0.money = .unknown }
        try await agent.start()
        try await program.writes("Connected to the agent again.")
        try await program.writes("The card is being charged.")
        agent.store.move("p-1", to: .succeeded) { $0.money = .taken }
        #expect(try await program.ended() == 0)
        #expect(agent.store.created == ["p-1"])
        #expect(agent.store.calls("createPayment p-1") >= 2)
        #expect(program.lines.count { $0.contains("asks for a card") } == 1)
        try await agent.kill()
    }

    @Test func `an agent that stays away is given up, with the number to come back with`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent, "--patience", "1")
        try await program.writes("Waiting for reader")
        try await agent.kill()
        #expect(try await program.ended() == 23)
        #expect(program.output.replacing("\n", with: " ").contains("repeat this command with --id p-1 and the same values"))
        #expect(program.errors.contains("systemctl status readerd"))
    }

    @Test func `a refusal while the payment runs is not told as if nothing had been begun`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent)
        try await eventually("it was begun") { agent.store.calls("paymentEvents p-1") == 1 }
        agent.store.refuse(Problem(.notPermitted, "Your role was taken away."))
        try await agent.kill()
        try await agent.start()
        #expect(try await program.ended() == 23)
        #expect(program.errors.contains("Your role was taken away."))
        #expect(!program.output.contains("No payment was begun."))
        #expect(program.output.contains("Not known yet whether the money was taken."))
        try await agent.kill()
    }

    @Test func `an end is believed although the agent's clock was set back`() async throws {
        let agent = try await RunningAgent()
        let program = try pay(agent)
        try await program.writes("Waiting for reader")
        agent.store.move("p-1", to: .waitingForCard)
        try await program.writes("asks for a card")
        agent.store.move("p-1", to: .succeeded, after: -3_600_000) { $0.money = .taken }
        #expect(try await program.ended() == 0)
        try await agent.kill()
    }

    @Test func `a refusal says that nothing was begun`() async throws {
        let agent = try await RunningAgent()
        agent.store.refuse(Problem(.cartBusy, "Payment p-0 of this cart runs.", remedy: "Wait for it.", payment: "p-0"))
        let program = try pay(agent)
        #expect(try await program.ended() == 22)
        #expect(program.errors.contains("Payment p-0 of this cart runs."))
        #expect(program.errors.contains("What to do: Wait for it."))
        #expect(program.lines.last == "No payment was begun.")
        try await agent.kill()
    }

    @Test func `one id for another amount is refused`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "123", amount: "1.00"))
        let (status, output, errors) = try await readerctl(
            "pay", "--json", "--socket", agent.path, "--cart", "123", "--amount", "56.78", "--id", "p-1")
        #expect(status == 22)
        #expect(output == "")
        #expect(try JSONDecoder().decode(Problem.self, from: Data(errors.utf8)).code == .paymentIDReused)
        try await agent.kill()
    }

    @Test func `without an id it makes one up and says it first`() async throws {
        let agent = try await RunningAgent()
        let program = try Program(["pay", "--socket", agent.path, "--cart", "1", "--amount", "5"])
        try await eventually("it was begun") { agent.store.created.count == 1 }
        let id = try #require(agent.store.created.first)
        agent.store.move(id, to: .canceled)
        #expect(try await program.ended() == 11)
        #expect(program.lines.first == "Payment \(id)")
        #expect(program.output.contains("--id \(id)"))
        #expect(PayCommand.newID() != PayCommand.newID())
        try await agent.kill()
    }
}

@Suite(.serialized, .timeLimit(.minutes(2)))
struct `Ctrl-C in readerctl pay` {
    private func pay(_ agent: RunningAgent) async throws -> Program {
        let program = try Program(["pay", "--socket", agent.path, "--cart", "123", "--amount", "56.78", "--id", "p-1"])
        try await program.writes("Waiting for reader")
        return program
    }

    @Test func `the first asks the agent to cancel and waits for the end`() async throws {
        let agent = try await RunningAgent()
        let program = try await pay(agent)
        program.signal(SIGINT)
        try await eventually("the agent is asked") { agent.store.calls("cancelPayment p-1") == 1 }
        try await program.writes("Asking the agent to cancel.")
        agent.store.move("p-1", to: .canceled)
        #expect(try await program.ended() == 11)
        #expect(program.output.hasSuffix("Canceled.\nNo money was taken.\n"))
        try await agent.kill()
    }

    @Test func `a card that is being charged is waited for`() async throws {
        let agent = try await RunningAgent()
        let program = try await pay(agent)
        agent.store.move("p-1", to: .authorizing) { $0.money = .unknown }
        try await program.writes("The card is being charged.")
        program.signal(SIGINT)
        try await program.writes("The card is being charged already: waiting for how it ends.")
        agent.store.move("p-1", to: .succeeded) { $0.money = .taken }
        #expect(try await program.ended() == 0)
        try await agent.kill()
    }

    @Test func `the second leaves, and says how to follow the payment`() async throws {
        let agent = try await RunningAgent()
        let program = try await pay(agent)
        program.signal(SIGINT)
        try await program.writes("Asking the agent to cancel.")
        program.signal(SIGINT)
        #expect(try await program.ended() == 13)
        #expect(
            program.output.contains("Left. The payment goes on.\nFollow it: readerctl payments show p-1\nCancel it: readerctl cancel p-1\n")
        )
        try await agent.kill()
    }

    @Test func `while the agent is away it cancels as soon as it is back, and begins nothing new`() async throws {
        let agent = try await RunningAgent()
        let program = try await pay(agent)
        try await agent.kill()
        try await program.writes("Trying again")
        program.signal(SIGINT)
        try await program.writes("Asking the agent to cancel.")
        try await agent.start()
        try await eventually("the agent is asked") { agent.store.calls("cancelPayment p-1") >= 1 }
        agent.store.move("p-1", to: .canceled)
        #expect(try await program.ended() == 11)
        #expect(agent.store.created == ["p-1"])
        try await agent.kill()
    }

    @Test func `a payment that never began is not begun any more`() async throws {
        let none = #"{"type":"urn:x","title":"T","status":404,"detail":"None.","code":"payment_not_found","retryable":false}"#
        let server = try await ScriptedServer([.close], [.close], [.close], [.hang])
        let program = try Program(["pay", "--socket", server.path, "--cart", "1", "--amount", "5", "--id", "p-1"])
        try await eventually("it is asked for, and hangs") { server.requests.count == 4 }
        let directory = server.directory
        program.signal(SIGINT)
        try await eventually("the cancel arrives") { server.requests.contains { $0.hasPrefix("POST") } }
        try await server.stop()
        let other = try await ScriptedServer(at: directory, [httpAnswer(404, none)])
        server.breakConnections()
        #expect(try await program.ended() == 11)
        #expect(program.output.hasSuffix("Canceled before it began. No money was taken.\n"))
        #expect(other.requests.allSatisfy { $0.hasPrefix("GET /v1/payments/p-1 ") })
        try await other.stop()
    }
}
