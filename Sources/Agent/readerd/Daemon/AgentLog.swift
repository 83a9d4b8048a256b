import CheckoutAPI
import Glibc
import Logging
import TextSafety

/// Writes what the agent logs: to journald with priority and fields, else one line an entry to standard error, as text for people or JSON for
/// machines. What it is given holds no secret; what looks like one is taken out all the same, and what cannot be seen is escaped, so that nobody can
/// forge a line.
struct AgentLog: LogHandler {
    enum Format: Sendable { case text, json }

    /// Where entries go.
    enum Outlet: Sendable {
        /// Lines on standard error; with a priority before each (`<6>`, sd-daemon(3)) when that is journald's.
        case standardError(withPriority: Bool)
        case journal(JournalSocket)

        /// Text goes to journald in its own form. Who asked for JSON gets JSON, with nothing but the priority added.
        static func chosen(_ format: Format, environment: [String: String]) -> Outlet {
            guard JournalSocket.isStandardError(environment) else { return .standardError(withPriority: false) }
            if format == .text, let journal = JournalSocket() { return .journal(journal) }
            return .standardError(withPriority: true)
        }
    }

    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let format: Format
    /// Characters that a message and each field may have.
    private static let longest = 4_000
    private let outlet: Outlet

    init(level: Logger.Level, format: Format, outlet: Outlet) {
        self.logLevel = level
        self.format = format
        self.outlet = outlet
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        switch outlet {
        case .journal(let journal):
            // The text has the fields too: journalctl shows only that, and it is what a technician reads.
            var entry = [
                (name: "PRIORITY", value: "\(event.level.priority)"), (name: "SYSLOG_IDENTIFIER", value: "readerd"),
                (name: "MESSAGE", value: Self.text(event, fields)), (name: "READERD_LEVEL", value: event.level.rawValue),
            ]
            for (key, value) in fields { entry.append((NativeEntry.fieldName(key), Self.escaped(value, quotes: false))) }
            if !journal.send(entry) { Self.write("<\(event.level.priority)>" + Self.text(event, fields)) }
        case .standardError(let withPriority):
            let line = Self.line(event, fields, format)
            Self.write(withPriority ? "<\(event.level.priority)>" + line : line)
        }
    }

    private static func line(_ event: LogEvent, _ fields: [(String, String)], _ format: Format) -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let at = Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000).description
        switch format {
        case .text: return "\(at) \(event.level.rawValue) \(text(event, fields))"
        case .json:
            var line =
                "{\"at\":\"\(at)\",\"level\":\"\(event.level.rawValue)\",\"message\":\"\(escaped("\(event.message)", quotes: true))\""
            for (key, value) in fields { line += ",\"\(escaped(key, quotes: true))\":\"\(escaped(value, quotes: true))\"" }
            return line + "}"
        }
    }

    private static func text(_ event: LogEvent, _ fields: [(String, String)]) -> String {
        fields.reduce(escaped("\(event.message)", quotes: false)) { "\($0) \($1.0)=\(escaped($1.1, quotes: false))" }
    }

    /// Why the agent cannot go on, for whoever started it: a terminal or systemd.
    static func complain(_ words: String, environment: [String: String]) {
        let priority = JournalSocket.isStandardError(environment) ? "<3>" : ""
        for line in words.split(separator: "\n") { write(priority + "readerd: " + line) }
    }

    /// One line goes out whole; nobody is told when standard error cannot be written, for there is nowhere to tell it.
    private static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }

    static func escaped(_ text: String, quotes: Bool) -> String {
        var out = ""
        for scalar in SecretShapes.hidden(String(text.unicodeScalars.prefix(longest))).text.unicodeScalars {
            switch scalar {
            case "\n": out += "\\n"
            case "\"" where quotes: out += "\\\""
            case "\\" where quotes: out += "\\\\"
            case _ where scalar == " " || Shown.isSeen(scalar): out.unicodeScalars.append(scalar)
            default:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return out
    }
}

extension Logger.Level {
    /// The priority as in syslog(3).
    var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
