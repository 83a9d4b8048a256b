import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// `usbprobe` on a bench's bus. What it says is read line by line, from where the last look ended.
final class Probe {
    private let child: ChildProcess
    private let directory: TemporaryDirectory
    private var seen = 0

    init(_ arguments: String..., on bench: Bench) throws {
        directory = try TemporaryDirectory()
        child = try ChildProcess(
            Self.overseer + [try ChildProcess.built("usbprobe")] + arguments, output: directory.file("out"), errors: directory.file("err"),
            environment: bench.environment)
    }

    /// The command under which the probe runs, when `make memcheck` names one.
    private static let overseer: [String] =
        getenv("READERD_PROBE_UNDER").map { String(cString: $0).split(separator: " ").map(String.init) } ?? []

    /// Whether the probe runs under valgrind. It is slow then, and its memory is mostly valgrind's.
    static var isOverseen: Bool { !overseer.isEmpty }

    /// The longest wait for what the probe does.
    static var patience: Duration { isOverseen ? .seconds(600) : .seconds(60) }

    /// The number of rounds of a test that does one thing again and again. Under valgrind few rounds find what many do, for it sees the first
    /// byte that goes astray.
    static func rounds(_ many: Int) -> Int { isOverseen ? min(many, 12) : many }

    private var lines: [String] {
        // A line that is not whole yet is not one.
        let text = child.output
        guard let end = text.lastIndex(of: "\n") else { return [] }
        return text[..<end].split(separator: "\n").map(String.init)
    }

    /// Waits for a line that nobody has waited for yet and that begins so; those before it are passed over.
    @discardableResult
    func says(
        _ beginning: String, within limit: Duration = Probe.patience, at location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        var found: String?
        try await eventually(
            within: limit, "it says \"\(beginning)\"; it said \(lines.suffix(6)); exit \(child.end ?? -1000); \(child.errors.suffix(800))",
            at: location
        ) {
            let lines = lines
            if let place = lines[seen...].firstIndex(where: { $0.hasPrefix(beginning) }) {
                seen = place + 1
                found = lines[place]
                return true
            }
            guard child.end == nil else {
                throw NotInTime(description: "the probe ended (\(child.end ?? 0)) without \"\(beginning)\": \(child.errors.suffix(2000))")
            }
            return false
        }
        return try #require(found)
    }

    /// Waits until the last report is this one.
    func reports(_ devices: String, at location: SourceLocation = #_sourceLocation) async throws {
        let wanted = devices.isEmpty ? "report" : "report " + devices
        try await eventually(
            within: Self.patience, "the last report is \"\(wanted)\"; it said \(lines.suffix(6)), exit \(child.end ?? -1000)", at: location
        ) {
            lines.last { $0.hasPrefix("report") } == wanted
        }
    }

    /// What it held when it last said so.
    func held() throws -> (descriptors: Int, memory: Int) {
        let line = try #require(lines.last { $0.hasPrefix("held") })
        let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }
        return (try #require(numbers.first), try #require(numbers.last))
    }

    func count(_ beginning: String) -> Int { lines.filter { $0.hasPrefix(beginning) }.count }

    var trouble: [String] { lines.filter { $0.hasPrefix("trouble") } }
    var exit: CInt? { child.end }

    func kill() async { await child.kill() }
}
