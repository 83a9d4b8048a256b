import CheckoutAPI
import Testing

@testable import readerd

@Suite struct SettingsProblemTests {
    private func problems(
        _ text: String, environment: [String: String] = [:], overrides: [(key: String, value: String)] = []
    ) throws -> [String] {
        let file = try SettingsFixture(text)
        do {
            _ = try Settings.load(file: file.path, environment: environment, overrides: overrides)
            return []
        } catch {
            // Each names the file that it is about; here only the name of the rest matters.
            return error.problems.map { $0.description.replacing(file.path + ": ", with: "") }
        }
    }

    /// One more line beside what is needed; exactly one problem is expected.
    private func problem(_ line: String) throws -> String {
        let found = try problems(SettingsTests.least + "\n" + line)
        #expect(found.count == 1, "\(found)")
        return found.first ?? "none"
    }

    @Test(arguments: [
        ("lan.prot = 1", "lan.prot: there is no such setting; the nearest is lan.port"),
        ("[timeout]\nreader_s = 5", "timeout.reader_s: there is no such setting; the nearest is timeouts.reader_s"),
        ("[lanes.till-1]\nraeder = \"x\"", "lanes.till-1.raeder: there is no such setting; the nearest is lanes.till-1.reader"),
        ("stripe_base_url = \"https://x\"", "stripe_base_url: there is no such setting; the nearest is stripe.base_url"),
        ("[bakend]", "bakend: there is no such setting; the nearest is"),
    ])
    func `an unknown key names the nearest`(line: String, message: String) throws {
        #expect(try problem(line).hasPrefix(message))
    }

