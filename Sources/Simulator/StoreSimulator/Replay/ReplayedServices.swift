import JSON

/// The backend or Stripe of a replay.
struct ReplayedWeb: HTTPService {
    let desk: ReplayDesk
    let peer: RecordedExchange.Peer
    /// The bearer token that a caller has to send. Nil accepts any, for the recording's are made up.
    let bearer: String?

    func connectionClosed(_ connection: Int) {}

    func handle(_ request: HTTPRequest) -> Disposition {
        guard let given = request.bearer, bearer == nil || given == bearer else { return .reply(HTTPReply(status: 401)) }
        let call: String
        let asked: JSONValue
        switch peer {
        case .stripe:
            let parts = request.path.split(separator: "/").map(String.init)
            guard parts.count >= 2, parts[0] == "v1" else { return .reply(HTTPReply(status: 404)) }
            call = parts[1] == "terminal" ? parts[1...].prefix(2).joined(separator: "/") : parts[1]
            let query = JSONObject(request.query.map { ($0.name, .string($0.value)) })
            asked = .object(["path": .string(request.path), "query": RecordedExchange.comparableQuery(.object(query))])
        case .backend, .reader:
            let prefix = "/api/stripe/v1/"
            guard request.path.hasPrefix(prefix) else { return .reply(HTTPReply(status: 404)) }
            call = String(request.path.dropFirst(prefix.count).prefix { $0 != "/" })
            do throws(JSONSyntaxError) {
                asked = RecordedExchange.comparable(request.body.isEmpty ? nil : try JSONValue.parse(request.body))
            } catch {
                return .reply(.json(400, ["detail": .string(error.description)]))
            }
        }
        let desk = desk
        return desk.answer(peer, call, asked) { answer in
            if let body = answer.body { return .json(answer.status, desk.relocated(body)) }
            if let text = answer.text { return HTTPReply(status: answer.status, contentType: "text/plain", body: Array(text.utf8)) }
            return HTTPReply(status: answer.status)
        } refuse: { why in
            // No client repeats after this refusal.
            .json(422, ["detail": .string(why)])
        }
    }
}

/// A reader of a replay.
struct ReplayedReader: HTTPService {
    let desk: ReplayDesk
    /// The reader's name in the recording.
    let host: String
    /// The reader's present name.
    let name: String

    func connectionClosed(_ connection: Int) {}

    func handle(_ request: HTTPRequest) -> Disposition {
        guard request.method == "POST", request.path == "/protojsonservice/JackRabbitService" else { return .reply(HTTPReply(status: 404)) }
        guard request.headers["host"]?.split(separator: ":").first.map(String.init) == name else { return .reply(HTTPReply(status: 421)) }
        let envelope: ReaderEnvelope
        do {
            envelope = try ReaderEnvelope.read(request.body)
        } catch {
            return .reply(.json(200, ReaderAnswer.failed("BAD_REQUEST", error.why).json(requestID: 0)))
        }
        let asked = RecordedExchange.comparable(envelope.message)
        return desk.answer(.reader(host: host), envelope.method, asked) { answer in
            if answer.rpc == nil, answer.app == nil, answer.message == nil {
                let body = answer.body?.bytes() ?? Array((answer.text ?? "").utf8)
                return HTTPReply(status: answer.status, contentType: "application/json", body: body)
            }
            var members: JSONObject = ["request_id": .integer(envelope.id)]
            members["rpc_error_code"] = answer.rpc.map(JSONValue.string)
            members["app_error_code"] = answer.app.map(JSONValue.string)
            members["error"] = answer.error.map(JSONValue.string)
            members["content"] = answer.message.map { .string(Base64.encode($0.bytes())) }
            return .json(answer.status, .object(members))
        } refuse: { why in
            .json(200, ReaderAnswer.refused("ILLEGAL_STATE", why).json(requestID: envelope.id))
        }
    }
}
