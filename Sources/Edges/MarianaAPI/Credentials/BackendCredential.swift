import GatewayModel
import Moments

/// What proves to the backend who is calling.
///
/// A failure of these calls says what to do about it. `.unavailable` always comes with `mayHaveActed: false`: the call that needed the token was
/// not sent.
package protocol BackendCredential: Sendable {
    /// The token to send now. May renew it, which takes a call of its own; gives up at `end`.
    func token(until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret

    /// The backend has answered 401 to this token. The token to try instead, or nil when there is no other.
    func replacement(for refused: Secret, until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret?

    /// The backend has taken this token for valid.
    func accepted(_ token: Secret) async

    /// What a technician should do when the backend refuses the token; a sentence.
    var remedy: String { get }

    /// Whether the credential was refused and its files have changed since then: worth another try. Looks at files only, and is cheap.
    func changedSinceRefusal() async -> Bool

    /// How long it is good for, as far as that can be known. Asks nobody.
    func lifetime() async -> CredentialLifetime

    /// Looks at the files again, as after SIGHUP.
    func reload() async

    /// Waits for a renewal that is under way, so that what it brings is not lost.
    func shutdown() async
}
