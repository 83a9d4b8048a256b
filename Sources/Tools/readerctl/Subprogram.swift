import FoundationEssentials
import Glibc

/// Runs another program to its end, with a deadline, and keeps what it wrote.
enum Subprogram {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    struct Result: Sendable {
        /// The exit code, or minus the signal that ended it.
        var status: Int32
        var output: String
        var errors: String
    }

    /// - Parameter command: the program by its path or name, and its arguments. No shell reads them.
    static func run(_ command: [String], within limit: Duration) async throws -> Result {
        let directory = try PrivateDirectory()
        defer { directory.remove() }
        let (out, err) = (directory.path + "/out", directory.path + "/err")
        let pid = try start(command, output: out, errors: err)
        let deadline = ContinuousClock.now + limit
        var status: CInt = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            guard ContinuousClock.now < deadline, !Task.isCancelled else {
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                throw Failure(description: "\(command.first ?? "it") did not end within \(limit.components.seconds) s")
            }
            // The kernel tells nobody but the parent's signal handler; looking again is cheap beside what is waited for.
            do { try await Task.sleep(for: .milliseconds(10)) } catch { continue }
        }
        func text(_ path: String) -> String { FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return Result(status: status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F), output: text(out), errors: text(err))
    }

    private static func start(_ command: [String], output: String, errors: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)
        var arguments = command.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for text in arguments { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, command.first ?? "", &actions, nil, &arguments, environ)
        guard code == 0 else {
            throw Failure(description: "\(command.first ?? "it") cannot be started: \(String(cString: strerror(code)))")
        }
        return pid
    }
}

/// A directory that only this user can look into, for as long as it is needed.
struct PrivateDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/readerctl-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let made else {
            throw Subprogram.Failure(description: "no directory can be made in /tmp: \(String(cString: strerror(errno)))")
        }
        path = made
    }

    func remove() {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            // It is private and in /tmp, which is cleared by itself.
        }
    }
}
