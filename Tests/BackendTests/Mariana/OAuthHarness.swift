import FoundationEssentials
import GatewayModel
import Moments
import MarianaAPI
import NIOConcurrencyHelpers
import NIOHTTP1
import TestSupport
import Testing

/// A scripted token endpoint with single-use refresh tokens, and a backend that takes what it hands out.
struct OAuthHarness: Sendable {
    let harness: Harness
    let credential: OAuthCredential
    let client: MarianaClient
    let endpoint: Endpoint
    let clock: ManualClock

    var folder: TemporaryDirectory { harness.folder }
    /// The refresh token that is on disk.
    var stored: String { get throws { try folder.read("refresh") } }

    /// What the token endpoint does; counts from 1.
    final class Endpoint: Sendable {
        enum Behaviour: Sendable {
            case grant
            /// The refresh token is spent, the answer is lost.
            case spendAndCut
            /// The answer is lost before anything happened.
            case cut
            /// A whole answer of this status.
            case status(Int, String)
            /// A grant with these members.
            case answer(String)
        }

        struct State: Sendable {
            var refreshes = 0
            /// The refresh token that is taken next.
            var current = "refresh-0"
            var access: Set<String> = []
            var plan: [Behaviour] = []
            var lifetime: String? = "36000"
            var rotates = true
            var forms: [String] = []
        }

        let state = NIOLockedValueBox(State())
        /// Refreshes wait here until it is opened.
        let gate = Gate()

        func plan(_ behaviours: Behaviour...) { state.withLockedValue { $0.plan += behaviours } }
        func change(_ change: (inout State) -> Void) { state.withLockedValue { change(&$0) } }
        var refreshes: Int { state.withLockedValue { $0.refreshes } }
        var forms: [String] { state.withLockedValue { $0.forms } }

        func reply(to received: ScriptedServer.Received) async -> ScriptedServer.Reply {
            guard received.uri == "/o/token/" else {
                let bearer = received.headers.first(name: "authorization")?.dropFirst("Bearer ".count) ?? ""
                let isKnown = state.withLockedValue { $0.access.contains(String(bearer)) }
                return isKnown ? .answer(200, #"{"status": "Open"}"#) : .answer(401, "expired")
            }
            await gate.pass()
            return state.withLockedValue { state in
                state.refreshes += 1
                state.forms.append(received.body)
                let behaviour = state.plan.isEmpty ? .grant : state.plan.removeFirst()
                switch behaviour {
                case .cut: return .bytesThenCut("")
                case .status(let status, let body): return .answer(status, body)
                case .answer(let body): return .answer(200, body)
                case .grant, .spendAndCut: break
                }
                guard received.body.contains("refresh_token=\(state.current)&") else { return .answer(400, #"{"error": "invalid_grant"}"#) }
                if state.rotates { state.current = "refresh-\(state.refreshes)" }
                if case .spendAndCut = behaviour { return .bytesThenCut("") }
                let access = "access-\(state.refreshes)"
                state.access.insert(access)
                let lifetime = state.lifetime.map { #", "expires_in": \#($0)"# } ?? ""
                return .answer(
                    200, #"{"access_token": "\#(access)", "refresh_token": "\#(state.current)", "token_type": "Bearer"\#(lifetime)}"#)
            }
        }
    }

    static func run(_ body: (OAuthHarness) async throws -> Void) async throws {
        let endpoint = Endpoint()
        try await Harness.run(script: { await endpoint.reply(to: $0) }) { harness in
            try harness.folder.write("refresh", "refresh-0\n")
            try harness.folder.write("client", "client-secret-&1")
            let settings = try OAuthSettings(
                tokenURL: "\(harness.base)/o/token/", clientID: "id 1", clientSecretFile: harness.folder.path + "/client",
                refreshTokenFile: harness.folder.path + "/refresh", timeLimit: .seconds(300))
            let clock = ManualClock()
            let credential = OAuthCredential(settings: settings, web: harness.web, now: { clock.now })
            let client = MarianaClient(base: harness.base, credential: credential, web: harness.web)
            try await body(OAuthHarness(harness: harness, credential: credential, client: client, endpoint: endpoint, clock: clock))
            await credential.shutdown()
        }
    }

    func status(deadline: Duration = .seconds(300)) async throws(CallFailure) -> CartStatus {
        try await client.paymentStatus(cart: CartID(unchecked: "1"), trace: "pay-1.7", deadline: deadline)
    }

    /// The failure of a call.
    func failedStatus(deadline: Duration = .seconds(300)) async throws -> CallFailure {
        try await failure { () async throws(CallFailure) in try await status(deadline: deadline) }
    }
}

/// A clock that goes forward when it is told to.
final class ManualClock: Sendable {
    private let time = NIOLockedValueBox(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLockedValue { $0 } }
    func advance(by duration: Duration) { time.withLockedValue { $0 += duration } }
}

/// Open at first; once closed, whoever comes waits until it is opened.
final class Gate: Sendable {
    private struct State {
        var isOpen = true
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    func close() { state.withLockedValue { $0.isOpen = false } }

    func open() {
        let waiting = state.withLockedValue { state in
            defer { state.waiting = [] }
            state.isOpen = true
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLockedValue { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    var waitingCount: Int { state.withLockedValue { $0.waiting.count } }
}
