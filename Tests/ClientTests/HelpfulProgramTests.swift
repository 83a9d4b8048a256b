import CheckoutAPI
import CheckoutClient
import CheckoutServer
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import readerctl

/// What makes `readerctl` easy to live with: no word too many, none that leads astray, and names that complete.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct `readerctl says what helps` {
    private func run(
        _ agent: RunningAgent, _ arguments: String..., environment: [String: String] = [:], before: [String] = []
    ) async throws -> (status: Int32, output: String, errors: String) {
        let program = try Program(arguments + ["--socket", agent.path], environment: environment, before: before)
        let status = try await program.ended()
        return (status, program.output, program.errors)
    }

    private func pay(_ agent: RunningAgent, _ more: String...) throws -> Program {
        try Program(["pay", "--socket", agent.path, "--cart", "123", "--amount", "56.78", "--id", "p-1"] + more)
    }

    @Test func `an id that has ended tells its end and not its story`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "123", amount: "56.78"))
        for state in [Payment.State.preparing, .waitingForCard, .authorizing] { agent.store.move("p-1", to: state) }
        agent.store.move("p-1", to: .succeeded) { $0.money = .taken }
        let program = try pay(agent)
        #expect(try await program.ended() == 0)
        #expect(
            program.output.replacing("\n", with: " ")
                == "Payment p-1 began at 2026-01-31 09:30:00 and ended at 2026-01-31 09:30:01. Paid: USD 56.78. ")
        #expect(agent.store.created == ["p-1"])
        try await agent.kill()
    }

    @Test func `an unresolved one is no news of a card, and nothing offers to cancel it`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "123", amount: "56.78"))
        for state in [Payment.State.preparing, .waitingForCard, .authorizing] { agent.store.move("p-1", to: state) }
        agent.store.move("p-1", to: .unresolved) { $0.money = .unknown }
        let program = try pay(agent, "--patience", "1")
        #expect(try await program.ended() == 13)
        #expect(!program.output.contains("asks for a card") && !program.output.contains("is being charged"))
        #expect(program.output.contains("Follow it: readerctl payments show p-1"))
        #expect(!program.output.contains("readerctl cancel"))
        try await agent.kill()
    }

    @Test func `nothing is to be repeated when nothing began`() async throws {
        let agent = try await RunningAgent()
        agent.store.refuse(Problem(.cartBusy, "Payment p-0 of this cart runs."))
        let refused = try pay(agent)
        #expect(try await refused.ended() == 22)
        #expect(refused.output == "No payment was begun.\n")
        let directory = try TemporaryDirectory()
        let alone = try Program(["pay", "--socket", directory.socket, "--cart", "1", "--amount", "5"])
        #expect(try await alone.ended() == 20)
        #expect(!alone.output.contains("--id"))
        try await agent.kill()
    }

    @Test func `a field that is wrong is told once`() async throws {
        let agent = try await RunningAgent()
        let told = try await run(agent, "pay", "--cart", "1", "--amount", "5,00", "--id", "p-1")
        #expect(told.status == 22)
        let lines = told.errors.split(separator: "\n")
        #expect(lines.first == "readerctl: The request is not valid.")
        #expect(lines.count { $0.hasPrefix("  amount: ") } == 1, "\(told.errors)")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(told.errors)")
        try await agent.kill()
    }

    @Test func `a plain locale gets plain quotes, and JSON stays as it is`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        for locale in [["LANG": "C"], ["LANG": ""], ["LC_ALL": "POSIX", "LANG": "C.UTF-8"]] {
            let plain = try await run(agent, "payments", "show", "p-1", environment: locale)
            #expect(plain.output.contains("Waiting for reader \"Front Desk\"."), "\(locale)")
            #expect(plain.output.utf8.allSatisfy { $0 < 0x80 })
        }
        let typographic = try await run(agent, "payments", "show", "p-1", environment: ["LC_CTYPE": "de_DE.utf8"])
        #expect(typographic.output.contains("reader “Front Desk”"))
        #expect(PlainText.of("tmr_… – “a” → ‘b’ é") == "tmr_... - \"a\" -> 'b' é")
        try await agent.kill()
    }

    @Test func `lines are as wide as the terminal, and 80 where there is none`() {
        #expect((TextWidth.prose(on: nil), TextWidth.table(on: nil)) == (80, 80))
        #expect((TextWidth.prose(on: 60), TextWidth.table(on: 60)) == (60, 60))
        #expect((TextWidth.prose(on: 220), TextWidth.table(on: 220)) == (100, 220))
        #expect((TextWidth.prose(on: 3), TextWidth.table(on: 3)) == (40, 40))
    }

    @Test func `a shell is told the names, and nothing when they cannot be had`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("p-1", PaymentBody(cart: "1", amount: "56.78"))
        #expect(try await run(agent, "complete", "lanes").output == "till-1\n")
        #expect(
            try await run(agent, "complete", "readers").output == "tmr_123\nS1\ntmr_124\nS2\n", "a label with a blank cannot be offered")
        #expect(try await run(agent, "complete", "payments").output == "p-1\n")
        let directory = try TemporaryDirectory()
        let alone = try Program(["complete", "lanes", "--socket", directory.socket])
        #expect(try await alone.ended() == 20)
        #expect(alone.output == "" && alone.errors == "")
        let (_, script, _) = try await readerctl("--generate-completion-script", "bash")
        for kind in CompleteCommand.Kind.allCases { #expect(script.contains("readerctl complete \(kind.rawValue)"), "\(kind)") }
        #expect(script.contains("reader_certificate"), "the ids of checks are in it")
        try await agent.kill()
    }

    @Test(.enabled(if: getuid() == 0, "only root can become someone else"))
    func `a technician is told the technician's group`() async throws {
        let agent = try await RunningAgent(mode: 0o600)
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for (command, role) in [(["check"], "technician"), (["discover"], "technician"), (["status"], "checkout")] {
            let program = try Program(command + ["--socket", agent.path], before: nobody)
            #expect(try await program.ended() == 21)
            #expect(program.errors.contains("sudo usermod -aG readerd-\(role) "), "\(command): \(program.errors)")
        }
        try await agent.kill()
    }

    @Test(.enabled(if: getuid() == 0, "only root can become someone else"))
    func `a report that would hold nothing is not written`() async throws {
        let agent = try await RunningAgent(mode: 0o600)
        let file = "/tmp/readerd-empty-\(UInt64.random(in: 0 ... .max)).html"
        let program = try Program(
            ["report", "--output", file, "--socket", agent.path], before: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        #expect(try await program.ended() == 21)
        #expect(program.errors.contains("The report would hold nothing") && program.errors.contains("sudo readerctl report"))
        #expect(access(file, F_OK) != 0)
        try await agent.kill()
    }

    @Test func `output that cannot be written is a fault, and nobody who reads is none`() async throws {
        let agent = try await RunningAgent()
        let full = try await run(agent, "status", before: ["sh", "-c", "exec \"$@\" > /dev/full", "sh"])
        #expect(full.status == 22)
        #expect(full.errors.contains("No space left on device"))
        try await agent.kill()
    }

    @Test func `metrics are the text that node_exporter reads, or OpenMetrics`() async throws {
        let agent = try await RunningAgent()
        let plain = try await run(agent, "metrics")
        #expect(plain.status == 0 && !plain.output.contains("# EOF"))
        #expect(try await run(agent, "metrics", "--openmetrics").output.hasSuffix("# EOF\n"))
        try await agent.kill()
    }

    @Test func `docs says where the documents are, or how to get them`() async throws {
        let (status, output, errors) = try await readerctl("docs")
        if status == 0 {
            let index = try #require(output.split(separator: "\n").first?.split(separator: " ").last)
            #expect(index.hasPrefix("file:///") && access(String(index.dropFirst(7)), R_OK) == 0, "\(output)")
            #expect(output.contains("openapi.json"))
        } else {
            #expect(status == 22 && errors.contains("make docs"))
        }
    }
}

