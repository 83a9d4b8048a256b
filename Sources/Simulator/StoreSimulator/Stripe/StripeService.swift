import JSON

/// The simulated api.stripe.com, with the two calls that a connection token or a publishable key may make.
struct StripeService: HTTPService {
    let world: SharedWorld
    /// The seconds since 1970 at the store's opening, for times that Stripe shows.
    let epoch: Int

    func connectionClosed(_ connection: Int) {}

    func handle(_ request: HTTPRequest) -> Disposition {
        let call = Self.name(request.path)
        let (number, fault) = world.with { world, now in
            let number = world.calls.note(
                CallEntry(call: call, subject: Self.subject(request.path), requestID: request.headers["x-request-id"], at: now))
            return (number, world.takeFault(call))
        }
        let honest: @Sendable () -> Disposition = { .reply(answer(request)) }
        let disposition =
            fault.map {
                $0.apply(replacing: { .json($0.status, $1) }, refusing: { _, _, _ in nil }, honest)
            } ?? honest()
        return world.logged(disposition, number, fault: fault)
    }

    private static func name(_ path: String) -> String {
        if path == "/v1/terminal/readers" { return "stripe.readers" }
        if path.hasPrefix("/v1/payment_intents/") { return "stripe.payment_intent" }
        return "stripe.unknown"
    }

    private static func subject(_ path: String) -> String? {
        let last = path.split(separator: "/").last.map(String.init)
        return last?.hasPrefix("pi_") == true ? last : nil
    }

    private func answer(_ request: HTTPRequest) -> HTTPReply {
        switch Self.name(request.path) {
        case "stripe.readers": readers(request)
        case "stripe.payment_intent": paymentIntent(request)
        default: Self.error(404, "invalid_request_error", "resource_missing", "Unrecognized request URL (\(request.method)).")
        }
    }

    static func error(_ status: Int, _ type: String, _ code: String, _ message: String) -> HTTPReply {
        .json(status, ["error": ["type": .string(type), "code": .string(code), "message": .string(message)]])
    }

    /// The refusal of an unknown caller. It is nil when Stripe knows the caller.
    private func refusal(_ request: HTTPRequest, takesPublishableKey: Bool) -> HTTPReply? {
        guard let bearer = request.bearer, !bearer.isEmpty else {
            return Self.error(401, "invalid_request_error", "api_key_missing", "You did not provide an API key.")
        }
        return world.with { world, now in
            if bearer == world.stripe.publishableKey {
                return takesPublishableKey
                    ? nil
                    : Self.error(
                        401, "invalid_request_error", "secret_key_required", "This API call cannot be made with a publishable API key.")
            }
            switch world.stripe.state(ofToken: bearer, at: now) {
            case .good, .spent: return nil
            case .expired: return Self.error(401, "invalid_request_error", "api_key_expired", "Expired API Key provided.")
            case .unknown: return Self.error(401, "invalid_request_error", "api_key_invalid", "Invalid API Key provided.")
            }
        }
    }

    // MARK: Readers

    private static let readerParameters: Set<String> = [
        "device_type", "location", "serial_number", "status", "limit", "starting_after", "ending_before", "compatible_sdk_type",
        "compatible_sdk_version",
    ]

    private func readers(_ request: HTTPRequest) -> HTTPReply {
        guard request.method == "GET" else {
            return Self.error(404, "invalid_request_error", "resource_missing", "Unrecognized request URL (\(request.method)).")
        }
        if let refusal = refusal(request, takesPublishableKey: false) { return refusal }
        if let stranger = request.query.first(where: { !Self.readerParameters.contains($0.name) }) {
            return Self.error(400, "invalid_request_error", "parameter_unknown", "Received unknown parameter: \(stranger.name)")
        }
        var limit = 10
        if let text = request.queryValue("limit") {
            guard let number = Int(text), (1...100).contains(number) else {
                return Self.error(400, "invalid_request_error", "parameter_invalid_integer", "Invalid limit: must be between 1 and 100")
            }
            limit = number
        }
        let epoch = epoch
        let listed: [(id: String, object: JSONValue)] = world.with { world, now in
            let stripeLocation = world.configuration.stripeLocation
            let behaviour = world.stripe.behaviour
            let asksForThisOne = behaviour.listsWholeAccount != true && request.queryValue("location") != nil
            let others = asksForThisOne ? [] : (0..<(behaviour.otherReaders ?? 0)).map { Self.other($0) }
            return others
                + world.readers.compactMap { record in
                    guard let id = record.id, record.listedFrom <= now else { return nil }
                    let object = Self.object(
                        record, id: id, stripeLocation: stripeLocation, epoch: epoch, now: now)
                    for (filter, member) in [
                        ("device_type", "device_type"), ("location", "location"), ("serial_number", "serial_number"), ("status", "status"),
                    ] {
                        if let wanted = request.queryValue(filter), object[member]?.string != wanted { return nil }
                    }
                    return (id, object)
                }
        }
        var page = listed[...]
        if let after = request.queryValue("starting_after") {
            guard let index = listed.firstIndex(where: { $0.id == after }) else {
                return Self.error(400, "invalid_request_error", "resource_missing", "No such reader: '\(after.prefix(60))'")
            }
            page = listed[(index + 1)...]
        }
        return .json(
            200,
            [
                "object": "list", "url": "/v1/terminal/readers", "has_more": .bool(page.count > limit),
                "data": .array(page.prefix(limit).map(\.object)),
            ])
    }

