import TextSafety
import CheckoutAPI
import GatewayCore
import GatewayModel
import Moments
import Glibc
import Logging
import ReaderLinks
import WebCall

/// Settings that were read and found right, with where each came from.
package struct LoadedSettings: Sendable {
    package var settings: Settings
    /// What is allowed and probably not meant.
    package var warnings: [SettingsProblem]
    let entries: [SettingsEntry]
}

extension Settings {
    /// Where the packaged service finds its credentials (systemd.exec(5), LoadCredential=).
    static let credentialsOfTheService = "/run/credentials/readerd.service"

    /// Reads the settings: the file, over it the environment, over that the flags.
    ///
    /// - Parameters:
    ///   - file: the TOML file; nil to do without.
    ///   - environment: of the process; what begins with `READERD_` counts, and `CREDENTIALS_DIRECTORY`.
    ///   - overrides: flags, as full keys and texts.
    ///   - isTrial: whether somebody only asks what readerd would run with: what systemd hands over to the service alone is then no error.
    /// - Throws: everything that is wrong, at once.
    package static func load(
        file: String?, environment: [String: String], overrides: [(key: String, value: String)] = [], isTrial: Bool = false
    ) throws(SettingsFailure) -> LoadedSettings {
        var sources = SettingsSources()
        var unreadable: [SettingsProblem] = []
        if let file {
            do { try sources.add(file: file) } catch { unreadable = error.problems }
        }
        sources.add(environment: environment)
        sources.add(overrides: overrides)
        // A file that cannot be read would make everything that stands in it look missing.
        if !unreadable.isEmpty { throw SettingsFailure(problems: unreadable + sources.problems) }

        var reader = SettingsReader(sources, environment: environment, workingDirectory: workingDirectory(), isTrial: isTrial)
        let settings = Settings(&reader)
        let problems = sources.problems + reader.problems
        guard let settings, problems.isEmpty else { throw SettingsFailure(problems: problems) }
        let entries = SettingsKey.all.flatMap { key -> [SettingsEntry] in
            if key.isPattern { return reader.entries(of: key.name) }
            if let given = sources.entries[key.path] { return [given] }
            return key.standard.map { [SettingsEntry(key: key, path: key.path, value: $0, origin: .standard)] } ?? []
        }
        return LoadedSettings(settings: settings, warnings: settings.warnings(entries, unseen: reader.unseen), entries: entries)
    }

