import CheckoutAPI
import GatewayCore
import GatewayModel
import Logging
import ReaderLinks
import Testing
import WebCall

@testable import readerd

@Suite struct SettingsTests {
    static let least = """
        location = "48"
        backend.base_url = "https://studio.marianatek.com"
        backend.token_file = "credentials/backend-token"
        """

    @Test func `the least that is needed brings every default`() throws {
        let file = try SettingsFixture(Self.least)
        let settings = try Settings.load(file: file.path, environment: [:]).settings
        #expect(settings.location == "48")
        #expect(settings.backend.base.description == "https://studio.marianatek.com:443")
        #expect(settings.backend.credential == .tokenFile(file.directory + "/credentials/backend-token"))
        #expect(settings.stripe.host == "api.stripe.com")
        #expect(settings.maintenanceCart == nil && settings.trustRoots == nil && settings.socket.group == nil)
        #expect(settings.socket.path == "/run/readerd/checkout.sock")
        #expect(settings.socket.mode == 0o660)
        #expect(settings.stateDirectory == "/var/lib/readerd")
        #expect(settings.roles.values.allSatisfy { $0.users.isEmpty && $0.groups.isEmpty })
        #expect(settings.lanes.isEmpty && settings.readerLabels.isEmpty)
        #expect(settings.lan == .init(sweep: true, subnets: [], addresses: [], port: 4443))
        #expect(settings.usb == .init(enabled: true, exclude: []))
        #expect(settings.payment.timeoutSeconds == 120)
        #expect(settings.payment.queueTimeout.duration == .seconds(300) && settings.payment.eagerCollect)
        let timeouts = settings.timeouts
        #expect(
            [
                timeouts.connect, timeouts.backend, timeouts.stripe, timeouts.reader, timeouts.confirm, timeouts.tokenAge, timeouts.status,
                timeouts.registration, timeouts.authorizationWindow,
            ].map(\.milliseconds) == [5000, 10_000, 10_000, 20_000, 120_000, 240_000, 120_000, 30_000, 180_000])
        #expect(settings.journalKeepDays == 400)
        #expect(settings.log == .init(level: .info, format: .text))
    }

    @Test func `every key of the file is taken`() throws {
        let file = try SettingsFixture(
            """
            location = "48"
            maintenance_cart = "9"
            trust_roots = "roots.pem"
            state_directory = "/srv/readerd"
            [backend]
            base_url = "https://Backend.example:8443/shop/"
            [backend.oauth]
            token_url = "https://backend.example/o/token/"
            client_id = "readerd"
            client_secret_file = "/etc/readerd/secret"
            refresh_token_file = "state/refresh"
            [stripe]
            base_url = "https://stripe.example:9443"
            [socket]
            path = "/tmp/x.sock"
            mode = "0600"
            group = "tills"
            [roles]
            monitor.users = ["nagios", 1001]
            checkout.groups = ["tills"]
            technician = { users = ["alice"], groups = ["wheel", 27] }
            [lanes.till-1]
            reader = "Front Desk"
            [lanes."Bar.2"]
            reader = "tmr_2"
            [readers.WSC513]
            label = "Front Desk"
            [lan]
            sweep = false
            subnets = ["192.168.8.0/24"]
            addresses = ["127.0.0.1"]
            port = 14443
            [usb]
            enabled = false
            exclude = ["05f9:4204", "S1"]
            [payment]
            timeout_s = 30
            queue_timeout_s = 1.5
            eager_collect = false
            [timeouts]
            connect_s = 1
            backend_s = 2
            stripe_s = 3
            reader_s = 4
            confirm_s = 30
            token_age_s = 6
            status_s = 7
            registration_s = 8
            authorization_window_s = 120.5
            [reader_protocol]
            client_type = "STRIPE_CLI"
            client_version = "1.13.5"
            transaction_context = "omit"
            heartbeat_s = 30
            [journal]
            keep_days = 30
            [log]
            level = "debug"
            format = "json"
            """)
        let settings = try Settings.load(file: file.path, environment: [:]).settings
        #expect(settings.maintenanceCart?.text == "9")
        #expect(settings.trustRoots == file.directory + "/roots.pem")
        #expect(settings.stateDirectory == "/srv/readerd")
        #expect(settings.backend.base.description == "https://backend.example:8443/shop")
        #expect(
            settings.backend.credential
                == .oauth(
                    .init(
                        tokenURL: "https://backend.example/o/token/", clientID: "readerd", clientSecretFile: "/etc/readerd/secret",
                        refreshTokenFile: file.directory + "/state/refresh")))
        #expect(settings.stripe.port == 9443)
        #expect(settings.socket == .init(path: "/tmp/x.sock", mode: 0o600, group: "tills"))
        #expect(settings.roles[.monitor] == .init(users: ["nagios", "1001"], groups: []))
        #expect(settings.roles[.checkout] == .init(users: [], groups: ["tills"]))
        #expect(settings.roles[.technician] == .init(users: ["alice"], groups: ["wheel", "27"]))
        #expect(settings.lanes == [LaneName(unchecked: "till-1"): "Front Desk", LaneName(unchecked: "Bar.2"): "tmr_2"])
        #expect(settings.readerLabels == ["WSC513": "Front Desk"])
        #expect(!settings.lan.sweep && settings.lan.port == 14443)
        #expect(settings.lan.subnets.map(\.description) == ["192.168.8.0/24"])
        #expect(settings.lan.addresses.map(\.text) == ["127.0.0.1"])
        #expect(
            settings.readerProtocol
                == .init(
                    clientType: "STRIPE_CLI", clientVersion: "1.13.5", sendsTransactionContext: false,
                    heartbeat: Seconds(milliseconds: 30_000)))
        #expect(settings.usb == .init(enabled: false, exclude: ["05f9:4204", "S1"]))
        #expect(settings.payment == .init(timeoutSeconds: 30, queueTimeout: Seconds(milliseconds: 1500), eagerCollect: false))
        #expect(settings.timeouts.registration.milliseconds == 8000)
        #expect(settings.timeouts.authorizationWindow.milliseconds == 120_500)
        #expect(settings.journalKeepDays == 30)
        #expect(settings.log == .init(level: .debug, format: .json))
    }

    @Test func `the environment is stronger than the file, and a flag than both`() throws {
        let file = try SettingsFixture(Self.least + "\nlan.port = 1\nlog.level = \"error\"\njournal.keep_days = 7")
        let loaded = try Settings.load(
            file: file.path,
            environment: ["READERD_LAN_PORT": "2", "READERD_LOG_LEVEL": "debug", "PATH": "/bin", "READERD_USB_EXCLUDE": "1:2, S9 ,"],
            overrides: [("lan.port", "3"), ("lanes.till.1.reader", "tmr_9"), ("lan.sweep", "false")])
        #expect(loaded.settings.lan.port == 3)
        #expect(loaded.settings.log.level == .debug)
        #expect(loaded.settings.journalKeepDays == 7)
        #expect(loaded.settings.usb.exclude == ["1:2", "S9"])
        #expect(loaded.settings.lanes == [LaneName(unchecked: "till.1"): "tmr_9"])
        #expect(!loaded.settings.lan.sweep)
    }

    @Test func `everything can come from the environment alone`() throws {
        let settings = try Settings.load(
            file: nil,
            environment: [
                "READERD_LOCATION": "48", "READERD_BACKEND_BASE_URL": "https://b.example", "READERD_BACKEND_TOKEN_FILE": "/t",
                "READERD_TIMEOUTS_TOKEN_AGE_S": "0.5", "READERD_SOCKET_MODE": "0666", "READERD_ROLES_CHECKOUT_GROUPS": "tills,1000",
                "READERD_SOCKET_GROUP": "",
            ]
        ).settings
        #expect(settings.backend.credential == .tokenFile("/t"))
        #expect(settings.timeouts.tokenAge.milliseconds == 500)
        #expect(settings.socket.mode == 0o666 && settings.socket.group == nil)
        #expect(settings.roles[.checkout]?.groups == ["tills", "1000"])
    }

    @Test func `every key has a variable of its own, but for those with a name in them`() {
        let variables = SettingsKey.all.compactMap(\.variable)
        #expect(Set(variables).count == variables.count)
        #expect(SettingsKey.all.filter { $0.variable == nil }.map(\.name) == ["lanes.*.reader", "readers.*.label"])
        #expect(variables.contains("READERD_BACKEND_BASE_URL"))
        #expect(!variables.contains("READERD_SOCKET") && !variables.contains("READERD_CONFIG"))
    }

    @Test func `a credential of systemd is found in its directory`() throws {
        let file = try SettingsFixture(Self.least.replacing("credentials/backend-token", with: "credential:backend-token"))
        let settings = try Settings.load(file: file.path, environment: ["CREDENTIALS_DIRECTORY": "/run/credentials/readerd"]).settings
        #expect(settings.backend.credential == .tokenFile("/run/credentials/readerd/backend-token"))
    }

    @Test func `the report names every setting and where it came from, and reads back as the same settings`() throws {
        let file = try SettingsFixture(Self.least + "\n[lanes.\"Bar \\\"2\\\"\"]\nreader = \"tmr_2\"")
        let loaded = try Settings.load(file: file.path, environment: ["READERD_LOG_LEVEL": "debug"], overrides: [("lan.port", "3")])
        let report = loaded.report()
        func line(_ start: String) -> String? { report.split(separator: "\n").first { $0.hasPrefix(start) }.map(String.init) }
        #expect(line("log.level = \"debug\"")?.hasSuffix("# READERD_LOG_LEVEL") == true)
        #expect(line("lan.port = ")?.hasSuffix("# flag") == true)
        #expect(line("lan.sweep = true")?.hasSuffix("# default") == true)
        #expect(line("location = \"48\"")?.hasSuffix("# " + file.path) == true)
        #expect(line("# warning: \(file.path): backend.token_file: ") != nil)

        let plain = try Settings.load(file: file.path, environment: [:])
        let again = try SettingsFixture(plain.report(), beside: file)
        #expect(try Settings.load(file: again.path, environment: [:]).settings == plain.settings)
    }

    @Test func `what is allowed and dangerous is warned of`() throws {
        let file = try SettingsFixture(Self.least + "\nsocket.mode = \"0666\"")
        let keys = try Settings.load(file: file.path, environment: [:]).warnings.compactMap(\.key)
        #expect(keys == ["socket.mode", "roles.checkout.users", "backend.token_file"])
    }

    @Test(arguments: [
        ("timeouts.authorization_window_s", "1"), ("timeouts.authorization_window_s", "119.9"), ("timeouts.authorization_window_s", "3601"),
        ("timeouts.confirm_s", "29"), ("timeouts.confirm_s", "601"),
    ])
    func `a time within which money could still move is refused`(key: String, value: String) throws {
        let file = try SettingsFixture(Self.least + "\n\(key) = \(value)")
        do throws(SettingsFailure) {
            _ = try Settings.load(file: file.path, environment: [:])
            Issue.record("\(key) = \(value) is taken")
        } catch {
            #expect(error.problems.map(\.key) == [key])
        }
    }
}