    @Test func `the problem names the file`() throws {
        let file = try SettingsFixture(SettingsTests.least + "\nlan.prot = 1")
        #expect {
            try Settings.load(file: file.path, environment: [:])
        } throws: { error in
            "\(error)" == "\(file.path): lan.prot: there is no such setting; the nearest is lan.port"
        }
    }

    @Test(arguments: [
        ("lan.port = \"4443\"", "lan.port: it must be a whole number from 1 to 65535"),
        ("lan.port = 70000", "lan.port: it must be a whole number from 1 to 65535"),
        ("lan.port = 1.5", "lan.port: it must be a whole number from 1 to 65535"),
        ("lan.sweep = \"true\"", "lan.sweep: it must be true or false"),
        ("timeouts.reader_s = 0", "timeouts.reader_s: it must be a number of seconds, from more than 0 to 120"),
        ("timeouts.reader_s = nan", "timeouts.reader_s: it must be a number of seconds, from more than 0 to 120"),
        ("timeouts.reader_s = inf", "timeouts.reader_s: it must be a number of seconds, from more than 0 to 120"),
        ("payment.timeout_s = 4", "payment.timeout_s: it must be a whole number from 5 to 600"),
        ("payment.timeout_s = 9223372036854775807", "payment.timeout_s: it must be a whole number from 5 to 600"),
        ("socket.mode = 660", "socket.mode: it must be permissions in octal digits"),
        ("socket.mode = \"0888\"", "socket.mode: it must be permissions in octal digits"),
        ("socket.mode = \"0066\"", "socket.mode: it must be permissions in octal digits"),
        ("socket.path = \"\"", "socket.path: it is empty"),
        ("log.level = \"verbose\"", "log.level: it must be one of trace, debug, info, notice, warning, error, critical"),
        ("log.level = 3", "log.level: it must be one of"),
        ("log = \"debug\"", "log: it is a group of keys (log.level, log.format), not text"),
        ("usb.exclude = \"1234:5678\"", "usb.exclude: it must be a list"),
        ("usb.exclude = [true]", "usb.exclude: each entry of the list must be"),
        ("usb.exclude = [[\"a\"]]", "usb.exclude: each entry of the list must be"),
        ("lan.subnets = [\"8.8.8.0/24\"]", "lan.subnets: 8.8.8.0/24 is not a private network"),
        ("lan.subnets = [\"10.0.0.0/8\"]", "lan.subnets: 10.0.0.0/8 is larger than a /22"),
        ("lan.subnets = [\"10.0.0.0\"]", "lan.subnets: 10.0.0.0 is not a network like"),
        ("lan.subnets = [\"10.0.0.0/33\"]", "lan.subnets: 10.0.0.0/33 is not a network like"),
        ("lan.addresses = [\"8.8.8.8\"]", "lan.addresses: 8.8.8.8 is not a private address"),
        ("lan.addresses = [\"reader.local\"]", "lan.addresses: reader.local is not an IPv4 address"),
        ("reader_protocol.client_type = \"js sdk\"", "reader_protocol.client_type: it must be one word of A-Z, 0-9 and _"),
        ("reader_protocol.client_version = \"1.x\"", "reader_protocol.client_version: it must be numbers with points between"),
        ("reader_protocol.transaction_context = \"never\"", "reader_protocol.transaction_context: it must be one of send, omit"),
        ("maintenance_cart = 5", "maintenance_cart: it must be text, not an integer"),
        ("maintenance_cart = 2026-01-01", "maintenance_cart: it must be text, not a date or a time"),
        ("maintenance_cart = \"ä\"", "maintenance_cart: it must be 1 to 128 printable ASCII characters"),
        ("trust_roots = \"a\\nb\"", "trust_roots: it is too long, or contains a control character"),
        ("[readers.A]\nlabel = \"x\"\n[readers.B]\nlabel = \"x\"", "readers.B.label: reader A has the same label"),
        ("[lanes.\"\"]\nreader = \"x\"", "lanes.\"\".reader: the name is empty"),
        ("[[lanes]]\nreader = \"x\"", "lanes: it is a group of keys (lanes.*.reader), not a list"),
    ])
    func `a wrong value is named with what it must be`(line: String, message: String) throws {
        #expect(try problem(line).hasPrefix(message))
    }

    @Test(arguments: [
        ("http://studio.example", "https://"), ("studio.example", "https://"), ("https://u:p@studio.example", "password"),
        ("https://studio.example/?a=b", "query"), ("https://", "not an address"),
    ])
    func `every address must be https and nothing but an address`(address: String, word: String) throws {
        for key in ["backend.base_url", "stripe.base_url"] {
            let text = SettingsTests.least.replacing("backend.base_url = \"https://studio.marianatek.com\"\n", with: "")
            let base = key == "backend.base_url" ? "" : "\nbackend.base_url = \"https://b.example\""
            let found = try problems(text + base + "\n\(key) = \"\(address)\"")
            #expect(found.count == 1 && found[0].hasPrefix("\(key): ") && found[0].contains(word), "\(found)")
            #expect(!found.joined().contains("u:p"))
        }
        let found = try problems(
            """
            location = "1"
            [backend]
            base_url = "https://b.example"
            oauth = { token_url = "\(address)", client_id = "c", client_secret_file = "s", refresh_token_file = "r" }
            """)
        #expect(found.count == 1 && found[0].hasPrefix("backend.oauth.token_url: "), "\(found)")
    }

    @Test func `all problems are told at once`() throws {
        let found = try problems("lan.prot = 1\nlog.level = \"loud\"\npayment.timeout_s = 0")
        #expect(found.count == 6)
        for word in [
            "lan.prot", "log.level", "payment.timeout_s", "location: it is missing", "backend.base_url: it is missing",
            "backend.token_file: it is missing",
        ] {
            #expect(found.contains { $0.contains(word) }, "\(word) is not among \(found)")
        }
    }

    @Test func `a token file and OAuth exclude each other`() throws {
        #expect(
            try problem("backend.oauth.client_id = \"x\"") == "backend.token_file: it is given and backend.oauth too: leave one of them out"
        )
    }

    @Test func `half an OAuth names the missing half`() throws {
        let found = try problems(
            "location = \"1\"\nbackend.base_url = \"https://b.example\"\nbackend.oauth.client_id = \"x\"\nbackend.oauth.client_secret_file = \"s\""
        )
        #expect(found.count == 2)
        #expect(found[0].hasPrefix("backend.oauth.token_url: it is missing"))
        #expect(found[1].hasPrefix("backend.oauth.refresh_token_file: it is missing"))
    }

    @Test(arguments: [
        "backend.token = \"hunter2-hunter2\"", "backend.oauth.client_secret = \"hunter2-hunter2\"",
        "backend.oauth.refresh_token = \"hunter2-hunter2\"", "backend.bearer = \"hunter2-hunter2\"", "password = \"hunter2-hunter2\"",
        "backend_token = \"hunter2-hunter2\"",
    ])
    func `a secret in the file is refused, explained and not repeated`(line: String) throws {
        let message = try problem(line)
        #expect(message.contains("write it into a file of mode 0600"))
        #expect(message.contains("_file"))
        #expect(!message.contains("hunter2"))
    }

    @Test func `a secret in the environment or a flag is refused too`() throws {
        let found = try problems(
            SettingsTests.least, environment: ["READERD_BACKEND_TOKEN": "hunter2"], overrides: [("backend.oauth.client_secret", "hunter2")])
        #expect(found.count == 2 && found.allSatisfy { $0.contains("mode 0600") && !$0.contains("hunter2") }, "\(found)")
    }

    @Test(arguments: ["Bearer abcdef", "sk_live_abcdef", "eyJhbGciOi.eyJzdWIi.c2ln", String(repeating: "a1", count: 40)])
    func `a secret in the place of its file's name is refused and not repeated`(secret: String) throws {
        let found = try problems(SettingsTests.least.replacing("credentials/backend-token", with: secret))
        #expect(found.count == 1 && found[0].contains("looks like the secret itself") && !found[0].contains(secret), "\(found)")
    }

    @Test func `a credential needs systemd, a plain name, and a file that need not change`() throws {
        func token(_ text: String) throws -> [String] {
            try problems(SettingsTests.least.replacing("credentials/backend-token", with: text), environment: [:])
        }
        #expect(try token("credential:backend").first?.contains("CREDENTIALS_DIRECTORY") == true)
        #expect(try token("credential:../shadow").first?.contains("without a slash") == true)
        #expect(try token("credential:").first?.contains("without a slash") == true)
        let found = try problems(
            """
            location = "1"
            [backend]
            base_url = "https://b.example"
            oauth = { token_url = "https://b.example/o", client_id = "c", client_secret_file = "s", refresh_token_file = "credential:r" }
            """, environment: ["CREDENTIALS_DIRECTORY": "/run/c"])
        #expect(found.count == 1 && found[0].contains("replaced when it is used"), "\(found)")
    }

    @Test func `who only asks about the settings need not be systemd, and is told what was not looked at`() throws {
        let file = try SettingsFixture(SettingsTests.least.replacing("credentials/backend-token", with: "credential:backend"))
        let loaded = try Settings.load(file: file.path, environment: [:], isTrial: true)
        #expect(loaded.warnings.count { "\($0)".contains("systemd hands backend over") } == 1, "\(loaded.warnings)")
        #expect(!loaded.report().contains("cannot be read"), "\(loaded.report())")
        // What is wrong in any case stays so.
        let wrong = try SettingsFixture(SettingsTests.least.replacing("credentials/backend-token", with: "credential:../shadow"))
        #expect(throws: SettingsFailure.self) { try Settings.load(file: wrong.path, environment: [:], isTrial: true) }
    }

    @Test func `an unknown variable names the nearest, those of others are left alone`() throws {
        let found = try problems(
            SettingsTests.least,
            environment: [
                "READERD_LAN_PROT": "1", "READERD_LANES_TILL_1_READER": "x", "READERD_SOCKET": "/x", "READERD_CONFIG": "/y",
                "READERD_TEST_SEED": "5", "READER": "z",
            ])
        #expect(found.count == 2)
        #expect(found.contains("READERD_LAN_PROT: there is no such setting; the nearest is READERD_LAN_PORT"))
        #expect(found.contains { $0.hasPrefix("READERD_LANES_TILL_1_READER: lanes and readers are named in the settings file") })
    }

    @Test func `a wrong value names the variable or the flag that it came from`() throws {
        let found = try problems(
            SettingsTests.least, environment: ["READERD_LAN_PORT": "many"], overrides: [("lan.sweep", "perhaps"), ("nonsense", "1")])
        #expect(found.contains { $0.hasPrefix("READERD_LAN_PORT: lan.port: it must be a whole number") })
        #expect(found.contains { $0.hasPrefix("flag: lan.sweep: it must be true or false") })
        #expect(found.contains { $0.hasPrefix("flag: nonsense: there is no such setting") })
    }

    @Test func `a file that is not there, or not a file, or not TOML says so and nothing else`() throws {
        let file = try SettingsFixture("location = \"48\"\nbackend = [")
        for (path, word) in [
            (file.directory + "/none.toml", "No such file"), (file.directory, "it is not a file"), (file.path, "line 2"),
            ("/dev/zero", "it is not a file"),
        ] {
            #expect {
                try Settings.load(file: path, environment: [:])
            } throws: { error in
                guard let failure = error as? SettingsFailure else { return false }
                return failure.problems.count == 1 && failure.description.hasPrefix(path) && failure.description.contains(word)
            }
        }
    }

    @Test func `a NUL in the file is refused before it can shorten a value`() throws {
        #expect(try problems("location = \"4\\u00008\"") == ["line 1, column 14: it contains a NUL character"])
    }

    @Test func `a socket path that the kernel would cut is refused`() throws {
        #expect(try problem("socket.path = \"/\(String(repeating: "x", count: 107))\"").contains("longer than the 107 bytes"))
    }

    @Test(arguments: [("lan.prot", "lan.port", 1), ("", "abc", 3), ("same", "same", 0), ("kitten", "sitting", 3)])
    func `the distance of names counts changes`(left: String, right: String, changes: Int) {
        #expect(NearestName.distance(left, right) == changes)
        #expect(NearestName.distance(right, left) == changes)
    }

    @Test func `the nearest name is the first of those with the fewest changes, and a long name is told by its beginning`() {
        #expect(NearestName.of("lan.prot", among: ["log.level", "lan.port", "lan.part"]) == "lan.port")
        #expect(NearestName.of("abd", among: ["abc", "abe"]) == "abc")
        #expect(NearestName.of("lan.port" + String(repeating: "x", count: 5000), among: ["log.level", "lan.port"]) == "lan.port")
        #expect(NearestName.of("x", among: []) == nil)
    }
}