@Suite struct `the words of the readers` {
    @Test func `a network is no address`() {
        func place(_ transport: Transport?, _ address: String?) -> String {
            ReaderWords.place(
                Reader(
                    reader: "tmr_1", label: nil, registered: true, driveable: true, transport: transport, address: address, state: .unknown)
            )
        }
        #expect(place(.lan, nil) == "-" && place(nil, nil) == "-")
        #expect(place(.usb, nil) == "usb")
        #expect(place(.lan, "192.168.1.9") == "192.168.1.9")
    }
}

@Suite struct `the words of the checks` {
    private static func check(_ id: String, _ status: Check.Status, _ detail: String) -> Check {
        Check(id: id, title: "A title of \(id).", status: status, detail: detail, remedy: "Do it.", durationSeconds: 0)
    }

    @Test func `money of which nobody knows comes first, then what fails, and what is well takes a line`() throws {
        let checks = [
            Self.check("disk", .warn, "Little room."), Self.check("backend", .fail, "It is away."),
            Self.check("clock", .skipped, "Nobody told."),
            Self.check("settings", .pass, "Safe."), Self.check("payments", .warn, "One is unresolved."),
        ]
        let output = Output(json: false, noColor: true, environment: ["LANG": "C.UTF-8"])
        let lines = CheckWords(output).lines(checks, CheckSummary(checks, durationSeconds: 1))
        let text = lines.joined(separator: "\n")
        let order = [
            "One is unresolved.", "It is away.", "Little room.", "ok     A title of settings.", "Not checked (clock): Nobody told.",
        ]
        let places = try order.map { try #require(text.firstRange(of: $0)?.lowerBound, "\($0) in \(text)") }
        #expect(places == places.sorted(), "\(text)")
        #expect(lines.first == "warn   One is unresolved.")
        #expect(lines.last == "1 failed, 2 warnings, 1 passed, 1 not checked.")
        #expect(!text.contains("A title of backend."), "the finding is told, and not what should be so")
        let detailed = CheckWords(output, isDetailed: true).lines(checks, CheckSummary(checks, durationSeconds: 1))
        #expect(detailed.contains("ok     A title of settings. Safe."))
    }
}
