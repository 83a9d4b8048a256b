import FoundationEssentials
import Glibc
import Testing

/// An emulated USB bus in a process of its own: `Tests/USB/bench.py` under umockdev. Programs that are started with its environment see its devices
/// through the real libusb.
package final class Bench: Sendable {
    package struct Refused: Error, CustomStringConvertible { package var description: String }

    package let environment: [String: String]
    private let child: ChildProcess
    private let directory: TemporaryDirectory

    private init(_ child: ChildProcess, _ directory: TemporaryDirectory, _ environment: [String: String]) {
        self.child = child
        self.directory = directory
        self.environment = environment
    }

    /// Opens a bus, lets the test work with it, and closes it.
    package static func open<Result>(_ body: (Bench) async throws -> Result) async throws -> Result {
        let directory = try TemporaryDirectory()
        let script = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/") + "/USB/bench.py"
        // Debian's own Python has the gi module.
        let child = try ChildProcess(
            ["umockdev-wrapper", "/usr/bin/python3", "-B", script, directory.file("b")], output: directory.file("out"),
            errors: directory.file("err"), environment: ["TMPDIR": directory.path])
        var told: String?
        try await eventually("the bench is there; it wrote: \(child.errors)") {
            if child.end != nil { throw Refused(description: "the bench ended (\(child.end ?? 0)): \(child.errors.suffix(2000))") }
            do {
                told = try Self.say("environment", at: directory.file("b"))
                return true
            } catch is Refused {
                return false
            }
        }
        let pairs = (told ?? "").split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        let bench = Bench(child, directory, Dictionary(uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }))
        do {
            let result = try await body(bench)
            try await bench.close()
            return result
        } catch {
            print("the bench wrote: \(child.errors.suffix(2000))")
            await child.kill()
            throw error
        }
    }

    private func close() async throws {
        do { try say("quit") } catch is Refused { /* It ends instead of answering. */  }
        _ = try await child.ended(within: .seconds(20))
        #expect(child.errors.isEmpty, "the bench had trouble: \(child.errors)")
    }

    @discardableResult
    package func say(_ words: String...) throws -> String { try Self.say(words.joined(separator: " "), at: directory.file("b")) }

    /// Plugs a device in.
    ///
    /// - Returns: the number that the bus gave it.
    @discardableResult
    package func plug(_ name: String, _ kind: String, reader: String = "-", serial: String = "") throws -> Int {
        try Self.number(say("plug", name, kind, reader, serial))
    }

    @discardableResult
    package func replug(_ name: String) throws -> Int { try Self.number(say("replug", name)) }

    private static func number(_ answer: String) throws -> Int {
        guard let number = answer.split(separator: " ").first.flatMap({ Int($0) }) else { throw Refused(description: answer) }
        return number
    }

    private static func say(_ order: String, at path: String) throws -> String {
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Refused(description: "no socket: \(errno)") }
        defer { Glibc.close(socket) }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard connected == 0 else { throw Refused(description: "nobody listens at \(path): \(errno)") }
        let bytes = Array((order + "\n").utf8)
        guard send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw Refused(description: "the bench does not listen: \(errno)")
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Refused(description: "no answer to \(order): \(errno)") }
            if count == 0 { break }
            answer += buffer.prefix(count)
        }
        let text = String(decoding: answer, as: UTF8.self).split(separator: "\n").joined(separator: "\n")
        guard !text.isEmpty, !text.hasPrefix("failed") else { throw Refused(description: "\(order): \(text)") }
        return text
    }
}
