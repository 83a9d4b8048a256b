import FoundationEssentials
import GatewayCore
import WebCall

/// The backend: Mariana Tek's Stripe Integration API v1.0.0, its ten calls.
///
/// Every call is made once, but for a 401: then it is repeated once if the credential has another token. `trace` goes out as `X-Request-Id`;
/// `deadline` is for the whole call, a renewal of the token included. Errors are named by the call's path, `connection_token`.
package struct MarianaClient: Sendable {
    private let base: WebBase
    private let credential: any BackendCredential
    private let web: WebClient

    /// - Parameter base: `https://{tenant}.marianatek.com`.
    package init(base: WebBase, credential: any BackendCredential, web: WebClient) {
        self.base = base
        self.credential = credential
        self.web = web
    }

    /// Sends one call and reads its answer.
    func ask<Answer: Decodable>(
        _ name: String, _ body: some Encodable, trace: String, deadline: Duration, as type: Answer.Type = Answer.self
    ) async throws(CallFailure) -> Answer {
        let answer = try await send(name, body, trace: trace, deadline: deadline)
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(answer.body))
        } catch {
            throw .invalidAnswer(detail: "\(name): \(Self.problem(error))")
        }
    }

    /// Sends one call that answers 204, without a body.
    func tell(_ name: String, _ body: some Encodable, trace: String, deadline: Duration) async throws(CallFailure) {
        _ = try await send(name, body, trace: trace, deadline: deadline)
    }

    private func send(_ name: String, _ body: some Encodable, trace: String, deadline: Duration) async throws(CallFailure) -> WebAnswer {
        let end = ContinuousClock.now + deadline
        let bytes: [UInt8]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            bytes = Array(try encoder.encode(body))
        } catch {
            throw .rejected(status: 0, detail: "\(name): the request cannot be written as JSON")
        }
        let token = try await credential.token(until: end)
        do {
            return try await once(name, bytes, token: token, trace: trace, end: end)
        } catch {
            guard case .unauthorized(let detail) = error else { throw error }
            guard let other = try await credential.replacement(for: token, until: end), other != token else {
                throw .unauthorized(detail: "\(detail); \(credential.remedy)")
            }
            do {
                return try await once(name, bytes, token: other, trace: trace, end: end)
            } catch {
                guard case .unauthorized(let detail) = error else { throw error }
                throw .unauthorized(detail: "\(detail); \(credential.remedy)")
            }
        }
    }

    private func once(
        _ name: String, _ body: [UInt8], token: Secret, trace: String, end: ContinuousClock.Instant
    ) async throws(CallFailure) -> WebAnswer {
        var request = WebRequest(
            name: name, method: .post, base: base, path: "/api/stripe/v1/\(name)/", deadline: ContinuousClock.now.duration(to: end))
        request.headers = [.init("Authorization", .bearer(token)), .init("Content-Type", .text("application/json"))]
        request.body = .init(body)
        request.trace = trace
        do {
            let answer = try await web.send(request)
            await credential.accepted(token)
            return answer
        } catch {
            switch error {
            // Answers of a backend that knows who is asking.
            case .forbidden, .rejected, .invalidAnswer: await credential.accepted(token)
            case .unauthorized, .unavailable: break
            }
            throw error
        }
    }

    /// What is wrong with an answer, without a word of the answer itself: it may hold secrets.
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
