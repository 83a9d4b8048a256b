import GatewayModel
import Moments
import Synchronization

/// The token of a service account, in a file. The file is read again when it changes and after a 401, so that a new token needs no restart.
package final class TokenFileCredential: BackendCredential {
    private struct State {
        var content: SecretFile.Content?
        /// The state of the file when the backend refused its token.
        var refused: SecretFile.Signature?
    }

    private let file: SecretFile
    private let state = Mutex(State())

    package init(path: String) {
        file = SecretFile(path: path, what: "the backend's access token")
    }

    package var remedy: String {
        "put a valid access token into \(file.place); readerd takes it up by itself"
    }

    package func token(until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret {
        let now = file.signature()
        let kept = state.withLock { $0.content }
        if let kept, let now, kept.signature == now { return kept.secret }
        return try read()
    }

    package func replacement(for refused: Secret, until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret? {
        // The file is read, and not only its signature: two writes of the same length within one tick of the file system's clock have the
        // same signature.
        let secret = try read()
        guard secret == refused else { return secret }
        state.withLock { $0.refused = $0.content?.signature }
        return nil
    }

    package func accepted(_ token: Secret) async {
        state.withLock { $0.refused = nil }
    }

    package func changedSinceRefusal() async -> Bool {
        guard let refused = state.withLock({ $0.refused }) else { return false }
        return file.signature() != refused
    }

    package func lifetime() async -> CredentialLifetime {
        do {
            return try TokenClaims.end(of: file.read().secret).map(CredentialLifetime.ends) ?? .notSaid
        } catch {
            // A fault of the file is another finding.
            return .notSaid
        }
    }

    package func reload() async {
        state.withLock { $0.content = nil }
    }

    package func shutdown() async {}

    private func read() throws(CallFailure) -> Secret {
        let content = try file.read()
        state.withLock { $0.content = content }
        return content.secret
    }
}
