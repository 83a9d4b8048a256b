import JSON

extension ReaderMachine {
    /// Every method that this reader knows.
    package static let methods: Set<String> = [
        "activateTerminal", "terminalHeartbeat", "setReaderDisplay", "clearReaderDisplay", "collectPaymentMethod", "queryPaymentMethod",
        "cancelCollectPaymentMethod", "confirmPayment", "collectReusableCard", "queryCollectReusableCard", "confirmReusableCard",
        "cancelCollectReusableCard",
    ]

    /// Takes a request whose envelope is in order.
    mutating func receive(_ request: ReaderEnvelope, at now: Int, stripe: inout StripeState) -> Action {
        advance(to: now)
        if case .offline = state { return .answer(.failed("SERVER_UNREACHABLE", "the reader is off")) }
        guard Self.methods.contains(request.method) else {
            return .answer(.refused("INVALID_REQUEST", "no such method: \(request.method.prefix(60))"))
        }
        do {
            if request.method == "activateTerminal" {
                return .answer(try activate(request, at: now, stripe: &stripe))
            }
            guard let session, session.token == request.sessionToken, session.device == request.device else {
                return .answer(.refused("INVALID_SESSION_TOKEN", "the session is not or no longer valid"))
            }
            return try serve(request, at: now, stripe: &stripe)
        } catch {
            return .answer(.refused("INVALID_REQUEST", error.why))
        }
    }

    private mutating func serve(
        _ request: ReaderEnvelope, at now: Int, stripe: inout StripeState
    ) throws(MessageFault) -> Action {
        switch request.method {
        case "terminalHeartbeat":
            _ = try MessageFields(request.message, request.method, declared: [])
            return .answer(ok())
        case "collectReusableCard", "queryCollectReusableCard", "confirmReusableCard", "cancelCollectReusableCard":
            if case .authorising = state { return .answer(busy()) }
            return .answer(try serveReusable(request, at: now, stripe: &stripe))
        default: break
        }
        if case .authorising = state {
            return .answer(request.method == "cancelCollectPaymentMethod" ? wrongOrder(request.method) : busy())
        }
        switch request.method {
        case "setReaderDisplay": return .answer(try display(request))
        case "clearReaderDisplay": return .answer(try clear(request))
        case "collectPaymentMethod": return .answer(try collect(request, at: now))
        case "queryPaymentMethod": return .answer(try query(request))
        case "cancelCollectPaymentMethod": return .answer(try cancel(request))
        default: return try confirm(request, stripe: &stripe)
        }
    }

    // MARK: Answers

    var systemContext: JSONValue {
        if behaviour.connectivityAsNumber { return ["connectivity_status": hasInternet ? 1 : 0] }
        return ["connectivity_status": hasInternet ? "CONNECTED" : "OFFLINE"]
    }

    func ok(_ members: JSONObject = [:]) -> ReaderAnswer {
        .ok(.object(members.adding(["system_context": systemContext])))
    }

    func wrongOrder(_ method: String) -> ReaderAnswer { .refused("ILLEGAL_STATE", "\(method) while the reader is \(state.name)") }

    func busy() -> ReaderAnswer { .refused("LOCK_RESOURCES_EXCEPTION", "the reader is authorising a payment") }

    // MARK: Session

    private mutating func activate(_ request: ReaderEnvelope, at now: Int, stripe: inout StripeState) throws(MessageFault) -> ReaderAnswer {
        let message = try ActivateMessage(request.message)
        guard request.sessionToken.isEmpty else { throw MessageFault(why: "activateTerminal carries a session token") }
        guard message.device == request.device else { throw MessageFault(why: "pos_device_id is not the envelope's device_uuid") }
        if message.failIfInUse, let busyDevice, busyDevice != message.device {
            return .refused("ILLEGAL_STATE", "the reader is in use by another point of sale")
        }
        guard hasInternet else { return .refused("UNREACHABLE_ENDPOINT", "the reader cannot reach Stripe") }
        guard isRegistered else { return .refused("UNAUTHORIZED", "the reader is not registered") }
        switch stripe.redeem(message.token, reader: serial, at: now) {
        case .good: break
        case .spent:
            noteViolation("a connection token was given to a reader twice")
            return .refused("AUTHENTICATION_FAILURE", "the connection token has already been redeemed")
        case .unknown: return .refused("AUTHENTICATION_FAILURE", "the connection token is not known")
        case .expired: return .refused("UNAUTHORIZED", "the connection token has expired")
        }
        openSession(device: message.device, at: now)
        activations += 1
        return ok([
            "session_token": JSONValue(session?.token), "sdk_rpc_session": .string(secrets.secret("srs")), "store_name": "empty",
            "livemode": .bool(livemode), "request_id": .string("req_" + secrets.random(14)),
            "version": ["client_type": .string(behaviour.clientType), "client_version": .string(behaviour.clientVersion)],
        ])
    }

    // MARK: Display

    private mutating func display(_ request: ReaderEnvelope) throws(MessageFault) -> ReaderAnswer {
        let message = try DisplayMessage(request.message)
        switch state {
        case .idle, .cart:
            state = .cart
            shownTotal = message.total
            shownLines = message.lines
            return ok()
        case .offline, .waitingCard, .collected, .authorising, .waitingReusable, .reusableCollected:
            return wrongOrder(request.method)
        }
    }

    private mutating func clear(_ request: ReaderEnvelope) throws(MessageFault) -> ReaderAnswer {
        let fields = try MessageFields(request.message, request.method, declared: ["transaction_context"])
        if let context = fields.value("transaction_context") { _ = try TransactionContext(context) }
        goIdle()
        return ok()
    }
}
