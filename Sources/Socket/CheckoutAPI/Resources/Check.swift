/// One thing that was looked at, what was found, and what to do about it.
public struct Check: Sendable, Hashable, Codable {
    /// The checks that there are, in the order in which a person reads them.
    package static let ids = [
        "settings", "state", "socket", "disk", "journal", "descriptors", "proxy", "name_servers", "credential", "backend", "clock",
        "stripe",
        "token", "mode", "readers", "reader_state", "reader_address", "reader_route", "reader_port", "reader_certificate", "reader_name",
        "reader_software", "labels", "restart_window", "other_agents", "payments", "usb_access", "usb_driver", "usb_modemmanager",
        "usb_power",
    ]

    public struct Status: OpenWord {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let pass: Self = "pass"
        /// Payments can go on, but somebody should look at it.
        public static let warn: Self = "warn"
        /// Stops payments, or will.
        public static let fail: Self = "fail"
        /// Could not be looked at; the detail says why.
        public static let skipped: Self = "skipped"

        package static let known: [Self] = [pass, warn, fail, skipped]
    }

    /// The id of the check, not of this result: `reader_port` may come once for every reader.
    public var id: String
    /// What was looked at, when the check looks at several things: a reader's label, a device.
    public var subject: String?
    /// A sentence that is true when the check passes.
    public var title: String
    public var status: Status
    /// What was found.
    public var detail: String
    /// What to do, when something should be done.
    public var remedy: String?
    public var durationSeconds: Double

    public init(
        id: String, subject: String? = nil, title: String, status: Status, detail: String, remedy: String? = nil, durationSeconds: Double
    ) {
        self.id = id
        self.subject = subject
        self.title = title
        self.status = status
        self.detail = detail
        self.remedy = remedy
        self.durationSeconds = durationSeconds
    }

    enum CodingKeys: String, CodingKey {
        case id, subject, title, status, detail, remedy
        case durationSeconds = "duration_s"
    }
}

/// How many checks ended how.
public struct CheckSummary: Sendable, Hashable, Codable {
    public var pass: Int
    public var warn: Int
    public var fail: Int
    public var skipped: Int
    /// Seconds that all of them took together: they run side by side.
    public var durationSeconds: Double

    public init(_ checks: [Check], durationSeconds: Double) {
        pass = checks.count { $0.status == .pass }
        warn = checks.count { $0.status == .warn }
        fail = checks.count { $0.status == .fail }
        skipped = checks.count { $0.status == .skipped }
        self.durationSeconds = durationSeconds
    }

    enum CodingKeys: String, CodingKey {
        case pass, warn, fail, skipped
        case durationSeconds = "duration_s"
    }
}

/// All checks in one object: the answer to a caller that does not take a stream.
public struct CheckReport: Sendable, Hashable, Codable {
    public var checks: [Check]
    public var summary: CheckSummary

    public init(checks: [Check], summary: CheckSummary) {
        self.checks = checks
        self.summary = summary
    }
}

/// One line of the stream of checks: the check's or the summary's own fields, and a `type`.
public enum CheckLine: Sendable, Hashable, Codable {
    case heartbeat
    case check(Check)
    case summary(CheckSummary)
    /// The agent ends the stream and says why.
    case end(Problem)

    public init(from decoder: any Decoder) throws {
        self = try StreamedLine.read(decoder, heartbeat: .heartbeat, end: CheckLine.end) { type in
            switch type {
            case "check": .check(try Check(from: decoder))
            case "summary": .summary(try CheckSummary(from: decoder))
            default: nil
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .heartbeat: try StreamedLine.write("heartbeat", to: encoder)
        case .check(let check): try StreamedLine.write("check", check, to: encoder)
        case .summary(let summary): try StreamedLine.write("summary", summary, to: encoder)
        case .end(let problem): try StreamedLine.write("end", problem: problem, to: encoder)
        }
    }
}
