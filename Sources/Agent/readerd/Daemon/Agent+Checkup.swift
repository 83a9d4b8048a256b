import CheckoutAPI
import Diagnostics
import FoundationEssentials
import Gateway
import GatewayCore
import GatewayModel
import MarianaAPI
import WebCall

extension Agent {
    /// The checks, told where to look. Of the backend they get one harmless question to ask, not the client that could ask others.
    static func checkup(_ settings: Settings, source: SettingsSource, edges: Edges, web: WebClient) -> Checkup {
        let (backend, location) = (edges.backend, edges.location)
        let deadline = min(settings.timeouts.backend.duration, .seconds(10))
        return Checkup(place: place(settings, source: source), web: web, lan: edges.lan) {
            do throws(CallFailure) {
                _ = try await backend.terminalReaders(location: location, trace: "agent.check", deadline: deadline)
                return .success(())
            } catch {
                return .failure(error)
            }
        } credentialLife: { [credential = edges.credential] in
            switch await credential.lifetime() {
            case .ends(let end): .ends(end)
            case .renewed(let left): .renewed(endsIn: left)
            case .notSaid: .notSaid
            }
        }
    }

    private static func place(_ settings: Settings, source: SettingsSource) -> Place {
        let secrets: [Place.SecretFile] =
            switch settings.backend.credential {
            case .tokenFile(let path): [.init(what: "the backend's access token", path: path)]
            case .oauth(let oauth):
                [
                    .init(what: "the backend's client secret", path: oauth.clientSecretFile),
                    .init(what: "the backend's refresh token", path: oauth.refreshTokenFile),
                ]
            }
        return Place(
            settingsFile: source.file, stateDirectory: settings.stateDirectory, socketPath: settings.socket.path, secretFiles: secrets,
            roles: settings.roles.mapValues { .init(users: $0.users, groups: $0.groups) }, backend: settings.backend.base,
            stripe: settings.stripe, readerPort: settings.lan.port, looksAtLAN: settings.lan.sweep || !settings.lan.addresses.isEmpty,
            environment: ProcessInfo.processInfo.environment)
    }
}
