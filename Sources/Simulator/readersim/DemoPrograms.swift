import Foundation

struct DemoFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// The other programs, from the directory that holds this one.
struct Programs {
    var directory: String
    var readerd: String { directory + "/readerd" }

    static func besideThis() throws -> Programs {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let programs = Programs(directory: URL(filePath: own).deletingLastPathComponent().path)
        for name in ["readerd", "readerctl"] where !FileManager.default.isExecutableFile(atPath: programs.directory + "/" + name) {
            throw DemoFailure("\(programs.directory)/\(name) is not there: build it first (make build)")
        }
        return programs
    }

    /// Runs readerctl with this program's own output, and returns how it ended.
    func readerctl(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: directory + "/readerctl")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The fields of a payment that the table needs.
    struct Answer: Decodable {
        var id: String
        var state: String
        var money: String
        var order: String?
    }

    func payments(socket: String) throws -> [Answer] {
        struct List: Decodable { var payments: [Answer] }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: directory + "/readerctl")
        process.arguments = ["--socket", socket, "--json", "payments", "list"]
        process.standardOutput = pipe
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return try JSONDecoder().decode(List.self, from: bytes).payments
    }
}

/// The daemon as a process of this program.
struct Daemon {
    private let process: Process

    init(_ program: String, directory: String, log: String) throws {
        process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["--config", directory + "/readerd.toml"]
        guard FileManager.default.createFile(atPath: log, contents: nil), let file = FileHandle(forWritingAtPath: log) else {
            throw DemoFailure("\(log) cannot be written")
        }
        process.standardError = file
        process.standardOutput = file
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }

    /// Waits until the socket accepts connections, at most ten seconds.
    func waitUntilServing(socket: String) async throws {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            if Self.answers(socket) { return }
            guard process.isRunning else { throw DemoFailure("readerd ended at once; see its log in the store's directory") }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw DemoFailure("readerd does not accept connections on \(socket)")
    }

    /// Asks the daemon to stop and waits until it has.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    private static func answers(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { bytes -> Bool in
            let text = Array(path.utf8)
            guard text.count < bytes.count else { return false }
            bytes.copyBytes(from: text)
            return true
        }
        guard fits else { return false }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}

/// Columns of text.
enum Table {
    static func lines(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            var line = zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