    private static func workingDirectory() -> String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }

    /// Nil when something is missing or wrong; `reader` says what, all of it.
    private init?(_ reader: inout SettingsReader) {
        let location = reader.text("location")
        if !reader.isGiven("location") { reader.note("location", "it is missing: the backend's id of this location") }
        let maintenanceCart = Settings.cart(&reader)
        let base = reader.backendBase("backend.base_url")
        if !reader.isGiven("backend.base_url") {
            reader.note("backend.base_url", "it is missing: the address of the backend, as https://studio.marianatek.com")
        }
        let credential = Settings.credential(&reader)
        let stripe = reader.base("stripe.base_url")
        let trustRoots = reader.path("trust_roots")
        let socket = Settings.socket(&reader)
        var roles: [Role: Members] = [:]
        for role in Role.allCases {
            roles[role] = Members(
                users: reader.list("roles.\(role.rawValue).users"), groups: reader.list("roles.\(role.rawValue).groups"))
        }
        let stateDirectory = reader.path("state_directory")
        let lanes = Settings.lanes(&reader)
        let labels = Settings.labels(&reader)
        let lan = Settings.lan(&reader)
        let readerProtocol = Settings.readerProtocol(&reader)
        let exclude = reader.list("usb.exclude")
        let usb = reader.toggle("usb.enabled").map { USB(enabled: $0, exclude: exclude) }
        let payment = Settings.payment(&reader)
        let timeouts = Settings.timeouts(&reader)
        let keepDays = reader.integer("journal.keep_days")
        let level = reader.choice("log.level").flatMap(Logger.Level.init(rawValue:))
        let format = reader.choice("log.format").flatMap(Log.Format.init(rawValue:))

        guard let location, let base, let credential, let stripe, let socket, let stateDirectory, let lan, let readerProtocol, let usb,
            let payment, let timeouts, let keepDays, let level, let format
        else { return nil }
        self.location = location
        self.maintenanceCart = maintenanceCart
        self.backend = Backend(base: base, credential: credential)
        self.stripe = stripe
        self.trustRoots = trustRoots
        self.socket = socket
        self.roles = roles
        self.stateDirectory = stateDirectory
        self.lanes = lanes
        self.readerLabels = labels
        self.lan = lan
        self.readerProtocol = readerProtocol
        self.usb = usb
        self.payment = payment
        self.timeouts = timeouts
        self.journalKeepDays = keepDays
        self.log = Log(level: level, format: format)
    }

    private static func cart(_ reader: inout SettingsReader) -> CartID? {
        guard let text = reader.text("maintenance_cart") else { return nil }
        guard let cart = CartID(text) else {
            reader.note("maintenance_cart", "it must be 1 to 128 printable ASCII characters")
            return nil
        }
        return cart
    }

    private static func credential(_ reader: inout SettingsReader) -> Credential? {
        let names = ["token_url", "client_id", "client_secret_file", "refresh_token_file"].map { "backend.oauth." + $0 }
        let hasOAuth = names.contains { reader.isGiven($0) }
        switch (reader.isGiven("backend.token_file"), hasOAuth) {
        case (false, false):
            reader.note(
                "backend.token_file", "it is missing: give the file with the backend's token here, or backend.oauth for one that is renewed"
            )
            return nil
        case (true, true):
            reader.note("backend.token_file", "it is given and backend.oauth too: leave one of them out")
            return nil
        case (true, false):
            return reader.secretFile("backend.token_file").map(Credential.tokenFile)
        case (false, true):
            for name in names where !reader.isGiven(name) { reader.note(name, "it is missing: backend.oauth needs all of its keys") }
            let tokenURL = reader.url("backend.oauth.token_url")
            let clientID = reader.text("backend.oauth.client_id")
            let secret = reader.secretFile("backend.oauth.client_secret_file")
            let refresh = reader.secretFile("backend.oauth.refresh_token_file")
            guard let tokenURL, let clientID, let secret, let refresh else { return nil }
            return .oauth(OAuth(tokenURL: tokenURL, clientID: clientID, clientSecretFile: secret, refreshTokenFile: refresh))
        }
    }

    private static func socket(_ reader: inout SettingsReader) -> Socket? {
        let path = reader.path("socket.path")
        let mode = reader.mode("socket.mode")
        let group = reader.text("socket.group")
        guard let path, let mode else { return nil }
        guard path.utf8.count <= 107 else {
            reader.note("socket.path", "the path \(Shown.bounded(path)) is longer than the 107 bytes that a socket's may have")
            return nil
        }
        return Socket(path: path, mode: mode, group: group)
    }

    private static func lanes(_ reader: inout SettingsReader) -> [LaneName: String] {
        var lanes: [LaneName: String] = [:]
        for entry in reader.entries(of: "lanes.*.reader") {
            if let text = reader.text(entry) { lanes[LaneName(unchecked: entry.path[1])] = text }
        }
        return lanes
    }

    private static func labels(_ reader: inout SettingsReader) -> [String: String] {
        var labels: [String: String] = [:]
        var serials: [String: String] = [:]
        for entry in reader.entries(of: "readers.*.label") {
            guard let label = reader.text(entry) else { continue }
            let serial = entry.path[1]
            if let other = serials[label] {
                reader.note(
                    entry, "reader \(Shown.bounded(other)) has the same label: a location's labels must differ")
            }
            serials[label] = serial
            labels[serial] = label
        }
        return labels
    }

    private static func lan(_ reader: inout SettingsReader) -> LAN? {
        var subnets: [Subnet] = []
        for text in reader.list("lan.subnets") {
            do {
                subnets.append(try Subnet(text))
            } catch {
                let what =
                    switch error {
                    case .malformed: "is not a network like 192.168.8.0/24"
                    case .notPrivate: "is not a private network: readerd never looks for readers elsewhere"
                    case .tooLarge: "is larger than a /22: give the part of it in which the readers are"
                    }
                reader.note("lan.subnets", "\(Shown.bounded(text)) \(what)")
            }
        }
        var addresses: [PrivateAddress] = []
        for text in reader.list("lan.addresses") {
            do {
                addresses.append(try PrivateAddress(text))
            } catch {
                let what = error == .notIPv4 ? "is not an IPv4 address" : "is not a private address: readerd never dials a reader elsewhere"
                reader.note("lan.addresses", "\(Shown.bounded(text)) \(what)")
            }
        }
        let sweep = reader.toggle("lan.sweep")
        let port = reader.integer("lan.port")
        guard let sweep, let port else { return nil }
        return LAN(sweep: sweep, subnets: subnets, addresses: addresses, port: port)
    }

    private static func readerProtocol(_ reader: inout SettingsReader) -> ReaderProtocol? {
        let type = reader.text("reader_protocol.client_type")
        let version = reader.text("reader_protocol.client_version")
        let context = reader.choice("reader_protocol.transaction_context")
        let heartbeat = reader.seconds("reader_protocol.heartbeat_s")
        guard let type, let version, let context, let heartbeat else { return nil }
        guard type.utf8.count <= 64, type.utf8.allSatisfy({ (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }) else {
            reader.note("reader_protocol.client_type", "it must be one word of A-Z, 0-9 and _, such as JS_SDK or STRIPE_CLI")
            return nil
        }
        let parts = version.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...6).contains(parts.count),
            parts.allSatisfy({ (1...6).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else {
            reader.note("reader_protocol.client_version", "it must be numbers with points between, such as 1.0.0")
            return nil
        }
        return ReaderProtocol(clientType: type, clientVersion: version, sendsTransactionContext: context == "send", heartbeat: heartbeat)
    }

    private static func payment(_ reader: inout SettingsReader) -> Payment? {
        let timeout = reader.integer("payment.timeout_s")
        let queue = reader.seconds("payment.queue_timeout_s")
        let eager = reader.toggle("payment.eager_collect")
        guard let timeout, let queue, let eager else { return nil }
        return Payment(timeoutSeconds: timeout, queueTimeout: queue, eagerCollect: eager)
    }

    private static func timeouts(_ reader: inout SettingsReader) -> Timeouts? {
        let values = [
            "connect_s", "backend_s", "stripe_s", "reader_s", "confirm_s", "token_age_s", "status_s", "registration_s",
            "authorization_window_s",
        ].map { reader.seconds("timeouts." + $0) }
        let given = values.compactMap { $0 }
        guard given.count == values.count else { return nil }
        return Timeouts(
            connect: given[0], backend: given[1], stripe: given[2], reader: given[3], confirm: given[4], tokenAge: given[5],
            status: given[6],
            registration: given[7], authorizationWindow: given[8])
    }
}