    /// A reader of another store of the same account.
    private static func other(_ number: Int) -> (id: String, object: JSONValue) {
        let id = "tmr_Elsewhere\(number)"
        let isMobile = number % 3 == 2
        return (
            id,
            [
                "id": .string(id), "object": "terminal.reader", "action": nil, "device_sw_version": isMobile ? nil : "2.31.0.9",
                "device_type": isMobile ? "stripe_m2" : "stripe_s700", "ip_address": isMobile ? nil : "10.9.9.9",
                "base_url": isMobile ? nil : .string("elsewhere\(number).device.stripe-terminal-local-reader.net"), "label": "Elsewhere",
                "last_seen_at": nil, "livemode": false, "location": "tml_Elsewhere", "metadata": [:],
                "serial_number": .string("ELSE\(number)"), "status": "offline",
            ]
        )
    }

    private static func object(
        _ record: ReaderRecord, id: String, stripeLocation: String, epoch: Int, now: Int
    ) -> JSONValue {
        let isOnline = record.isOn && record.machine.hasInternet
        let isMobile = record.isMobile
        let seen = isOnline ? now : record.lastSeen
        return [
            "id": .string(id), "object": "terminal.reader", "action": nil,
            "device_sw_version": isMobile ? nil : .string(record.machine.behaviour.clientVersion),
            "device_type": .string(record.deviceType), "ip_address": isMobile ? nil : .string(record.publishedAddress),
            "base_url": isMobile ? nil : .string(record.domain),
            "label": JSONValue(record.label), "last_seen_at": isMobile ? nil : .integer(epoch * 1000 + seen),
            "livemode": .bool(record.machine.livemode),
            "location": .string(stripeLocation), "metadata": [:], "serial_number": .string(record.serial),
            "status": isMobile ? nil : .string(record.publishedStatus ?? (isOnline ? "online" : "offline")),
        ]
    }

    // MARK: Intents

    private func paymentIntent(_ request: HTTPRequest) -> HTTPReply {
        guard request.method == "GET" else {
            return Self.error(404, "invalid_request_error", "resource_missing", "Unrecognized request URL (\(request.method)).")
        }
        if let refusal = refusal(request, takesPublishableKey: true) { return refusal }
        let id = String(request.path.dropFirst("/v1/payment_intents/".count))
        if let stranger = request.query.first(where: { $0.name != "client_secret" && $0.name != "expand[]" }) {
            return Self.error(400, "invalid_request_error", "parameter_unknown", "Received unknown parameter: \(stranger.name)")
        }
        guard let secret = request.queryValue("client_secret") else {
            return Self.error(400, "invalid_request_error", "parameter_missing", "Missing required param: client_secret.")
        }
        return world.with { world, now in
            guard let intent = world.stripe.intents[id], now >= intent.createdAt + world.stripe.behaviour.intentDelay else {
                return Self.error(404, "invalid_request_error", "resource_missing", "No such payment_intent: '\(id.prefix(60))'")
            }
            guard intent.clientSecret == secret else {
                return Self.error(
                    400, "invalid_request_error", "payment_intent_invalid_parameter",
                    "The client_secret provided does not match the client_secret associated with the PaymentIntent.")
            }
            return .json(200, intent.json(livemode: world.configuration.livemode, withSecret: true))
        }
    }
}

extension SharedWorld {
    /// Notes how a call was answered, whenever the answer comes.
    func logged(_ disposition: Disposition, _ number: Int, fault: FaultEffect?) -> Disposition {
        disposition.mapEnd { [self] end in
            let text = fault.map { "fault \($0.kind)" } ?? Self.word(end)
            with { world, now in world.calls.answer(number, text, at: now) }
            return end
        }
    }

    private static func word(_ end: Disposition) -> String {
        switch end {
        case .reply(let reply): String(reply.status)
        case .raw: "raw"
        case .close: "closed"
        case .silence: "silence"
        case .after, .whenReady: "later"
        }
    }
}
