import JSON
import FoundationEssentials
import Glibc
import Testing

@testable import StoreSimulator

extension OverTheWire {
    @Suite struct ReadersimTests {
        /// A directory of its own, removed afterwards.
        private static func withDirectory(_ body: (String) async throws -> Void) async throws {
            let files = try StoreFiles(directory: nil)
            do {
                try await body(files.directory)
            } catch {
                try FileManager.default.removeItem(atPath: files.directory)
                throw error
            }
            try FileManager.default.removeItem(atPath: files.directory)
        }

        /// Runs a command to its end.
        private static func run(_ arguments: [String], in directory: String) async throws -> (code: Int32, output: String) {
            let process = try ReadersimProcess(arguments, log: directory + "/command.log")
            let code = try await process.end()
            process.closeInput()
            return (code, try process.output())
        }

        @Test func `it serves, is steered, shows its ledger and ends with its input`() async throws {
            try await Self.withDirectory { directory in
                let store = directory + "/store"
                let process = try ReadersimProcess(
                    [
                        "run", "--directory", store, "--readers", "2", "--port", "0", "--json", "--until-stdin-closes", "--secrets-prefix",
                        "QZMARKER", "--currency", "jpy",
                    ], log: directory + "/run.log")
                #expect(try await process.says("\"ready\":true"))
                let line = try JSONValue.parse(try process.output())
                #expect(line["store"]?["readers"]?.array?.count == 2)
                #expect(line["store"]?["currency"] == "jpy")
                #expect(!(try process.output().contains("QZMARKER")), "no secret is printed")
                #expect(try String(contentsOfFile: store + "/backend-token", encoding: .utf8).contains("QZMARKER"))

                #expect(
                    try String(contentsOfFile: store + "/readerd.toml", encoding: .utf8).contains("\nmaintenance_cart = \"maintenance\"\n"))

                let order = ["--directory", store]
                #expect(try await Self.run(["script", "--outcome", "decline:lost_card", "--tip", "5"] + order, in: directory).code == 0)
                #expect(try await Self.run(["script", "--outcome", "magic"] + order, in: directory).code != 0)
                #expect(
                    try await Self.run(["fault", "backend.*", "status", "--status", "503", "--always"] + order, in: directory).code == 0)
                #expect(try await Self.run(["fault", "backend.*", "magic"] + order, in: directory).code != 0)
                #expect(try await Self.run(["reader", "take_over"] + order, in: directory).code == 0)
                #expect(try await Self.run(["host", "backend", "order_fails", "--cart", "7"] + order, in: directory).code == 0)
                #expect(try await Self.run(["preset", "busy"] + order, in: directory).code == 0)
                let table = try await Self.run(["ledger"] + order, in: directory)
                #expect(table.code == 0)
                #expect(table.output.contains("WAITING_CARD"))
                let json = try await Self.run(["ledger", "--json"] + order, in: directory)
                #expect(try JSONValue.parse(json.output)["faults"]?.array?.count == 1)
                #expect(try await Self.run(["clear", "--scripts"] + order, in: directory).code == 0)

                process.closeInput()
                #expect(try await process.end() == 0)
            }
        }

        @Test(arguments: [SIGTERM, SIGINT])
        func `it ends cleanly on a signal and says in words when it is ready`(signal: Int32) async throws {
            try await Self.withDirectory { directory in
                let process = try ReadersimProcess(
                    ["run", "-d", directory + "/store", "--unregistered", "1", "--port", "0"], log: directory + "/run.log")
                #expect(try await process.says("\nready\n"))
                #expect(try process.output().contains("pairing code"))
                kill(process.pid, signal)
                #expect(try await process.end() == 0)
                process.closeInput()
            }
        }

        @Test(arguments: [
            ["run", "--port", "70000"], ["run", "--readers", "0"], ["run", "--currency", "USD"], ["run", "--secrets-prefix", "a-b"],
            ["ledger", "-d", "/nonexistent"], ["dance"],
        ])
        func `it refuses what makes no sense`(arguments: [String]) async throws {
            try await Self.withDirectory { directory in
                let isRun = arguments.first == "run"
                let end = try await Self.run(arguments + (isRun ? ["-d", directory + "/store"] : []), in: directory)
                #expect(end.code > 0)
                #expect(end.output.contains("Error"))
            }
        }
    }
}
