import FoundationEssentials
import Glibc
import Synchronization

/// A process that a test has started. What it writes goes to files, so that it can be looked at while it runs and after it was killed.
package final class ChildProcess: Sendable {
    package enum Fault: Error { case notBuilt(String), cannotStart(String, CInt), stillRuns(String) }

    package let pid: pid_t
    package let name: String
    private let outputFile: String
    private let errorFile: String
    /// What `waitpid` said; it says it once.
    private let status = Mutex<CInt?>(nil)

    /// A program beside the test bundle.
    package static func built(_ program: String) throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = (bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast() + [program[...]]).joined(separator: "/")
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Fault.notBuilt(path) }
        return path
    }

    /// - Parameter environment: the whole of it; nothing is inherited.
    package init(_ command: [String], output: String, errors: String, environment: [String: String] = [:]) throws {
        name = command.first ?? ""
        outputFile = output
        errorFile = errors
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // The sockets of this process's stores are not closed by exec: a child that held them would keep connections alive that were hung up.
        for descriptor: CInt in 3..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The threads of the test runner block signals; a child of theirs would never hear SIGTERM.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let settings = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "HOME": "/"].merging(environment) { $1 }
        var arguments = command.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        var variables = settings.map { strdup("\($0)=\($1)") as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawnp(&pid, name, &actions, &attributes, &arguments, &variables)
        guard result == 0 else { throw Fault.cannotStart(name, result) }
        self.pid = pid
    }

    package var output: String { String(decoding: bytes(ofFile: outputFile) ?? [], as: UTF8.self) }
    package var errors: String { String(decoding: bytes(ofFile: errorFile) ?? [], as: UTF8.self) }

    /// Nil while it runs; the exit code, or minus the signal that ended it.
    package var end: CInt? {
        status.withLock { status in
            if status == nil {
                var raw: CInt = 0
                if waitpid(pid, &raw, WNOHANG) == pid { status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F) }
            }
            return status
        }
    }

    /// Does nothing once it has ended: the number may be another's by then.
    package func signal(_ number: CInt) {
        guard end == nil else { return }
        Glibc.kill(pid, number)
    }

    /// Waits for its end. One that goes on beyond the limit is killed, and that is an error.
    @discardableResult
    package func ended(within limit: Duration) async throws -> CInt {
        let deadline = ContinuousClock.now + limit
        while true {
            if let end { return end }
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                await kill()
                throw Fault.stillRuns("\(name) (\(pid)) had not ended after \(limit); it wrote: \(errors.suffix(2000))")
            }
            do {
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                // Cancelled: the next turn kills it.
                continue
            }
        }
    }

    /// Ends it at once, as a power cut does, and waits until it is gone.
    package func kill() async {
        signal(SIGKILL)
        while end == nil {
            // A cancelled task's sleep returns at once; a killed process goes soon all the same.
            do { try await Task.sleep(for: .milliseconds(2)) } catch { sched_yield() }
        }
    }

    deinit {
        if end == nil {
            Glibc.kill(pid, SIGKILL)
            var raw: CInt = 0
            waitpid(pid, &raw, 0)
        }
    }
}

/// Runs a command to its end.
package func run(_ command: [String], within limit: Duration = .seconds(30)) async throws -> (status: CInt, output: String, errors: String)
{
    let directory = try TemporaryDirectory()
    let child = try ChildProcess(command, output: directory.file("out"), errors: directory.file("err"))
    let status = try await child.ended(within: limit)
    return (status, child.output, child.errors)
}
