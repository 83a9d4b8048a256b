import CheckoutAPI
import CheckoutClient
import Glibc
import Synchronization
import TestSupport
import Testing

/// `readerctl watch` as a program on a terminal, and without one.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct `readerctl watch` {
    /// Everything that was written to the terminal so far.
    private final class Shown: Sendable {
        let terminal: Terminal
        private let text = Mutex("")

        init(_ terminal: Terminal) { self.terminal = terminal }

        var all: String {
            let new = terminal.written()
            return text.withLock {
                $0 += new
                return $0
            }
        }

        func waits(for part: String) async throws {
            try await eventually(within: .seconds(30), "the terminal shows “\(part)”; it shows \(all.debugDescription)") {
                all.contains(part)
            }
        }
    }

    private func start(_ agent: RunningAgent, _ more: [String] = [], columns: UInt16 = 100) throws -> (Program, Shown) {
        let terminal = try Terminal()
        terminal.resize(columns: columns, rows: 30)
        let program = try Program(["watch", "--socket", agent.path] + more, environment: ["TERM": "xterm"], terminal: terminal)
        return (program, Shown(terminal))
    }

    private func expectGivenBack(_ shown: Shown) {
        #expect(shown.all.hasSuffix("\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"))
        #expect(shown.terminal.isOrdinary)
    }

    @Test func `it shows a payment as it goes on, and q gives the terminal back`() async throws {
        let agent = try await RunningAgent()
        let (program, shown) = try start(agent)
        try await shown.waits(for: "No payments yet.")
        #expect(shown.all.hasPrefix("\u{1B}[?1049h"))
        #expect(!shown.terminal.isOrdinary)
        try await eventually(within: .seconds(20), "it follows the events") { agent.store.calls.contains("events -") }
        _ = try await agent.client.pay("w-1", PaymentBody(cart: "c-1", amount: "56.78"))
        agent.store.move("w-1", to: .waitingForCard)
        try await shown.waits(for: "asks card")
        agent.store.move("w-1", to: .succeeded) { $0.money = .taken }
        try await shown.waits(for: "paid")
        shown.terminal.type("xq")
        #expect(try await program.ended() == 0)
        expectGivenBack(shown)
        #expect(program.errors == "")
        try await agent.kill()
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func `a signal that ends it gives the terminal back`(signal: CInt) async throws {
        let agent = try await RunningAgent()
        let (program, shown) = try start(agent)
        try await shown.waits(for: "q quits")
        program.signal(signal)
        #expect(try await program.ended() == 0)
        expectGivenBack(shown)
        try await agent.kill()
    }

    @Test func `it follows the terminal's size`() async throws {
        let agent = try await RunningAgent()
        let (program, shown) = try start(agent)
        try await shown.waits(for: "ADDRESS")
        let before = shown.all.count
        shown.terminal.resize(columns: 34, rows: 12)
        program.signal(SIGWINCH)
        try await eventually(within: .seconds(20), "it is drawn again") { shown.all.dropFirst(before).contains("\u{1B}[12;1H") }
        #expect(!shown.all.dropFirst(before).contains("ADDRESS"))
        #expect(!shown.all.dropFirst(before).contains("\u{1B}[13;1H"))
        shown.terminal.type("q")
        #expect(try await program.ended() == 0)
        try await agent.kill()
    }

    @Test func `it goes on through a restart of the agent, and says so`() async throws {
        let agent = try await RunningAgent()
        let (program, shown) = try start(agent)
        try await shown.waits(for: "q quits")
        try await agent.kill()
        try await shown.waits(for: "The agent does not answer since")
        try await agent.start()
        try await shown.waits(for: "Connected to the agent again.")
        shown.terminal.type("q")
        #expect(try await program.ended() == 0)
        expectGivenBack(shown)
        try await agent.kill()
    }

    @Test(arguments: [["--no-color"], []])
    func `there is color when it is wanted`(_ arguments: [String]) async throws {
        let agent = try await RunningAgent()
        let (program, shown) = try start(agent, arguments)
        try await shown.waits(for: "q quits")
        #expect(shown.all.contains("\u{1B}[1;31m") == arguments.isEmpty)
        shown.terminal.type("q")
        #expect(try await program.ended() == 0)
        try await agent.kill()
    }

    @Test func `an agent that is not there is told without taking the terminal`() async throws {
        let directory = try TemporaryDirectory()
        let terminal = try Terminal()
        let program = try Program(["watch", "--socket", directory.socket], environment: ["TERM": "xterm"], terminal: terminal)
        #expect(try await program.ended() == 20)
        #expect(terminal.written() == "")
        #expect(program.errors.contains("systemctl status readerd"))
    }

    @Test func `without a terminal it prints lines, through a restart too`() async throws {
        let agent = try await RunningAgent()
        let program = try Program(["watch", "--socket", agent.path], environment: ["TERM": "xterm"])
        try await program.writes("No payment can be taken now.")
        try await eventually(within: .seconds(20), "it follows the events") { agent.store.calls.contains("events -") }
        _ = try await agent.client.pay("w-1", PaymentBody(cart: "c-1", amount: "56.78"))
        agent.store.move("w-1", to: .waitingForCard)
        try await program.writes("payment.state  w-1  USD 56.78  waiting for card")
        try await agent.kill()
        try await program.writes("The connection to the agent was lost. Trying again.")
        try await agent.start()
        try await program.writes("Connected to the agent again.")
        agent.store.move("w-1", to: .succeeded)
        try await program.writes("w-1  USD 56.78  succeeded")
        #expect(!program.output.contains("\u{1B}"))
        program.signal(SIGTERM)
        _ = try await program.ended()
        try await agent.kill()
    }
}
