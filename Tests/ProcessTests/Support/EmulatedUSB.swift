import FoundationEssentials
import Testing

/// USB devices that the real libusb of a program under test finds: `Tests/USB/bench.py` in a process of its own, under umockdev.
final class EmulatedUSB: Sendable {
    private let directory: TemporaryDirectory
    private let bench: ChildProcess
    private var socket: String { directory.file("usb.sock") }

    /// Lets the body work with it, and ends it.
    static func open(_ body: @escaping @Sendable (EmulatedUSB) async throws -> Void) async throws {
        let usb = try EmulatedUSB()
        do {
            try await eventually("the emulated bus listens: \(usb.bench.errors)") {
                guard usb.bench.end == nil else { throw NotInTime(description: "it ended: \(usb.bench.errors)") }
                return FileManager.default.fileExists(atPath: usb.socket)
            }
            try await body(usb)
        } catch {
            await usb.bench.kill()
            throw error
        }
        await usb.bench.kill()
    }

    private init(file: String = #filePath) throws {
        directory = try TemporaryDirectory()
        let tests = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        bench = try ChildProcess(
            ["umockdev-wrapper", "/usr/bin/python3", tests + "/USB/bench.py", directory.file("usb.sock")], output: directory.file("out"),
            errors: directory.file("errors"))
    }

    /// One command, as `bench.py` explains them.
    @discardableResult
    func order(_ words: String...) async throws -> String {
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); s.sendall((" ".join(sys.argv[2:]) + "\\n").encode())
            print(s.makefile().read(), end="")
            """
        let result = try await run(["/usr/bin/python3", "-c", script, socket] + words)
        guard result.status == 0, !result.output.hasPrefix("failed") else {
            throw NotInTime(description: "\(words.joined(separator: " ")): \(result.output) \(result.errors)")
        }
        return result.output
    }

    /// What a program needs in its environment to see these devices and no others.
    func environment() async throws -> [String: String] {
        var environment: [String: String] = [:]
        for line in try await order("environment").split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
        }
        return environment
    }
}
