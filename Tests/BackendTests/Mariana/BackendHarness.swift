import FoundationEssentials
import GatewayModel
import MarianaAPI
import NIOHTTP1
import Testing
import WebCall

/// A credential whose token never changes.
struct FixedCredential: BackendCredential {
    var remedy: String { "fix it" }
    func token(until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret { Secret("fixed-token-1") }
    func replacement(for refused: Secret, until end: ContinuousClock.Instant) async throws(CallFailure) -> Secret? { nil }
    func accepted(_ token: Secret) async {}
    func changedSinceRefusal() async -> Bool { false }
    func reload() async {}
    func shutdown() async {}
}

/// A scripted backend and a client of it.
struct BackendHarness: Sendable {
    let harness: Harness
    let client: MarianaClient

    static func run(script: @escaping ScriptedServer.Script, _ body: (BackendHarness) async throws -> Void) async throws {
        try await Harness.run(script: script) { harness in
            try await body(
                BackendHarness(
                    harness: harness, client: MarianaClient(base: harness.base, credential: FixedCredential(), web: harness.web)))
        }
    }

    /// The one request that came: its path, and its body as JSON.
    func onlyRequest() throws -> (path: String, body: JSONTree) {
        #expect(harness.server.received.count == 1)
        let received = try #require(harness.server.received.first)
        #expect(received.method == "POST")
        #expect(received.headers.first(name: "content-type") == "application/json")
        #expect(received.headers.first(name: "accept") == "application/json")
        #expect(received.headers.first(name: "authorization") == "Bearer fixed-token-1")
        #expect(received.headers.first(name: "x-request-id") == "pay-1.7")
        return (received.uri, try JSONDecoder().decode(JSONTree.self, from: Data(received.body.utf8)))
    }
}

/// JSON as it stands on the wire, so that a number is told from a string of digits.
indirect enum JSONTree: Decodable, Equatable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
    case text(String)
    case object([String: JSONTree])
    case other

    init(stringLiteral value: String) { self = .text(value) }
    init(dictionaryLiteral elements: (String, JSONTree)...) { self = .object(Dictionary(uniqueKeysWithValues: elements)) }

    init(from decoder: any Decoder) throws {
        do {
            self = .object(try [String: JSONTree](from: decoder))
        } catch DecodingError.typeMismatch {
            do {
                self = .text(try decoder.singleValueContainer().decode(String.self))
            } catch DecodingError.typeMismatch {
                self = .other
            }
        }
    }
}
