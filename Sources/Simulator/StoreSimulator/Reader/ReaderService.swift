import JSON

/// One simulated reader's `JackRabbitService` over HTTP.
struct ReaderService: HTTPService {
    let world: SharedWorld
    let serial: String

    private static let path = "/protojsonservice/JackRabbitService"

    func connectionClosed(_ connection: Int) {
        world.with { world, _ in
            guard let index = world.readers.firstIndex(where: { $0.serial == serial }) else { return }
            world.readers[index].machine.connectionClosed(connection)
        }
    }

    func handle(_ request: HTTPRequest) -> Disposition {
        if let refusal = refusal(request) { return .reply(refusal) }
        let envelope: ReaderEnvelope
        do {
            envelope = try ReaderEnvelope.read(request.body)
        } catch {
            world.with { world, now in
                let number = world.calls.note(CallEntry(call: "reader.unreadable", reader: serial, at: now))
                world.calls.answer(number, "BAD_REQUEST: \(error.why.prefix(200))", at: now)
            }
            return .reply(.json(200, ReaderAnswer.failed("BAD_REQUEST", error.why).json(requestID: 0)))
        }
        return serve(envelope, connection: request.connection)
    }

    /// The fault in the HTTP around the envelope.
    private func refusal(_ request: HTTPRequest) -> HTTPReply? {
        guard request.path == Self.path else { return HTTPReply(status: 404) }
        guard request.method == "POST" else { return HTTPReply(status: 405) }
        guard request.contentType == "application/json" else { return HTTPReply(status: 415) }
        let host = request.headers["host"]?.split(separator: ":").first.map(String.init)
        return world.with { world, _ in
            if request.headers["authorization"] != nil { world.noteViolation("\(serial): an Authorization header was sent to a reader") }
            guard let record = world.readers.first(where: { $0.serial == serial }), record.host == host else {
                return HTTPReply(status: 421)
            }
            return nil
        }
    }

    private struct Arrival: Sendable {
        var number: Int
        /// The number of the request. It is nil for one that was refused because of an overlap.
        var turn: Int?
        var fault: FaultEffect?
    }

    private func serve(_ envelope: ReaderEnvelope, connection: Int) -> Disposition {
        let method = ReaderMachine.methods.contains(envelope.method) ? envelope.method : "unknown"
        let call = "reader.\(method)"
        let arrival = world.with { world, now in
            let number = world.calls.note(
                CallEntry(
                    call: call, reader: serial, subject: Self.subject(envelope), requestID: envelope.traceID, at: now
                ))
            guard let index = world.readers.firstIndex(where: { $0.serial == serial }) else { return Arrival(number: number) }
            guard let turn = world.readers[index].machine.begin(connection: connection, device: envelope.device, method: method) else {
                world.calls.answer(number, "SERVER_BUSY", at: now)
                return Arrival(number: number)
            }
            return Arrival(number: number, turn: turn, fault: world.takeFault(call, reader: serial))
        }
        guard let turn = arrival.turn else {
            return .reply(.json(200, ReaderAnswer.failed("SERVER_BUSY", "another request is running").json(requestID: envelope.id)))
        }
        let honest: @Sendable () -> Disposition = { perform(envelope) }
        let disposition =
            arrival.fault.map { fault in
                fault.apply(
                    replacing: { _, content in .json(200, ReaderAnswer.ok(content).json(requestID: envelope.id)) },
                    refusing: { rpcCode, appCode, message in
                        .json(200, ReaderAnswer(rpcCode: rpcCode, appCode: appCode, error: message).json(requestID: envelope.id))
                    }, honest)
            } ?? honest()
        return disposition.mapEnd { end in
            world.with { world, now in
                guard let index = world.readers.firstIndex(where: { $0.serial == serial }) else { return }
                world.calls.answer(arrival.number, arrival.fault.map { "fault \($0.kind)" } ?? Self.word(end), at: now)
                // Silence holds the line until one of the two ends hangs up.
                if case .silence = end { return }
                world.readers[index].machine.end(turn)
            }
            return end
        }
    }

    /// The intent that a request names. It is never a client secret that was sent by mistake.
    private static func subject(_ envelope: ReaderEnvelope) -> String? {
        guard let intent = envelope.message["payment_intent_id"]?.string, !intent.contains("_secret_") else { return nil }
        return String(intent.prefix(100))
    }

    /// Carries out what the envelope asks for, and makes the honest answer.
    private func perform(_ envelope: ReaderEnvelope) -> Disposition {
        let (action, writer): (ReaderMachine.Action?, AnswerWriter) = world.with { world, now in
            guard let index = world.readers.firstIndex(where: { $0.serial == serial }) else { return (nil, AnswerWriter(shapes: [])) }
            let action = world.readers[index].machine.receive(envelope, at: now, stripe: &world.stripe)
            return (action, AnswerWriter(shapes: world.readers[index].machine.behaviour.answers))
        }
        switch action {
        case nil: return .close
        case .answer(let answer): return .reply(.json(200, writer.body(answer, requestID: envelope.id)))
        case .authorise(let ticket, let after):
            return .after(milliseconds: after) { authorised(ticket, envelope, writer) }
        }
    }

    /// Takes the issuer's answer to a try.
    private func authorised(_ ticket: Int, _ envelope: ReaderEnvelope, _ writer: AnswerWriter) -> Disposition {
        let (again, answer): (Int?, ReaderAnswer?) = world.with { world, now in
            guard let index = world.readers.firstIndex(where: { $0.serial == serial }) else { return (nil, nil) }
            if let again = world.readers[index].machine.refuseFirstTry(ticket, at: now, stripe: &world.stripe) { return (again, nil) }
            return (nil, world.readers[index].machine.completeAuthorisation(ticket, at: now, stripe: &world.stripe))
        }
        if let again { return .after(milliseconds: again) { authorised(ticket, envelope, writer) } }
        return answer.map { .reply(.json(200, writer.body($0, requestID: envelope.id))) } ?? .close
    }

    /// The codes of an answer, for the log of calls.
    private static func word(_ end: Disposition) -> String {
        guard case .reply(let reply) = end else {
            if case .silence = end { return "silence" }
            return "closed"
        }
        do {
            let body = try JSONValue.parse(reply.body)
            let app = AnswerWriter.word(body, "app_error_code")
            return app == "OK" ? AnswerWriter.word(body, "rpc_error_code") : app
        } catch {
            return String(reply.status)
        }
    }
}
