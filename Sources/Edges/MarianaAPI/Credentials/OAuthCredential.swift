import GatewayModel
import Moments
import Synchronization
import WebCall

/// An OAuth access token that is renewed with a refresh token, which may be single-use.
///
/// The access token lives in memory. A new refresh token is on disk before it is used. A call that needs a token while it is being renewed
/// waits for that one renewal. When the answer to a renewal is lost, the old refresh token is tried once more. When it is refused, every
/// call fails with the remedy, until a file has changed.
package final class OAuthCredential: BackendCredential {
    struct Access: Sendable {
        var token: Secret
        var minted: ContinuousClock.Instant
        /// The time of the next renewal, somewhat before the token's end. Nil means that only a 401 causes one.
        var renewAt: ContinuousClock.Instant?
        var expires: ContinuousClock.Instant?
        /// The backend has taken this token at least once.
        var isProven = false
    }

    /// The states of the refresh token's file and of the client secret's.
    struct Files: Sendable, Equatable {
        var refresh: SecretFile.Signature?
        var client: SecretFile.Signature?
    }

    private struct Refusal: Sendable {
        var detail: String
        var files: Files
    }

    private struct State {
        var access: Access?
        var refusal: Refusal?
        /// A refresh token that could not be saved yet, and the file in whose place it belongs.
        var unsaved: (token: Secret, inPlaceOf: SecretFile.Signature?)?
        /// The time of the next try after a renewal ahead of time failed.
        var notBefore: ContinuousClock.Instant?
        /// The state of the files when they were last read or written.
        var files: Files?
    }

    /// The least age of a token that is replaced when it is refused. A younger one would only be followed by another that is refused, and
    /// each would spend a refresh token.
    private static let tooYoungToReplace = Duration.seconds(60)
    private static let pauseAfterFailure = Duration.seconds(10)

    private let settings: OAuthSettings
    private let refresh: OAuthRefresh
    private let refreshFile: SecretFile
    private let clientFile: SecretFile
    private let state = Mutex(State())
    private let renewal = SharedWork<Secret>()
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter now: the clock by which tokens end.
    package init(
        settings: OAuthSettings, web: WebClient, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.now = now
        self.settings = settings
        refresh = OAuthRefresh(settings: settings, web: web)
        refreshFile = SecretFile(path: settings.refreshTokenFile, what: "the OAuth refresh token")
        clientFile = SecretFile(path: settings.clientSecretFile, what: "the OAuth client secret")
    }

    package var remedy: String {
        "log in to the backend again and put the new refresh token into \(settings.refreshTokenFile); readerd reads the file again by itself"
    }

    package func token(until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret {
        let now = now()
        let (access, mayTry) = state.withLock { ($0.access, $0.notBefore.map { $0 <= now } ?? true) }
        guard let access else { return try await renew(until: end) }
        let isGood = access.expires.map { now < $0 } ?? true
        if isGood, access.renewAt.map({ now < $0 }) ?? true { return access.token }
        if isGood, !mayTry { return access.token }
        do {
            return try await renew(until: end)
        } catch {
            guard isGood else { throw error }
            // There was time left: the old token serves, and the next try comes after a pause.
            state.withLock { $0.notBefore = now + Self.pauseAfterFailure }
            return access.token
        }
    }

    package func replacement(for refused: Secret, until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret? {
        enum Step { case take(Secret), stop, renew }
        let step: Step = state.withLock { state in
            guard let access = state.access else { return .renew }
            if access.token != refused { return .take(access.token) }
            if !access.isProven, access.minted.duration(to: now()) < Self.tooYoungToReplace { return .stop }
            state.access = nil
            return .renew
        }
        switch step {
        case .take(let token): return token
        case .stop: return nil
        case .renew: return try await renew(until: end)
        }
    }

    package func accepted(_ token: Secret) async {
        state.withLock { if $0.access?.token == token { $0.access?.isProven = true } }
    }

    package func lifetime() async -> CredentialLifetime {
        let now = now()
        return .renewed(accessEndsIn: state.withLock { $0.access?.expires }.map { max(.zero, now.duration(to: $0)) })
    }

    package func changedSinceRefusal() async -> Bool {
        guard let refusal = state.withLock({ $0.refusal }) else { return false }
        return currentFiles != refusal.files
    }

    package func reload() async {
        let files = currentFiles
        state.withLock { state in
            state.refusal = nil
            state.notBefore = nil
            // The operator has put a new token there, so the access token that came from the old one is dropped.
            if let known = state.files, known != files { state.access = nil }
        }
    }

    package func shutdown() async {
        await renewal.finish()
    }

    private var currentFiles: Files {
        Files(refresh: refreshFile.signature(), client: clientFile.signature())
    }

    private func renew(until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret {
        if let refusal = state.withLock({ $0.refusal }) {
            guard currentFiles != refusal.files else { throw .unauthorized(detail: refusal.detail) }
            state.withLock { $0.refusal = nil }
        }
        guard let outcome = await renewal.outcome(until: end, of: { await self.renewNow() }) else {
            throw .unavailable(detail: "o/token: no new access token from \(settings.tokenBase.place) in time", mayHaveActed: false)
        }
        return try outcome.get()
    }

    /// Runs the one renewal that is under way.
    private func renewNow() async -> Result<Secret, CallFailure> {
        do {
            return .success(try await renewFromFiles())
        } catch {
            return .failure(error)
        }
    }

    private func renewFromFiles() async throws(CallFailure) -> Secret {
        let client = try clientFile.read()
        var stored = try refreshFile.read()
        if let unsaved = state.withLock({ $0.unsaved }) {
            if unsaved.inPlaceOf == stored.signature {
                try save(unsaved.token, in: try place(), inPlaceOf: stored.signature)
                stored = try refreshFile.read()
            } else {
                // A person has put another token there meanwhile, and that one counts.
                state.withLock { $0.unsaved = nil }
            }
        }
        let files = Files(refresh: stored.signature, client: client.signature)
        state.withLock { $0.files = files }
        // The agent finds out whether a new refresh token can be kept before it spends the old one.
        let place = try place()

        var result = await refresh.run(refreshToken: stored.secret, clientSecret: client.secret)
        var lost = ""
        if case .lost(let detail) = result {
            lost = " (the answer to the renewal before was lost, so that token may be spent: \(detail))"
            result = await refresh.run(refreshToken: stored.secret, clientSecret: client.secret)
        }
        switch result {
        case .granted(let grant):
            let access = access(of: grant)
            state.withLock { state in
                state.access = access
                state.notBefore = nil
                state.refusal = nil
            }
            // A person who replaced the file meanwhile has logged in anew, so that token stays.
            if let new = grant.refresh, new != stored.secret, refreshFile.signature() == stored.signature {
                do {
                    try save(new, in: place, inPlaceOf: stored.signature)
                } catch {
                    // The access token is good and serves while it lasts; before the next renewal the refresh token must be on disk.
                    state.withLock { $0.unsaved = (new, stored.signature) }
                }
            }
            return grant.access
        case .refused(let detail):
            let sentence = "\(detail)\(lost); \(remedy)"
            state.withLock { $0.refusal = Refusal(detail: sentence, files: files) }
            throw .unauthorized(detail: sentence)
        case .notNow(let detail), .lost(let detail):
            throw .unavailable(detail: detail, mayHaveActed: false)
        }
    }

    private func access(of grant: OAuthRefresh.Grant) -> Access {
        let now = now()
        return Access(
            token: grant.access, minted: now,
            renewAt: grant.lifetime.map { now + $0 - min(.seconds(60), $0 / 4) }, expires: grant.lifetime.map { now + $0 })
    }

    private func place() throws(CallFailure) -> AtomicFile {
        do {
            return try AtomicFile(replacing: settings.refreshTokenFile)
        } catch {
            throw .unauthorized(
                detail:
                    "a new refresh token could not be kept, so none was asked for: \(error.reason); make room, and let readerd write there")
        }
    }

    private func save(_ token: Secret, in place: AtomicFile, inPlaceOf old: SecretFile.Signature) throws(CallFailure) {
        do {
            try place.commit(Array("\(token.reveal())\n".utf8))
        } catch {
            throw .unauthorized(
                detail: "the new refresh token could not be saved: \(error.reason); make room, and let readerd write there")
        }
        let files = currentFiles
        state.withLock { state in
            state.unsaved = nil
            state.files = files
        }
    }
}
