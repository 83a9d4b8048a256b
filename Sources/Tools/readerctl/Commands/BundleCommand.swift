import ArgumentParser
import CheckoutAPI
import CheckoutClient
import DiagnosticsReport
import FoundationEssentials
import Glibc

struct BundleCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Write a support archive, after showing what goes into it.",
        discussion: """
            A tar.gz with the report, the checks, the readers, the payments of the last days, the log and the settings. Secrets and card data \
            are not in it: they are never asked for, and what looks like one is taken out. Amounts, carts, serial numbers and names of users \
            are. It can be made when the agent does not run; as root it also holds the log and the settings. It asks before it writes.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "Where to write it. Without it a name with the time, here.") var output: String?
    @Option(help: "The payments and the log of how many days (1 to 400).") var days = 7
    @Option(help: ArgumentHelp("readerd's settings file, when it is not /etc/readerd/readerd.toml.", valueName: "path")) var settings:
        String?
    @Flag(help: "Do not ask.") var yes = false

    private struct Done: Encodable {
        struct File: Encodable {
            var name: String
            var what: String
        }
        var file: String
        var contents: [File]
        var missing: [String]
    }

    func validate() throws {
        guard (1...400).contains(days) else { throw ValidationError("--days is 1 to 400.") }
        if !yes, global.json || isatty(STDIN_FILENO) == 0 {
            throw ValidationError(
                "Nobody can be asked here whether the archive may be written: look at what goes into it in a terminal, or give --yes.")
        }
    }

    func work(_ agent: CheckoutClient, _ output: Output) async throws -> ExitStatus {
        let bundle = try await BundleGathering(agent: agent, days: days, settings: settings).bundle()
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let name = "readerd-support-\(Times.forFileName(now))"
        let path = self.output ?? name + ".tar.gz"
        if !output.json {
            try output.line("This goes into \(shown(path)):\n")
            try output.line(
                bundle.contents.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + shown(String($0)) }.joined(
                    separator: "\n"))
            try output.line(
                "\n" + wrapped("No secret and nothing of a card is in it; amounts, carts, serial numbers and names of users are."))
        }
        guard yes || isWanted(output) else {
            try output.line("Nothing was written.")
            return .ok
        }
        do {
            try WrittenFile.write(try await archive(bundle, name), to: path)
        } catch let fault as any CustomStringConvertible & Error {
            Complaint(
                code: "not_written", title: "The archive could not be written", detail: "\(fault)",
                remedy: "Name a file that this user may write: --output FILE", retryable: false, status: .refused
            ).tell(output)
            return .refused
        }
        try output.tell(
            Done(file: path, contents: bundle.files.map { .init(name: $0.name, what: $0.what) }, missing: bundle.missing),
            or: ["Written: \(shown(path))"])
        return .ok
    }

    private func isWanted(_ output: Output) -> Bool {
        output.ask("Write it? [y/N] ")
        guard let answer = readLine() else { return false }
        return ["y", "yes"].contains(answer.lowercased().filter { $0 != " " })
    }

    /// The archive's bytes, made by tar, which every Debian has.
    private func archive(_ bundle: SupportBundle, _ name: String) async throws -> [UInt8] {
        let directory = try PrivateDirectory()
        defer { directory.remove() }
        let root = directory.path + "/" + name
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
        let contents = "What this archive holds, made by readerctl \(Readerctl.version):\n\n\(bundle.contents)\n"
        for (file, text) in [("contents.txt", contents)] + bundle.files.map({ ($0.name, $0.text) }) {
            try WrittenFile.write(Array(text.utf8), to: root + "/" + file)
        }
        let made = directory.path + "/archive"
        let result = try await Subprogram.run(
            [
                "tar", "--create", "--gzip", "--file", made, "--directory", directory.path, "--owner=0", "--group=0", "--numeric-owner",
                "--sort=name", name,
            ], within: .seconds(60))
        guard result.status == 0, let bytes = FileManager.default.contents(atPath: made) else {
            throw Subprogram.Failure(description: "tar failed: \(shown(result.errors))")
        }
        return Array(bytes)
    }
}
