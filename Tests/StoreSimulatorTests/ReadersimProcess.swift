import FoundationEssentials
import Glibc

@testable import StoreSimulator

/// The `readersim` program as a process of its own. Whoever starts it ends it.
final class ReadersimProcess: Sendable {
    let pid: pid_t
    /// Where its output goes.
    private let log: String
    /// Our end of its standard input.
    private let input: Int32

    static var program: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return (own.split(separator: "/", omittingEmptySubsequences: false).dropLast() + ["readersim"]).joined(separator: "/")
        }
    }

    init(_ arguments: [String], log: String) throws {
        self.log = log
        var ends: [Int32] = [0, 0]
        // Closed in every other program that a test may start at this moment: it would hold the input open.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SimulatorError("no socket pair: \(errno)") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let program = try Self.program
        var words = ([program] + arguments).map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, program, &actions, nil, &words, environ)
        close(ends[0])
        input = ends[1]
        self.pid = pid
        guard result == 0 else {
            close(ends[1])
            throw SimulatorError("cannot start \(program): \(result)")
        }
    }

    func closeInput() { close(input) }

    func output() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }

    /// Waits until its output holds a text.
    func says(_ text: String, within limit: Duration = .seconds(30)) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if try output().contains(text) { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Waits for its end; it is killed when it takes too long.
    ///
    /// - Returns: its exit code, or the negative signal that ended it.
    func end(within limit: Duration = .seconds(30)) async throws -> Int32 {
        let limit = ContinuousClock.now + limit
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            if ContinuousClock.now > limit { kill(pid, SIGKILL) }
            try await Task.sleep(for: .milliseconds(20))
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
    }
}
