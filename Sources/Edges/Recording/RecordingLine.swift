import JSON
import FoundationEssentials
import GatewayModel
import ReaderRPC
import WebCall

/// Makes a line of a recording from an exchange.
struct RecordingLine {
    var scrubber: Scrubber
    /// The backend's address, which tells the hosts apart.
    let backend: WebBase
    let stripe: WebBase

    private static let bodyLimit = 256 * 1024

    mutating func web(_ exchange: WebExchange) -> JSONObject {
        let request = exchange.request
        for header in request.headers {
            if case .bearer(let secret) = header.value { scrubber.learn(secret.reveal()) }
        }
        for secret in request.alsoSecret { scrubber.learn(secret.reveal()) }
        var asked: JSONObject = ["method": .string(request.method.rawValue), "path": .string(request.path)]
        if !request.query.isEmpty {
            var query: JSONObject = [:]
            for item in request.query { query[item.name] = .string(scrubber.clean(item.value.reveal(), key: item.name)) }
            asked["query"] = .object(query)
        }
        let peer = request.base == stripe ? "stripe" : request.base == backend && request.name != "o/token" ? "backend" : "other"
        // Calls to other hosts, which renew the backend's token, are made of secrets.
        if let body = request.body, peer != "other" { add(body.bytes, to: &asked) }
        var line: JSONObject = [
            "with": .string(peer),
            "call": .string(request.name), "took_ms": .integer(exchange.took.milliseconds), "request": .object(asked),
        ]
        if let trace = request.trace { line["trace"] = .string(scrubber.prose(trace)) }
        switch exchange.outcome {
        case .answer(let status, let body):
            var answer: JSONObject = ["status": .integer(status)]
            if !body.bytes.isEmpty { add(body.bytes, to: &answer) }
            line["answer"] = .object(answer)
        case .failure(let words, let sent): line["failure"] = failure(words, sent: sent)
        }
        return line
    }

    mutating func reader(_ id: ReaderID, _ exchange: ReaderExchange) -> JSONObject {
        var line: JSONObject = [
            "with": "reader", "reader": .string(id.text), "host": .string(exchange.authority),
            "took_ms": .integer(exchange.took.milliseconds),
        ]
        // The envelope is this program's own. One that cannot be read would be a mistake here, and is shown as such.
        if let envelope = decoded(exchange.request.bytes, as: Wire.RequestEnvelope.self) {
            line["call"] = .string(envelope.method)
            line["trace"] = .string(scrubber.prose(envelope.parentTraceID))
            line["request"] = .object([
                "session": .string(scrubber.clean(envelope.sessionToken, key: "session_token")), "message": content(envelope.content),
            ])
        } else {
            line["call"] = "unreadable"
        }
        switch exchange.outcome {
        case .answer(let status, let body):
            var answer: JSONObject = ["status": .integer(status)]
            if let envelope = decoded(body.bytes, as: Wire.ResponseEnvelope.self) {
                answer["rpc"] = envelope.rpcErrorCode.map { .string(Scrubber.word($0)) }
                answer["app"] = envelope.appErrorCode.map { .string(Scrubber.word($0)) }
                answer["error"] = envelope.error.map { .string(scrubber.prose($0)) }
                answer["message"] = envelope.content.map { content($0) }
            } else {
                add(body.bytes, to: &answer)
            }
            line["answer"] = .object(answer)
        case .failure(let problem): line["failure"] = failure(problem.words, sent: problem.mayHaveArrived)
        }
        return line
    }

    private func failure(_ words: String, sent: Bool) -> JSONValue {
        .object(["words": .string(scrubber.prose(words)), "sent": .bool(sent)])
    }

    private mutating func content(_ base64: String) -> JSONValue {
        guard let data = Data(base64Encoded: base64), let value = json(Array(data)) else {
            return .object(["unreadable": .integer(base64.utf8.count)])
        }
        return scrubber.clean(value)
    }

    /// A body as JSON, as a form, or as the words that can be shown of it.
    private mutating func add(_ bytes: [UInt8], to side: inout JSONObject) {
        if let value = json(bytes) {
            side["body"] = scrubber.clean(value)
        } else {
            side["text"] = .string(scrubber.prose(String(decoding: bytes.prefix(16 * 1024), as: UTF8.self)))
        }
    }

    private func decoded<Value: Decodable>(_ bytes: [UInt8], as type: Value.Type) -> Value? {
        do {
            return try json(bytes)?.decoded(as: type)
        } catch {
            // A text that is no such message is recorded as it is.
            return nil
        }
    }

    private func json(_ bytes: [UInt8]) -> JSONValue? {
        guard bytes.count <= Self.bodyLimit else { return nil }
        do {
            return try JSONParser.parse(bytes, bounds: .readers)
        } catch {
            // A body that is not JSON is recorded as text.
            return nil
        }
    }
}

extension Scrubber {
    /// A code of the protocol, or the text in its place.
    static func word(_ text: String) -> String {
        let isWord =
            text.utf8.count <= 60 && text.utf8.allSatisfy { $0 == 0x5f || (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) }
        return isWord ? text : masked(text)
    }
}

extension ReaderFailure {
    fileprivate var mayHaveArrived: Bool {
        switch self {
        case .unreachable, .untrusted: false
        case .lost, .rpc, .app, .invalidAnswer, .unsupported: true
        }
    }

    fileprivate var words: String {
        switch self {
        case .unreachable(let detail), .lost(let detail), .rpc(_, let detail), .app(_, let detail), .invalidAnswer(let detail),
            .unsupported(let detail):
            detail
        case .untrusted(let problem): "the reader's certificate: \(problem)"
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
