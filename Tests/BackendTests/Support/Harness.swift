import GatewayModel
import NIOSSL
import TestSupport
import Testing
import WebCall

/// One authority, one server certificate and one client for most tests: reading the system's roots costs more than a test does.
struct SharedParts: Sendable {
    let identity: TLSConfiguration
    let web: WebClient

    private static let made = Result { try SharedParts() }

    static func get() throws -> SharedParts { try made.get() }

    private init() throws {
        let authority = try TestAuthority()
        identity = try authority.identity()
        web = try Harness.client(trusting: authority)
    }
}

/// A scripted server with a trusted certificate for `localhost`, and a client that trusts it.
struct Harness: Sendable {
    let server: ScriptedServer
    let web: WebClient
    let base: WebBase
    let folder: TemporaryDirectory

    /// Runs a test's body against a server, and takes the server down afterwards, whatever became of it.
    static func run(script: @escaping ScriptedServer.Script, _ body: (Harness) async throws -> Void) async throws {
        let parts = try SharedParts.get()
        try await run(identity: parts.identity, web: parts.web, script: script, body)
    }

    /// The same with a certificate of the test's own, and a client of its own that trusts one authority.
    static func run(
        identity: TLSConfiguration, trusting authority: TestAuthority, connectTimeout: Duration = .seconds(30),
        script: @escaping ScriptedServer.Script, _ body: (Harness) async throws -> Void
    ) async throws {
        let web = try client(trusting: authority, connectTimeout: connectTimeout)
        let outcome = await Outcome.of { try await run(identity: identity, web: web, script: script, body) }
        await web.shutdown()
        try outcome.get()
    }

    /// The same with a client of the test's own.
    static func runAlone(
        connectTimeout: Duration = .seconds(30), script: @escaping ScriptedServer.Script, _ body: (Harness) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        try await run(identity: authority.identity(), trusting: authority, connectTimeout: connectTimeout, script: script, body)
    }

    static func client(trusting authority: TestAuthority, connectTimeout: Duration = .seconds(30)) throws -> WebClient {
        let folder = try TemporaryDirectory()
        let web = try WebClient(trustRoots: folder.write("roots.pem", authority.pem()), connectTimeout: connectTimeout)
        try folder.remove()
        return web
    }

    private static func run(
        identity: TLSConfiguration, web: WebClient, script: @escaping ScriptedServer.Script, _ body: (Harness) async throws -> Void
    ) async throws {
        let folder = try TemporaryDirectory()
        let server = try await ScriptedServer.start(identity, script: script)
        let outcome = await Outcome.of {
            let base = try WebBase("https://localhost:\(server.port)")
            try await body(Harness(server: server, web: web, base: base, folder: folder))
        }
        try await server.stop()
        try folder.remove()
        try outcome.get()
    }

    /// A plain POST of `{}` with a bearer token.
    func request(_ path: String = "/api/things/", deadline: Duration = .seconds(30)) -> WebRequest {
        var request = WebRequest(name: "things", method: .post, base: base, path: path, deadline: deadline)
        request.headers = [.init("Authorization", .bearer(Secret("bearer-0123456789")))]
        request.body = .init(Array("{}".utf8))
        request.trace = "pay-1.1"
        return request
    }
}

/// The failure of a call that has to fail.
func failure<Value>(
    of call: () async throws(CallFailure) -> Value, _ location: SourceLocation = #_sourceLocation
) async throws -> CallFailure {
    do {
        _ = try await call()
    } catch {
        return error
    }
    throw Unexpected(location: location)
}

/// What became of a test's body, so that the test can tidy up before it tells.
enum Outcome {
    static func of(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

struct Unexpected: Error {
    var location: SourceLocation
}

extension CallFailure {
    /// For `.unavailable`: whether the request may have acted; else nil.
    var mayHaveActed: Bool? {
        if case .unavailable(_, let may) = self { may } else { nil }
    }

    var isUnauthorized: Bool { if case .unauthorized = self { true } else { false } }
    var isForbidden: Bool { if case .forbidden = self { true } else { false } }
    var isInvalidAnswer: Bool { if case .invalidAnswer = self { true } else { false } }
    var rejectedStatus: Int? { if case .rejected(let status, _) = self { status } else { nil } }
}
