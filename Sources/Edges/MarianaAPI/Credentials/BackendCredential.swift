import GatewayModel
import Moments

/// Proves to the backend who is calling.
///
/// A failure of these calls says what to do about it. `.unavailable` always comes with `mayHaveActed: false`: the call that needed the
/// token was not sent.
package protocol BackendCredential: Sendable {
    /// The token to send now. It may have to be renewed first, which takes a call of its own. The wait ends at `end`.
    func token(until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret

    /// The token to try instead of one that the backend has answered with 401, or nil when there is no other.
    func replacement(for refused: Secret, until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret?

    /// Notes that the backend has taken this token for valid.
    func accepted(_ token: Secret) async

    /// What a technician should do when the backend refuses the token; a sentence.
    var remedy: String { get }

    /// Whether the credential was refused and its files have changed since then, so that another try is worth it. The check reads files
    /// only, and is cheap.
    func changedSinceRefusal() async -> Bool

    /// How long the credential is good for, as far as that can be known. No call is made for it.
    func lifetime() async -> CredentialLifetime

    /// Reads the files again, as after SIGHUP.
    func reload() async

    /// Waits for a renewal that is under way, so that what it brings is not lost.
    func shutdown() async
}
