import JSON
import FoundationEssentials
import GatewayModel
import Moments
import WebCall

/// The backend: Mariana Tek's Stripe Integration API v1.0.0, its ten calls.
///
/// A call that moves something is made once, and a question until it is answered. A single 401 does not mark the credential as refused: the
/// call is repeated with the credential's other token, or a moment later with the same. `trace` goes out as `X-Request-Id`. `deadline` is
/// for the whole call, a renewal of the token included. Errors are named by the call's path, `connection_token`.
package struct MarianaClient: Sendable {
    /// The pause before a call that was answered 401 is made again with the same token. A backend whose parts disagree for a moment agrees
    /// by then.
    private static let reflection = Duration.milliseconds(400)

    private let base: WebBase
    private let credential: any BackendCredential
    private let web: WebClient
    private var urgency = Urgency.prepares

    /// - Parameter base: the address `https://{tenant}.marianatek.com`.
    package init(base: WebBase, credential: any BackendCredential, web: WebClient) {
        self.base = base
        self.credential = credential
        self.web = web
    }

    /// The same client for calls of another urgency.
    package func with(_ urgency: Urgency) -> MarianaClient {
        var other = self
        other.urgency = urgency
        return other
    }

    /// Sends one call and reads its answer.
    func ask<Answer: Decodable>(
        _ name: String, _ body: some Encodable, repeats: Repeats = .never, trace: String, deadline: Duration,
        as type: Answer.Type = Answer.self
    ) async throws(CallFailure) -> Answer {
        let answer = try await send(name, body, repeats, trace: trace, deadline: deadline)
        do {
            return try JSONParser.parse(answer.body).decoded()
        } catch {
            throw .invalidAnswer(detail: "\(name): \(Self.problem(error))")
        }
    }

    /// Sends one call whose answer is a 204 without a body.
    func tell(_ name: String, _ body: some Encodable, trace: String, deadline: Duration) async throws(CallFailure) {
        _ = try await send(name, body, .never, trace: trace, deadline: deadline)
    }

    private func send(
        _ name: String, _ body: some Encodable, _ repeats: Repeats, trace: String, deadline: Duration
    ) async throws(CallFailure) -> WebAnswer {
        let end = ContinuousClock.now + deadline
        let bytes: [UInt8]
        do {
            bytes = try JSONValue(encoding: body).bytes()
        } catch {
            throw .rejected(status: 0, detail: "\(name): the request cannot be written as JSON")
        }
        let token = try await credential.token(until: end)
        do {
            return try await once(name, bytes, repeats, token: token, trace: trace, end: end)
        } catch {
            guard case .unauthorized(let detail) = error else { throw error }
            var other = try await credential.replacement(for: token, until: end) ?? token
            if other == token {
                do {
                    try await Task.sleep(until: min(.now + Self.reflection, end), clock: .continuous)
                } catch {
                    throw .unauthorized(detail: "\(detail); \(credential.remedy)")
                }
                other = try await credential.token(until: end)
            }
            do {
                return try await once(name, bytes, repeats, token: other, trace: trace, end: end)
            } catch {
                guard case .unauthorized(let detail) = error else { throw error }
                throw .unauthorized(detail: "\(detail); \(credential.remedy)")
            }
        }
    }

    private func once(
        _ name: String, _ body: [UInt8], _ repeats: Repeats, token: Secret, trace: String, end: ContinuousClock.Instant
    ) async throws(CallFailure) -> WebAnswer {
        var request = WebRequest(
            name: name, method: .post, base: base, path: "/api/stripe/v1/\(name)/", deadline: ContinuousClock.now.duration(to: end))
        request.headers = [.init("Authorization", .bearer(token)), .init("Content-Type", .text("application/json"))]
        request.body = .init(body)
        request.trace = trace
        request.repeats = repeats
        request.urgency = urgency
        do {
            let answer = try await web.send(request)
            await credential.accepted(token)
            return answer
        } catch {
            switch error {
            // These are answers of a backend that knows the caller.
            case .forbidden, .rejected, .invalidAnswer: await credential.accepted(token)
            case .unauthorized, .unavailable, .overloaded: break
            }
            if case .rejected(404, let detail) = error, !base.prefix.isEmpty {
                throw .rejected(status: 404, detail: "\(detail); \(TransportWords.hasPath)\(base.prefix)")
            }
            throw error
        }
    }

    /// What is wrong with an answer. The text holds no word of the answer itself, which may hold secrets.
    private static func problem(_ error: any Error) -> String {
        func field(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the answer" : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            return "\(field(context.codingPath)) has not the form that it should have"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "\(field(context.codingPath)) has not the form that it should have"
        default: return "the answer is not JSON"
        }
    }
}
