import CheckoutAPI
import CheckoutClient
import CheckoutServer
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)))
struct `readerctl and an agent that cannot be asked` {
    @Test func `a missing socket is explained with what to type`() async throws {
        let directory = try TemporaryDirectory()
        for arguments in [["status"], ["pay", "--cart", "1", "--amount", "5"], ["events", "--follow"], ["payments", "show", "x"]] {
            let program = try Program(arguments + ["--socket", directory.socket])
            #expect(try await program.ended() == 20)
            #expect(program.errors.contains("systemctl status readerd"))
            #expect(program.errors.contains("readerctl --socket PATH"))
            #expect(program.errors.contains(directory.socket))
        }
    }

    @Test func `with --json it is a problem object, and nothing else is written`() async throws {
        let directory = try TemporaryDirectory()
        let (status, output, errors) = try await readerctl("--json", "status", environment: ["READERD_SOCKET": directory.socket])
        #expect(status == 20)
        #expect(output == "")
        struct Told: Decodable {
            var type, title, detail, code, remedy: String
            var retryable: Bool
        }
        let told = try JSONDecoder().decode(Told.self, from: Data(errors.utf8))
        #expect(told.code == "not_running")
        #expect(told.type == "urn:readerd:problem:not_running")
        #expect(told.detail.contains(directory.socket))
    }

    /// Another user than root, whom no file mode stops.
    private static let asNobody =
        getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

    @Test func `a socket that may not be opened is explained with the group to join`() async throws {
        let agent = try await RunningAgent(mode: getuid() == 0 ? 0o600 : 0)
        let (status, output, errors) = try await readerctl("status", "--socket", agent.path, before: Self.asNobody)
        #expect(status == 21)
        #expect(output == "")
        #expect(errors.contains("sudo usermod -aG"))
        #expect(errors.contains("log in again"))
        let json = try await readerctl("status", "--json", "--socket", agent.path, before: Self.asNobody)
        #expect(json.errors.contains(#""code":"no_permission""#))
        try await agent.kill()
    }

    @Test(.enabled(if: getuid() == 0, "only root can become someone else"))
    func `a role that is too low is told with what the agent says`() async throws {
        let agent = try await RunningAgent(mode: 0o666, others: [.monitor: RolePolicy.Members(users: [65534])])
        let seen = try await readerctl("status", "--socket", agent.path, before: Self.asNobody)
        #expect(seen.status == 0)
        let (status, output, errors) = try await readerctl(
            "pay", "--cart", "1", "--amount", "5", "--socket", agent.path, before: Self.asNobody)
        #expect(status == 21)
        #expect(output.hasSuffix("No payment was begun.\n"))
        #expect(errors.contains("What to do:"))
        #expect(agent.store.created.isEmpty)
        try await agent.kill()
    }

    @Test func `something else at the socket is not taken for the agent`() async throws {
        let server = try await ScriptedServer([.send("220 mail ready\r\n\r\n"), .close])
        let (status, _, errors) = try await readerctl("status", "--socket", server.path)
        #expect(status == 23)
        #expect(errors.contains("is not what the agent says"))
        try await server.stop()
    }

    @Test(arguments: [
        ["pay"], ["nonsense"], ["pay", "--cart", "1", "--amount", "5", "--tip", "x"], ["payments", "list", "--state", "rich"],
    ])
    func `a wrong command line is told before anything is asked`(_ arguments: [String]) async throws {
        let program = try Program(arguments)
        #expect(try await program.ended() == 64)
        #expect(program.errors.contains("Usage: readerctl"))
    }

