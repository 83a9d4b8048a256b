import TextSafety
import JSON
import FoundationEssentials
import GatewayModel
import Moments
import WebCall

/// The two calls to Stripe that the holder of a connection token, or of a client secret, may make. Neither changes anything.
package struct StripeClient: Sendable {
    /// Stripe's address.
    package static let address = "https://api.stripe.com"
    /// The most pages that are asked for. One page holds up to 100 readers.
    private static let maximumPages = 50

    private let base: WebBase
    private let web: WebClient
    private var urgency = Urgency.prepares

    package init(base: WebBase, web: WebClient) {
        self.base = base
        self.web = web
    }

    /// The same client for calls of another urgency.
    package func with(_ urgency: Urgency) -> StripeClient {
        var other = self
        other.urgency = urgency
        return other
    }

    /// Lists the readers that this token may connect to. Listing does not spend the token (reader-protocol, section 7).
    ///
    /// - Parameter location: Stripe's own id. Stripe is then asked for its readers only.
    package func listReaders(
        token: ConnectionToken, location: String? = nil, trace: String, deadline: Duration
    ) async throws(CallFailure) -> StripeReaderList {
        let name = "terminal/readers"
        let end = ContinuousClock.now + deadline
        var readers: [StripeReader] = []
        var seen: Set<ReaderID> = []
        var after: ReaderID?
        for _ in 0..<Self.maximumPages {
            var request = WebRequest(
                name: name, method: .get, base: base, path: "/v1/terminal/readers", deadline: ContinuousClock.now.duration(to: end))
            request.query = [.init("limit", Secret("100"))]
            if let location { request.query.append(.init("location", Secret(location))) }
            if let after { request.query.append(.init("starting_after", Secret(after.text))) }
            let page: ReaderPage
            do {
                page = try await ask(request, as: ReaderPage.self, token: token.secret, trace: trace)
            } catch {
                // The pages that were read are worth having: a shop's own readers may be among them.
                switch error {
                case .unavailable, .overloaded: break
                case .unauthorized, .forbidden, .rejected, .invalidAnswer: throw error
                }
                guard !readers.isEmpty else { throw error }
                return StripeReaderList(readers, isWhole: false)
            }
            guard let entries = page.data else { throw .invalidAnswer(detail: "\(name): the answer has no data") }
            let fresh = entries.compactMap(\.reader).filter { seen.insert($0.id).inserted }
            readers += fresh
            // A page that brings nothing new would be asked for again and again.
            guard page.hasMore == true else { return StripeReaderList(readers) }
            guard let last = fresh.last else { break }
            after = last.id
        }
        return StripeReaderList(readers, isWhole: false)
    }

    /// Reads an intent as its client secret shows it. The address of this call carries that secret: it is in no error and in no log.
    package func readIntent(
        id: IntentID, key: PublishableKey, secret: ClientSecret, trace: String, deadline: Duration
    ) async throws(CallFailure) -> IntentFacts {
        let name = "payment_intents"
        var request = WebRequest(
            name: name, method: .get, base: base, path: "/v1/payment_intents/\(id.text.percentEncoded)", deadline: deadline)
        request.query = [.init("client_secret", secret.secret)]
        let intent = try await ask(request, as: IntentBody.self, token: Secret(key.text), trace: trace)
        guard let found = intent.id, !found.isEmpty else { throw .invalidAnswer(detail: "\(name): the answer has no id") }
        guard found == id.text else { throw .invalidAnswer(detail: "\(name): the answer is about another intent than \(id.text)") }
        guard let status = intent.status, !status.isEmpty else { throw .invalidAnswer(detail: "\(name): the answer has no status") }
        guard let amount = intent.amount?.value else { throw .invalidAnswer(detail: "\(name): the answer has no amount") }
        guard amount >= 0 else { throw .invalidAnswer(detail: "\(name): amount is negative in the answer") }
        // A larger amount is beyond what any customer pays, and is not calculated with.
        guard amount <= MinorUnits.largest else { throw .invalidAnswer(detail: "\(name): amount is too large in the answer") }
        guard let currency = intent.currency.flatMap({ Currency($0) }) else {
            throw .invalidAnswer(detail: "\(name): the answer has no currency of three letters")
        }
        return IntentFacts(
            id: id, status: IntentStatus(wire: Shown.name(status)), amountMinor: amount, currency: currency)
    }

    private func ask<Answer: Decodable>(
        _ request: WebRequest, as type: Answer.Type, token: Secret, trace: String
    ) async throws(CallFailure) -> Answer {
        var request = request
        request.headers = [.init("Authorization", .bearer(token))]
        request.trace = trace
        request.repeats = .question
        request.urgency = urgency
        request.explain = StripeError.sentence
        let answer = try await web.send(request)
        do {
            return try JSONParser.parse(answer.body).decoded()
        } catch {
            throw .invalidAnswer(detail: "\(request.name): \(Self.problem(error))")
        }
    }

    /// What is wrong with an answer. The text holds no word of the answer itself, which may hold secrets.
    private static func problem(_ error: any Error) -> String {
        let path: [any CodingKey] =
            switch error {
            case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
                DecodingError.dataCorrupted(let context):
                context.codingPath
            default: []
            }
        guard !path.isEmpty else { return "the answer is not the JSON that it should be" }
        let field = path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        return "\(field) has not the form that it should have"
    }
}
