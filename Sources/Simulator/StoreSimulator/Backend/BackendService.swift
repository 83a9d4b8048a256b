import JSON

/// The simulated Mariana backend: ten calls and the OAuth refresh.
struct BackendService: HTTPService {
    let world: SharedWorld

    static let prefix = "/api/stripe/v1/"
    static let calls: Set<String> = [
        "configuration", "connection_token", "payment_intent", "payment_status", "setup_intent", "store_payment_method",
        "register_terminal", "terminal_readers", "update_terminal", "deregister_terminal",
    ]

    func connectionClosed(_ connection: Int) {}

    var date: String? { HTTPClock.text(secondsAhead: world.with { world, _ in world.backend.behaviour.clockAhead }) }

    func handle(_ request: HTTPRequest) -> Disposition {
        let name = Self.name(request.path)
        let call = "backend.\(name ?? "unknown")"
        let (number, fault) = world.with { world, now in
            let number = world.calls.note(CallEntry(call: call, requestID: request.headers["x-request-id"], at: now))
            return (number, world.takeFault(call))
        }
        let honest: @Sendable () -> Disposition = { .reply(answer(request, name, number)) }
        let disposition =
            fault.map {
                $0.apply(replacing: { .json($0.status, $1) }, refusing: { _, _, _ in nil }, honest)
            } ?? honest()
        return world.logged(disposition, number, fault: fault)
    }

    /// The call that a path names; the trailing slash is part of it.
    private static func name(_ path: String) -> String? {
        if path == "/o/token/" { return "token" }
        guard path.hasPrefix(prefix), path.hasSuffix("/") else { return nil }
        let name = String(path.dropFirst(prefix.count).dropLast())
        return calls.contains(name) ? name : nil
    }

    static func refused(_ status: Int, _ detail: String) -> HTTPReply { .json(status, ["detail": .string(detail)]) }

    private func answer(_ request: HTTPRequest, _ name: String?, _ number: Int) -> HTTPReply {
        guard let name else { return Self.refused(404, "Not found.") }
        if name == "token" { return token(request) }
        guard request.method == "POST" || (name == "configuration" && request.method == "GET") else {
            return Self.refused(405, "Method \(request.method) is not allowed.")
        }
        if let refusal = refusal(request) { return refusal }
        guard request.acceptsJSON else { return Self.refused(406, "Only application/json can be had.") }
        let fields: CallFields
        do {
            fields = try CallFields(request, call: name)
            return try world.with { world, now in
                Swift.Result<HTTPReply, CallRefusal> { () throws(CallRefusal) in
                    if let cart = try fields.optional("cart") { world.calls.subject(number, cart) }
                    return try BackendCalls.answer(name, fields, &world, at: now)
                }
            }.get()
        } catch {
            return Self.refused(error.status, error.detail)
        }
    }

    private func refusal(_ request: HTTPRequest) -> HTTPReply? {
        world.with { world, now in
            if let status = world.backend.refusesEveryone { return Self.refused(status, "Refused for every caller.") }
            guard let bearer = request.bearer else { return Self.refused(401, "No credentials were given.") }
            guard world.backend.accepts(bearer: bearer, at: now) else { return Self.refused(401, "The token is invalid or has expired.") }
            return nil
        }
    }

    // MARK: OAuth

    private func token(_ request: HTTPRequest) -> HTTPReply {
        guard request.method == "POST" else { return Self.refused(405, "Method \(request.method) is not allowed.") }
        guard request.contentType == "application/x-www-form-urlencoded" else { return .json(400, ["error": "invalid_request"]) }
        let form = FormCoding.decode(String(decoding: request.body, as: UTF8.self))
        func field(_ name: String) -> String? { form.first { $0.name == name }?.value }
        guard field("grant_type") == "refresh_token" else { return .json(400, ["error": "unsupported_grant_type"]) }
        guard let refresh = field("refresh_token"), let id = field("client_id"), let secret = field("client_secret") else {
            return .json(400, ["error": "invalid_request"])
        }
        return world.with { world, now in
            switch world.backend.refresh(refresh, clientID: id, clientSecret: secret, at: now) {
            case .invalidClient: .json(401, ["error": "invalid_client"])
            case .invalidGrant: .json(400, ["error": "invalid_grant"])
            case .granted(let access, let refresh):
                .json(
                    200,
                    [
                        "access_token": .string(access), "expires_in": .integer(world.backend.behaviour.accessTokenLifetime),
                        "refresh_token": .string(refresh), "scope": "read write", "token_type": "Bearer",
                    ])
            }
        }
    }
}
