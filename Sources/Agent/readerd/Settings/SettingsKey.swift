/// One key of the settings: where it stands, what it takes, and what it is without being given.
struct SettingsKey: Sendable {
    /// `*` stands for a name of the operator's choice: a lane, a serial number.
    let path: [String]
    let kind: Kind
    /// The value that counts without one, as it would be written; nil when there is none, or the key is required.
    let standard: SettingsValue?

    enum Kind: Sendable, Equatable {
        case text
        case url
        /// A path; relative ones count from the settings file.
        case path
        /// A path, or `credential:NAME` for a credential that systemd hands over.
        case secretFile
        /// A secret file that is rewritten, so it cannot be a credential.
        case writtenSecretFile
        case toggle
        case integer(ClosedRange<Int>)
        /// Seconds, decimals allowed; kept in milliseconds.
        case seconds(ClosedRange<Int>)
        case choice([String])
        /// File permissions in octal digits, as text.
        case mode
        case list
    }

    init(_ path: String, _ kind: Kind, _ standard: SettingsValue? = nil) {
        self.path = path.split(separator: ".").map(String.init)
        self.kind = kind
        self.standard = standard
    }

    var name: String { path.joined(separator: ".") }
    var isPattern: Bool { path.contains("*") }

    /// The variable that gives it: `READERD_BACKEND_BASE_URL`. Keys with a name of the operator's choice have none.
    var variable: String? { isPattern ? nil : SettingsKey.variablePrefix + SettingsKey.shouted(path.joined(separator: "_")) }

    static let variablePrefix = "READERD_"

    private static func shouted(_ text: String) -> String {
        String(text.map { $0 == "-" || $0 == "." ? "_" : $0 }).uppercased()
    }

    /// Whether a path of the file is this key.
    func matches(_ other: [String]) -> Bool {
        other.count == path.count && zip(path, other).allSatisfy { $0 == "*" || $0 == $1 }
    }

    /// Whether a path of the file leads to this key.
    func isBelow(_ other: [String]) -> Bool {
        other.count < path.count && zip(path, other).allSatisfy { $0 == "*" || $0 == $1 }
    }
}

/// A value as a file, a variable or a flag gives it, before it is checked.
indirect enum SettingsValue: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case decimal(Double)
    case toggle(Bool)
    case list([SettingsValue])
    /// A table, a date or a time: nothing that a key takes. Carries what it is.
    case other(String)

    var typeName: String {
        switch self {
        case .text: "text"
        case .integer: "an integer"
        case .decimal: "a decimal number"
        case .toggle: "true or false"
        case .list: "a list"
        case .other(let name): name
        }
    }
}

extension SettingsKey {
    /// Every key there is.
    static let all: [SettingsKey] = [
        SettingsKey("location", .text),
        SettingsKey("maintenance_cart", .text),
        SettingsKey("backend.base_url", .url),
        SettingsKey("backend.token_file", .secretFile),
        SettingsKey("backend.oauth.token_url", .url),
        SettingsKey("backend.oauth.client_id", .text),
        SettingsKey("backend.oauth.client_secret_file", .secretFile),
        SettingsKey("backend.oauth.refresh_token_file", .writtenSecretFile),
        SettingsKey("stripe.base_url", .url, .text("https://api.stripe.com")),
        SettingsKey("trust_roots", .path),
        SettingsKey("socket.path", .path, .text("/run/readerd/checkout.sock")),
        SettingsKey("socket.mode", .mode, .text("0660")),
        SettingsKey("socket.group", .text),
        SettingsKey("roles.monitor.users", .list, .list([])),
        SettingsKey("roles.monitor.groups", .list, .list([])),
        SettingsKey("roles.checkout.users", .list, .list([])),
        SettingsKey("roles.checkout.groups", .list, .list([])),
        SettingsKey("roles.technician.users", .list, .list([])),
        SettingsKey("roles.technician.groups", .list, .list([])),
        SettingsKey("state_directory", .path, .text("/var/lib/readerd")),
        SettingsKey("lanes.*.reader", .text),
        SettingsKey("readers.*.label", .text),
        SettingsKey("lan.sweep", .toggle, .toggle(true)),
        SettingsKey("lan.subnets", .list, .list([])),
        SettingsKey("lan.addresses", .list, .list([])),
        SettingsKey("lan.port", .integer(1...65535), .integer(4443)),
        SettingsKey("reader_protocol.client_type", .text, .text("JS_SDK")),
        SettingsKey("reader_protocol.client_version", .text, .text("1.0.0")),
        SettingsKey("reader_protocol.transaction_context", .choice(["send", "omit"]), .text("send")),
        SettingsKey("reader_protocol.heartbeat_s", .seconds(5...3600), .integer(60)),
        SettingsKey("usb.enabled", .toggle, .toggle(true)),
        SettingsKey("usb.exclude", .list, .list([])),
        SettingsKey("payment.timeout_s", .integer(5...600), .integer(120)),
        SettingsKey("payment.queue_timeout_s", .seconds(1...3600), .integer(300)),
        SettingsKey("payment.eager_collect", .toggle, .toggle(true)),
        SettingsKey("timeouts.connect_s", .seconds(0...60), .integer(5)),
        SettingsKey("timeouts.backend_s", .seconds(0...120), .integer(10)),
        SettingsKey("timeouts.stripe_s", .seconds(0...120), .integer(10)),
        SettingsKey("timeouts.reader_s", .seconds(0...120), .integer(20)),
        SettingsKey("timeouts.confirm_s", .seconds(30...600), .integer(120)),
        SettingsKey("timeouts.token_age_s", .seconds(0...3600), .integer(240)),
        SettingsKey("timeouts.status_s", .seconds(0...3600), .integer(120)),
        SettingsKey("timeouts.registration_s", .seconds(0...600), .integer(30)),
        SettingsKey("timeouts.authorization_window_s", .seconds(120...3600), .integer(180)),
        SettingsKey("journal.keep_days", .integer(1...36500), .integer(400)),
        SettingsKey("log.level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), .text("info")),
        SettingsKey("log.format", .choice(["text", "json"]), .text("text")),
    ]
}
