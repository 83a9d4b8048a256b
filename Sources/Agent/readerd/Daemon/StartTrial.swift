import CheckoutAPI
import CheckoutServer
import Glibc
import MarianaAPI
import ReaderLinks
import WebCall

/// What a start makes of the settings before it opens anything: the same for `readerd --check-config`, so that what it says is what happens.
struct StartTrial {
    let roles: RolePolicy
    /// The socket's group; nil for readerd's own.
    let socketGroup: UInt32?
    /// What costs a role or a token, and not the start.
    let problems: [SettingsProblem]

    /// - Throws: what the start would end with.
    init(_ settings: Settings, accounts: AccountResolver = .system) throws(StartFailure) {
        var problems: [SettingsProblem] = []
        let members = accounts.resolve(settings.roles, &problems)
        roles = RolePolicy(members: members.mapValues { RolePolicy.Members(users: $0.users, groups: $0.groups) }, daemonUser: getuid())
        socketGroup = settings.socket.group.flatMap { accounts.groupNumber($0, &problems) }
        if let path = settings.trustRoots {
            do throws(TrustRoots.Problem) {
                try TrustRoots.check(path)
            } catch {
                throw StartFailure(
                    description: "trust_roots: \(error). Put the file back, or take trust_roots out of the settings.", exitCode: 78)
            }
        }
        self.problems = problems
    }

    /// What is wrong with the files that hold secrets, as an operator would look at them: nobody is asked whether they are valid.
    static func secrets(_ settings: Settings) -> [SettingsProblem] {
        let files: [(key: String, path: String, what: String)] =
            switch settings.backend.credential {
            case .tokenFile(let path): [("backend.token_file", path, "the backend's access token")]
            case .oauth(let oauth):
                [
                    ("backend.oauth.client_secret_file", oauth.clientSecretFile, "the backend's client secret"),
                    ("backend.oauth.refresh_token_file", oauth.refreshTokenFile, "the backend's refresh token"),
                ]
            }
        return files.compactMap { file in
            let isCopy = file.path.hasPrefix("/run/credentials/") && access(file.path, F_OK) != 0
            let path = isCopy ? "/etc/readerd/credentials/" + (file.path.split(separator: "/").last ?? "backend-token") : file.path
            // Who may not look cannot say; root can, and the service does.
            guard access(path, R_OK) == 0 || errno == ENOENT else { return nil }
            return SecretFileCheck.problem(in: path, what: file.what).map { SettingsProblem(origin: nil, key: file.key, message: $0) }
        }
    }
}
