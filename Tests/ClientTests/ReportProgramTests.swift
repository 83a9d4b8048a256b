import CheckoutAPI
import CheckoutClient
import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// `readerctl report` and `readerctl bundle` as programs.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct `readerctl report and bundle` {
    private func run(_ agent: RunningAgent, _ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
        let program = try Program(arguments + ["--socket", agent.path])
        let status = try await program.ended()
        return (status, program.output, program.errors)
    }

    private func paid(_ agent: RunningAgent, _ id: String) async throws {
        _ = try await agent.client.pay(id, PaymentBody(cart: "c-\(id)", amount: "56.78"))
        agent.store.move(id, to: .succeeded) {
            $0.money = .taken
            $0.card = .init(brand: "visa", last4: "9753", entry: "chip")
        }
    }

    private func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    @Test func `the report is a file for its owner alone, without anything of a card`() async throws {
        let agent = try await RunningAgent()
        try await paid(agent, "r-1")
        let file = agent.directory.file("report.html")
        let told = try await run(agent, "report", "--output", file)
        #expect(told.status == 0 && told.output == "Written: \(file)\n" && told.errors == "")
        var facts = stat()
        #expect(stat(file, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        let html = text(file)
        for part in [
            "No payment can be taken now.", "r-1", "USD 56.78", "confirmPayment", "Failed: None is left.",
            "Checked: There is room on the disk.", "Make some.",
        ] {
            #expect(html.contains(part), "\(part)")
        }
        #expect(!html.contains("9753") && !html.contains("visa"))
        let other = try await run(agent, "report", "--payment", "r-1", "--output", "-")
        #expect(other.output.hasPrefix("<!DOCTYPE html>") && other.output.hasSuffix("</html>\n"))
        try await agent.kill()
    }

    @Test func `what a receipt bears is in the report and not in the archive, and a part is not told as the whole`() async throws {
        let agent = try await RunningAgent()
        _ = try await agent.client.pay("r-2", PaymentBody(cart: "c", amount: "56.78"))
        agent.store.move("r-2", to: .succeeded) {
            $0.money = .taken
            $0.currency = "usd"
            $0.amountMinor = 5678
            $0.amountChargedMinor = 3000
            $0.receipt = .init(
                applicationName: "CREDIT ONE", aid: "A0000000031010", accountType: "credit", authorizationCode: "731904",
                authorizationResponseCode: "3030", cryptogram: "F666F8891F870D33", tvr: "8080008000", tsi: "6800", cvm: "approval")
        }
        let html = try await run(agent, "report", "--payment", "r-2", "--output", "-").output
        for part in ["A0000000031010", "731904", "CREDIT ONE", "F666F8891F870D33", "USD 30.00", "Paid in part: USD 30.00 of USD 56.78"] {
            #expect(html.contains(part), "\(part)")
        }
        #expect(!html.contains("Paid: USD 56.78"))
        let archive = agent.directory.file("a.tar.gz")
        #expect(try await run(agent, "bundle", "--yes", "--output", archive).status == 0)
        let unpacked = try await shell("tar -xzOf \(archive)")
        #expect(unpacked.contains("r-2") && !unpacked.contains("731904") && !unpacked.contains("CREDIT ONE"))
        try await agent.kill()
    }

    @Test func `a payment that there is not, and a place that cannot be written, are told`() async throws {
        let agent = try await RunningAgent()
        let unknown = try await run(agent, "report", "--payment", "nobody", "--output", agent.directory.file("x.html"))
        #expect(unknown.status == 22 && unknown.errors.contains("nobody"))
        #expect(!FileManager.default.fileExists(atPath: agent.directory.file("x.html")))
        let nowhere = try await run(agent, "report", "--output", agent.directory.file("no/such/x.html"))
        #expect(nowhere.status == 22 && nowhere.errors.contains("--output FILE"))
        #expect(nowhere.errors.replacing("\n", with: " ").contains("No such file or directory"))
        try await agent.kill()
    }

    @Test func `without the agent the report says what can be seen without it`() async throws {
        let directory = try TemporaryDirectory()
        let program = try Program(["report", "--socket", directory.socket, "--output", "-"])
        #expect(try await program.ended() == 0)
        #expect(program.output.contains("could not be had") && program.output.contains("Nothing answers at"))
        #expect(program.output.contains("readerd can start with its settings."))
    }

    @Test func `nobody is asked where nobody is, and without an answer nothing is written`() async throws {
        let agent = try await RunningAgent()
        let file = agent.directory.file("b.tar.gz")
        let refused = try await run(agent, "bundle", "--output", file)
        #expect(refused.status == 64 && refused.errors.contains("give --yes"))
        #expect(agent.store.calls.isEmpty)

        for (key, isWritten) in [("n\n", false), ("\n", false), ("y\n", true)] {
            let terminal = try Terminal()
            let program = try Program(["bundle", "--socket", agent.path, "--output", file], terminal: terminal)
            try await program.writes("Write it? [y/N]")
            let shown = terminal.written()
            #expect(shown.contains("This goes into \(file):") && shown.contains("report.html") && shown.contains("No secret"))
            #expect(!FileManager.default.fileExists(atPath: file))
            terminal.type(key)
            #expect(try await program.ended() == 0)
            #expect(FileManager.default.fileExists(atPath: file) == isWritten)
        }
        try await agent.kill()
    }

    @Test func `the archive can be opened with tar, lists what it holds, and holds nothing of a card`() async throws {
        let agent = try await RunningAgent()
        try await paid(agent, "b-1")
        let file = agent.directory.file("b.tar.gz")
        let told = try await run(agent, "bundle", "--yes", "--json", "--output", file)
        #expect(told.status == 0, "\(told.errors)")
        struct Told: Decodable {
            struct File: Decodable { var name: String }
            var contents: [File]
        }
        let contents = try JSONDecoder().decode(Told.self, from: Data(told.output.utf8)).contents.map(\.name)
        let opened = try await shell("mkdir \(agent.directory.file("open")) && tar -xzvf \(file) -C \(agent.directory.file("open")) | sort")
        let names = opened.split(separator: "\n").compactMap { $0.split(separator: "/").dropFirst().first.map(String.init) }
        #expect(Set(names) == Set(contents + ["contents.txt"]))
        for name in [
            "report.html", "status.json", "checks.json", "readers.json", "devices.json", "metrics.txt", "versions.txt",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        let all = try await shell("cat \(agent.directory.file("open"))/*/*")
        #expect(all.contains("b-1") && !all.contains("9753") && !all.contains("visa"))
        let listed = try await shell("cat \(agent.directory.file("open"))/*/contents.txt")
        #expect(listed.contains("payments.jsonl: there is no payment of the last 7 days"), "they are from long ago")
        for name in contents { #expect(listed.contains(name), "\(name)") }
        try await agent.kill()
    }

    private func shell(_ command: String) async throws -> String {
        let directory = try TemporaryDirectory()
        let script = directory.file("script")
        try Data(command.utf8).write(to: URL(filePath: script))
        let program = try Program(["--version"], before: ["sh", "-c", "sh \(script); exec \"$@\"", "sh"])
        #expect(try await program.ended() == 0)
        return program.output
    }
}