    @Test func `the help holds every exit code`() async throws {
        let (status, output, _) = try await readerctl("--help")
        #expect(status == 0)
        for code in [0, 10, 11, 12, 13, 14, 20, 21, 22, 23, 64] { #expect(output.contains("\n  \(code) ")) }
    }
}

@Suite(.serialized, .timeLimit(.minutes(2)))
struct `readerctl's commands` {
    private func run(_ agent: RunningAgent, _ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        let program = try Program(arguments + ["--socket", agent.path])
        let status = try await program.ended()
        return (status, program.output, program.errors)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        #expect(text.count { $0 == "\n" } == 1)
        return try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test func `status says whether payments can be taken, and why not`() async throws {
        let agent = try await RunningAgent()
        let (status, output, errors) = try await run(agent, "status")
        #expect(status == 0)
        #expect(errors == "")
        #expect(output.hasPrefix("No payment can be taken now.\n- Reader Back is offline. What to do: Plug it in.\n"))
        #expect(output.contains("Back [2J: It does not answer. What to do: Is it switched on?"))
        #expect(output.contains("till-1-9"))
        #expect(output.contains("UNRESOLVED"))
        #expect(!output.contains("\u{1B}"))
        #expect(output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(try decoded(Status.self, try await run(agent, "status", "--json").output).canTakePayments == false)
        try await agent.kill()
    }

    @Test(arguments: [([], [:], true), (["--no-color"], [:], false), ([], ["NO_COLOR": "1"], false), ([], ["TERM": "dumb"], false)])
    func `a terminal gets colors unless they are not wanted`(
        _ arguments: [String], _ environment: [String: String], _ colored: Bool
    ) async throws {
        let agent = try await RunningAgent()
        let terminal = try Terminal()
        let program = try Program(
            ["status", "--socket", agent.path] + arguments, environment: ["TERM": "xterm"].merging(environment) { $1 }, terminal: terminal)
        #expect(try await program.ended() == 0)
        let written = terminal.written()
        #expect(written.contains("No payment can be taken now."))
        #expect(written.contains("\u{1B}[1;31m") == colored)
        try await agent.kill()
    }

    @Test func `readers are listed and shown`() async throws {
        let agent = try await RunningAgent()
        let list = try await run(agent, "readers")
        #expect(list.status == 0)
        let lines = list.output.split(separator: "\n")
        #expect(lines.first == "LABEL       READER   STATE    LANE    ADDRESS")
        #expect(lines.dropFirst().first == "Front Desk  tmr_123  ready    till-1  192.168.1.20")
        #expect(try decoded(ReaderList.self, try await run(agent, "readers", "list", "--json").output).readers.count == 2)
        let shown = try await run(agent, "readers", "show", "Front Desk")
        #expect(shown.output.contains("Serial         S1\n"))
        #expect(try decoded(Reader.self, try await run(agent, "readers", "show", "Front Desk", "--json").output).serial == "S1")
        let none = try await run(agent, "readers", "show", "nobody")
        #expect(none.status == 22)
        #expect(none.errors.contains("could be: Front Desk"))
        try await agent.kill()
    }

    @Test func `carts are opened, asked for and closed`() async throws {
        let agent = try await RunningAgent()
        let open = try await run(agent, "carts", "open", "123", "--lane", "till-1", "--reader", "Front Desk")
        #expect(open.status == 0)
        #expect(open.output.contains("Reader is  in use elsewhere\n"))
        #expect(agent.store.calls.contains("openCart 123 till-1 Front Desk"))
        #expect(try decoded(Cart.self, try await run(agent, "carts", "open", "123", "--json").output).warm.token)
        #expect(try await run(agent, "carts", "status", "123").output == "Cart 123 is submitted: paid, order 8812\n")
        #expect(try decoded(CartStatus.self, try await run(agent, "carts", "status", "123", "--json").output).order == "8812")
        #expect(try await run(agent, "carts", "close", "123").output == "Cart 123 is closed.\n")
        #expect(agent.store.calls.contains("closeCart 123"))
        try await agent.kill()
    }

    @Test func `payments are listed on 80 columns`() async throws {
        let agent = try await RunningAgent()
        #expect(try await run(agent, "payments").output == "No payments.\n")
        _ = try await agent.client.pay("till-1-000123", PaymentBody(cart: "a-cart-with-a-very-long-name", amount: "56.78"))
        agent.store.move("till-1-000123", to: .unresolved) { $0.money = .unknown }
        let list = try await run(
            agent, "payments", "list", "--cart", "c", "--state", "unresolved", "--lane", "l", "--limit", "7", "--before", "b")
        #expect(agent.store.calls.contains("payments c unresolved l 7 b"))
        #expect(
            list.output == """
                BEGAN           PAYMENT        CART                  AMOUNT  STATE       MONEY
                01-31 09:30:00  till-1-000123  a-cart-with-a-ve…  USD 56.78  UNRESOLVED  UNKNOWN
                More: --before page2

                """)
        #expect(list.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(try decoded(PaymentList.self, try await run(agent, "payments", "--json").output).next == "page2")
        try await agent.kill()
    }

