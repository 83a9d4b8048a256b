import FoundationEssentials
import Glibc

/// Where things are.
enum Place {
    /// The package's root, seen from this file.
    static var root: String { #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/") }
    static var packaging: String { root + "/packaging" }

    /// The directory of the programs: beside the test bundle.
    static func programs() throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    /// Every file of the sources, seen from there.
    static func sources() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: root + "/Sources") }

    static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// A directory of one test's own, removed with it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "rdpk-" + String(UInt64.random(in: 0 ... .max), radix: 36)).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("not removed: \(path): \(error)") }
    }
}

/// Runs a shell command to its end; what it wrote, both ways.
func shell(_ command: String, in scratch: Scratch) throws -> (status: CInt, output: String) {
    struct CannotStart: Error { var code: CInt }
    let output = scratch.path + "/output-" + String(UInt64.random(in: 0 ... .max), radix: 36)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let words: [String] = ["timeout", "120", "sh", "-c", command]
    let settings: [String] = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/"]
    var arguments = words.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
    var variables = settings.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var pid: pid_t = 0
    let result = posix_spawnp(&pid, "timeout", &actions, nil, &arguments, &variables)
    guard result == 0 else { throw CannotStart(code: result) }
    var raw: CInt = 0
    while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
    return (raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F), Place.text(output))
}
