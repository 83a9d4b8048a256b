import CheckoutAPI
import Glibc
import Logging

/// Writes one line an entry to standard error: text for people, or JSON for machines. What it is given holds no secret; control characters
/// are escaped all the same, so that nobody can forge a line.
struct AgentLog: LogHandler {
    enum Format: Sendable { case text, json }

    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: Format

    init(level: Logger.Level, format: Format) {
        self.logLevel = level
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let at = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000).description
        var line: String
        switch format {
        case .text:
            line = "\(at) \(event.level.rawValue) \(Self.escaped("\(event.message)", quotes: false))"
            for (key, value) in fields { line += " \(key)=\(Self.escaped(value, quotes: false))" }
        case .json:
            line =
                "{\"at\":\"\(at)\",\"level\":\"\(event.level.rawValue)\",\"message\":\"\(Self.escaped("\(event.message)", quotes: true))\""
            for (key, value) in fields { line += ",\"\(Self.escaped(key, quotes: true))\":\"\(Self.escaped(value, quotes: true))\"" }
            line += "}"
        }
        line += "\n"
        Self.write(Array(line.utf8))
    }

    /// One line goes out whole; nobody is told when standard error cannot be written, for there is nowhere to tell it.
    private static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in text.unicodeScalars.prefix(4_000) {
            switch scalar {
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            case "\\" where quotes: out += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