    @Test func `the whole story of a payment is shown, of one that runs too`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78", lane: "till-1"))
        agent.store.move("p-1", to: .waitingForCard, after: 1500)
        let running = try await run(agent, "payments", "show", "p-1")
        #expect(running.status == 0)
        #expect(running.output.contains("Reader “Front Desk” asks for a card: USD 56.78."))
        agent.store.move("p-1", to: .declined, after: 65_000) {
            $0.failure = .init(code: .cardDeclined, message: "The card was declined.", declineCode: "do_not_honor", remedy: "Another card.")
        }
        let (status, output, _) = try await run(agent, "payments", "show", "p-1")
        #expect(status == 0)
        #expect(output.hasPrefix("Declined.\nNo money was taken.\nThe card was declined. (do_not_honor)\nWhat to do: Another card.\n"))
        #expect(
            output.contains("  09:30:00  queued                1.5 s\n  09:30:01  waiting for card  1 min 5 s\n  09:31:06  declined\n"))
        #expect(output.contains("Ended                 2026-01-31 09:31:06, after 1 min 6 s\n"))
        #expect(output.contains("09:31:06  payment.state  p-1  USD 56.78  declined  card_declined"))
        #expect(try decoded(Payment.self, try await run(agent, "payments", "show", "p-1", "--json").output).state == .declined)
        try await agent.kill()
    }

    @Test func `cancel waits for how the payment ends`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        let program = try Program(["cancel", "p-1", "--socket", agent.path])
        try await program.writes("Asked; waiting for the end.")
        agent.store.move("p-1", to: .canceled)
        #expect(try await program.ended() == 11)
        let again = try await run(agent, "cancel", "p-1")
        #expect(again.status == 22)
        #expect(again.errors.contains("The payment has ended."))
        try await agent.kill()
    }

    @Test func `resolve says what a technician found`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        agent.store.move("p-1", to: .unresolved) { $0.money = .unknown }
        let (status, output, _) = try await run(
            agent, "resolve", "p-1", "--outcome", "succeeded", "--note", "seen in the dashboard", "--order", "77")
        #expect(status == 0)
        #expect(output == "Paid: USD 56.78. Order 77.\n")
        #expect(
            agent.store.state.withLock { $0.resolved } == [ResolveBody(outcome: .succeeded, order: "77", note: "seen in the dashboard")])
        #expect(try await run(agent, "resolve", "p-1", "--outcome", "maybe", "--note", "x").status == 64)
        try await agent.kill()
    }

    @Test func `what a person should know of a payment is told, until it is acknowledged`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        agent.store.move("p-1", to: .succeeded) {
            $0.money = .taken
            $0.amountChargedMinor = 8000
            $0.receipt = Payment.Receipt(applicationName: "VISA CREDIT", aid: "A0000000031010")
            $0.warnings = [
                Payment.Warning(
                    code: .chargedAmountDiffers, message: "80.00 was charged, 56.78 shown.", remedy: "Settle it with the customer.")
            ]
        }
        let story = try await run(agent, "payments", "show", "p-1")
        #expect(story.status == 0)
        #expect(
            story.output.replacing("\n", with: " ").contains(
                "WARNING: 80.00 was charged, 56.78 shown. What to do: Settle it with the customer."))
        for line in ["Charged", "USD 80.00", "Application", "VISA CREDIT", "AID", "A0000000031010"] {
            #expect(story.output.contains(line), "\(line)")
        }
        let (status, output, _) = try await run(agent, "payments", "acknowledge", "p-1", "--note", "gave 23.22 back")
        #expect(status == 0 && !output.contains("WARNING"))
        #expect(agent.store.state.withLock { $0.acknowledged } == [AcknowledgeBody(note: "gave 23.22 back")])
        #expect(try await run(agent, "payments", "acknowledge", "p-1").status == 64, "who acknowledges says why")
        try await agent.kill()
    }

    @Test func `events go on through a restart, after the last that was seen`() async throws {
        let agent = try await RunningAgent()
        let program = try Program(["events", "--follow", "--json", "--topics", "payments,readers", "--socket", agent.path])
        try await eventually("it listens") { agent.store.calls("events -") == 1 }
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        agent.store.move("p-1", to: .preparing)
        try await program.writes("\"p-1-2\"")
        try await agent.kill()
        agent.store.move("p-1", to: .waitingForCard)
        try await agent.start()
        try await program.writes("\"p-1-3\"")
        #expect(agent.store.calls.contains("events p-1-2"))
        let events = try program.lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
        #expect(events.map(\.cursor) == ["p-1-2", "p-1-3"])
        program.signal(SIGINT)
        #expect(try await program.ended() == -SIGINT)
        try await agent.kill()
    }

    @Test func `events without --follow end with the connection, and say so`() async throws {
        let agent = try await RunningAgent()
        let program = try Program(["events", "--socket", agent.path])
        try await eventually("it listens") { agent.store.calls("events -") == 1 }
        try await agent.kill()
        #expect(try await program.ended() == 23)
        #expect(program.errors.contains("The connection to the agent was lost"))
    }

    @Test func `a cursor that is too old is refused`() async throws {
        let agent = try await RunningAgent()
        let (status, _, errors) = try await run(agent, "events", "--follow", "--after", "gone")
        #expect(status == 22)
        #expect(errors.contains("That cursor is too old."))
        try await agent.kill()
    }

    @Test func `events end when nobody reads them any more`() async throws {
        let agent = try await RunningAgent()
        let program = try Program(["events", "--follow", "--socket", agent.path], outputClosed: true)
        try await eventually("it listens") { agent.store.calls("events -") == 1 }
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        agent.store.move("p-1", to: .preparing)
        #expect(try await program.ended() == 0)
        try await agent.kill()
    }

    @Test func `a payment is followed to its end although nobody reads the words`() async throws {
        let agent = try await RunningAgent()
        let program = try Program(
            ["pay", "--socket", agent.path, "--cart", "1", "--amount", "5", "--id", "p-1"], outputClosed: true)
        try await eventually("it was begun") { agent.store.created == ["p-1"] }
        agent.store.move("p-1", to: .declined)
        #expect(try await program.ended() == 10)
        try await agent.kill()
    }

    @Test func `version names both sides`() async throws {
        let agent = try await RunningAgent()
        let (status, output, _) = try await run(agent, "version")
        #expect(status == 0)
        #expect(output.contains("readerd 1.2.3, API 1, TEST MODE\nYou are: technician"))
        #expect(try await run(agent, "version", "--json").output.contains(#""agent":{"api_version":"1""#))
        try await agent.kill()
    }
}
