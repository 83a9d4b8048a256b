package import CheckoutAPI
package import WebCall

/// Where readerd runs and what its settings say, as far as checks need it. It holds no secret.
package struct Place: Sendable {
    package struct Members: Sendable {
        package var users: [String]
        package var groups: [String]

        package init(users: [String], groups: [String]) {
            self.users = users
            self.groups = groups
        }
    }

    package struct SecretFile: Sendable {
        /// The file's content in words: "the backend's access token".
        package var what: String
        package var path: String

        package init(what: String, path: String) {
            self.what = what
            self.path = path
        }

        /// The path where an operator puts it: systemd's copy can be neither written nor found again.
        var operatorPath: String {
            path.hasPrefix("/run/credentials/") ? "/etc/readerd/credentials/" + (path.split(separator: "/").last ?? "backend-token") : path
        }
    }

    package var settingsFile: String
    package var stateDirectory: String
    package var socketPath: String
    package var secretFiles: [SecretFile]
    package var roles: [Role: Members]
    package var backend: WebBase
    package var stripe: WebBase
    /// The port on which readers answer.
    package var readerPort: Int
    /// Whether readerd looks for readers on the LAN by itself: only then does it mean something that none was seen.
    package var looksAtLAN: Bool
    package var environment: [String: String]
    /// The path before `/sys`, `/proc` and `/etc`: empty, but in tests.
    package var root: String

    package init(
        settingsFile: String, stateDirectory: String, socketPath: String, secretFiles: [SecretFile], roles: [Role: Members],
        backend: WebBase, stripe: WebBase, readerPort: Int, looksAtLAN: Bool = true, environment: [String: String], root: String = ""
    ) {
        self.settingsFile = settingsFile
        self.stateDirectory = stateDirectory
        self.socketPath = socketPath
        self.secretFiles = secretFiles
        self.roles = roles
        self.backend = backend
        self.stripe = stripe
        self.readerPort = readerPort
        self.looksAtLAN = looksAtLAN
        self.environment = environment
        self.root = root
    }
}
