import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// readerctl as a process of its own. What it writes goes to files, so that it can be looked at while it runs.
final class Program: Sendable {
    enum Fault: Error { case notBuilt(String), cannotStart(CInt), stillRuns(output: String, errors: String) }

    private let directory: TemporaryDirectory
    private let pid: pid_t

    /// The program beside the test bundle.
    static func location() throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = (bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast() + ["readerctl"]).joined(separator: "/")
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Fault.notBuilt(path) }
        return path
    }

    /// Starts it. `before` is a command that runs it, such as one that gives up privileges.
    init(
        _ arguments: [String], environment: [String: String] = [:], before: [String] = [], outputClosed: Bool = false,
        terminal: Terminal? = nil
    ) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        let command = before + [try Self.location()] + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var reading: [CInt] = [-1, -1]
        if outputClosed {
            guard pipe(&reading) == 0 else { throw Fault.cannotStart(errno) }
            close(reading[0])
            posix_spawn_file_actions_adddup2(&actions, reading[1], 1)
        } else if let terminal {
            posix_spawn_file_actions_addopen(&actions, 1, terminal.path, O_WRONLY | O_NOCTTY, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, directory.file("out"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        posix_spawn_file_actions_addopen(&actions, 0, terminal?.path ?? "/dev/null", O_RDONLY | O_NOCTTY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, directory.file("err"), O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // NIO's sockets are inherited: what other tests have open must not stay open in this process. What is not open is ignored.
        for descriptor: CInt in 3..<512 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        defer { if outputClosed { close(reading[1]) } }
        let settings = ["PATH": "/usr/bin:/bin", "TZ": "UTC", "HOME": "/", "LANG": "C.UTF-8"].merging(environment) { $1 }
        var arguments = command.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        var variables = settings.map { strdup("\($0)=\($1)") as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, command[0], &actions, nil, &arguments, &variables)
        guard result == 0 else { throw Fault.cannotStart(result) }
        self.pid = pid
    }

    var output: String { text("out") }
    var errors: String { text("err") }
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    private func text(_ name: String) -> String {
        guard let data = FileManager.default.contents(atPath: directory.file(name)) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    func signal(_ number: CInt) { Glibc.kill(pid, number) }

    /// Waits until it has written this, however it was broken into lines.
    func writes(_ text: String) async throws {
        try await eventually(within: .seconds(20), "readerctl writes “\(text)”; it wrote: \(output) \(errors)") {
            (output + errors).replacing("\n", with: " ").contains(text)
        }
    }

    /// Waits for its end; the exit code, or minus the signal that ended it.
    func ended(within limit: Duration = .seconds(30)) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while true {
            var status: CInt = 0
            let result = waitpid(pid, &status, WNOHANG)
            if result == pid { return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F) }
            guard result == 0, ContinuousClock.now < deadline else {
                Glibc.kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                throw Fault.stillRuns(output: output, errors: errors)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// Runs readerctl to its end.
func readerctl(
    _ arguments: String..., environment: [String: String] = [:], before: [String] = []
) async throws -> (status: Int32, output: String, errors: String) {
    let program = try Program(arguments, environment: environment, before: before)
    let status = try await program.ended()
    return (status, program.output, program.errors)
}