@Suite struct AccountTests {
    private let resolver = AccountResolver(user: { ["alice": 1000][$0] }, group: { ["tills": 50][$0] })

    @Test func `names and numbers become numbers`() {
        var problems: [SettingsProblem] = []
        let accounts = resolver.resolve(
            [.checkout: .init(users: ["alice", "7"], groups: ["tills"]), .monitor: .init(users: [], groups: ["0"])], &problems)
        #expect(accounts == [.checkout: .init(users: [1000, 7], groups: [50]), .monitor: .init(users: [], groups: [0])])
        #expect(resolver.groupNumber("tills", &problems) == 50)
        #expect(problems.isEmpty)
    }

    @Test func `every name that is not known is told, and costs its bearers their role and nobody else`() {
        var problems: [SettingsProblem] = []
        let accounts = resolver.resolve(
            [.checkout: .init(users: ["bob", "alice", "-1"], groups: ["4294967295"]), .technician: .init(users: [], groups: ["alice"])],
            &problems)
        #expect(accounts == [.checkout: .init(users: [1000], groups: []), .technician: .init(users: [], groups: [])])
        let told = problems.map(\.description)
        #expect(told.count == 4)
        #expect(told.first?.hasPrefix("roles.checkout.users: there is no user bob on this machine, so nobody has a role by it") == true)
        #expect(told.last?.contains("roles.technician.groups: there is no group alice") == true)
        #expect(told.last?.contains("sudo addgroup --system alice") == true)
    }

    @Test func `this machine knows root and no user of a made-up name`() {
        var problems: [SettingsProblem] = []
        let root = AccountResolver.system.resolve([.technician: .init(users: ["root"], groups: ["root"])], &problems)
        #expect(root[.technician] == .init(users: [0], groups: [0]) && problems.isEmpty)
        _ = AccountResolver.system.resolve([.technician: .init(users: ["no-such-user-here"], groups: [])], &problems)
        #expect(AccountResolver.system.groupNumber("no-such-group-here", &problems) == nil)
        #expect(problems.count == 2)
    }
}
