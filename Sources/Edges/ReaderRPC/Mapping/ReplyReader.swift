import TextSafety
import JSON
import FoundationEssentials
import GatewayModel

/// Reads one answer. It is pure: bytes go in, a reply or a failure comes out, and nothing that a reader sends makes it trap.
struct ReplyReader {
    var command: ReaderCommand
    var session: SessionToken?

    /// - Parameter id: the request's id. An answer that names another is not its answer.
    func reply(status: Int, body: some Sequence<UInt8>, id: Int64) throws(ReaderFailure) -> ReaderReply {
        guard (200...299).contains(status) else {
            if command.opensSession, [404, 405, 415, 501].contains(status) {
                // The certificate is verified, so the reader itself says that it has no such method (section 14). No session was opened.
                throw .unsupported(detail: "\(command.name) is answered HTTP \(status)")
            }
            // The sender of this status is unknown, and so is whether the reader had acted before. It counts as no answer (section 2.3).
            throw .lost(detail: "\(command.name): the answer was HTTP \(status)")
        }
        let envelope = try envelope(Array(body))
        // Zero is how the mapping of protocol buffers writes "not set".
        if let answered = envelope.requestID, answered != 0, answered != id { throw invalid("the answer belongs to another request") }
        try checkCodes(envelope)
        return try content(envelope)
    }

    private func envelope(_ body: [UInt8]) throws(ReaderFailure) -> Wire.ResponseEnvelope {
        do {
            return try JSONParser.parse(body, bounds: .readers).decoded()
        } catch let error as JSONSyntaxError where error.kind == .excessive {
            throw invalid("the answer is larger than any reader's")
        } catch {
            throw invalid("the answer is not a JSON object")
        }
    }

    /// Only both codes together are success. An application code that says no outranks the transport's. A missing one counts as an unknown
    /// error.
    private func checkCodes(_ envelope: Wire.ResponseEnvelope) throws(ReaderFailure) {
        let text = envelope.error.map(clean) ?? ""
        if let code = envelope.appErrorCode, code != Wire.appOK {
            throw .app(AppErrorCode(wire: code), detail: text.isEmpty ? "the reader gave no reason" : text)
        }
        guard let rpc = envelope.rpcErrorCode else {
            throw .rpc(.unknownRPCError, detail: text.isEmpty ? "the answer has no rpc_error_code" : text)
        }
        guard rpc == Wire.rpcOK else {
            throw .rpc(RPCErrorCode(wire: rpc), detail: text.isEmpty ? "the reader gave no reason" : text)
        }
        guard envelope.appErrorCode != nil else {
            throw .app(.unknownApplicationError, detail: text.isEmpty ? "the answer has no app_error_code" : text)
        }
    }

    private func content(_ envelope: Wire.ResponseEnvelope) throws(ReaderFailure) -> ReaderReply {
        switch command {
        case .heartbeat, .display, .clearDisplay, .collect, .cancelCollect, .collectReusable, .cancelReusable:
            // Nothing in the message is needed, so it may be missing or empty. Garbage is still a fault.
            if let content = envelope.content, !content.isEmpty { _ = try message(envelope, as: Wire.SystemResponse.self) }
            return .done
        case .activate, .prove: return try activated(message(envelope, as: Wire.ActivateTerminal.Response.self))
        // An empty message, with nothing in it but defaults, may be left out. It means that there is no card yet.
        case .query where (envelope.content ?? "").isEmpty, .queryReusable where (envelope.content ?? "").isEmpty: return .pending
        case .query: return try collected(message(envelope, as: Wire.QueryPaymentMethod.Response.self))
        case .confirm: return .confirmed(confirmed(try message(envelope, as: Wire.ConfirmPayment.Response.self)))
        case .queryReusable: return try collected(message(envelope, as: Wire.QueryCollectReusableCard.Response.self))
        case .confirmReusable: return try created(message(envelope, as: Wire.ConfirmReusableCard.Response.self))
        }
    }

    private func message<Message: Decodable>(_ envelope: Wire.ResponseEnvelope, as type: Message.Type) throws(ReaderFailure) -> Message {
        do {
            return try envelope.message(type)
        } catch Wire.ContentProblem.missing {
            throw invalid("content is missing")
        } catch Wire.ContentProblem.notBase64 {
            throw invalid("content is not base64")
        } catch Wire.ContentProblem.excessive {
            throw invalid("content is larger than any reader's")
        } catch {
            throw invalid("content is not the JSON that the method answers")
        }
    }

    private func activated(_ message: Wire.ActivateTerminal.Response) throws(ReaderFailure) -> ReaderReply {
        guard let token = message.sessionToken, !token.isEmpty, token.utf8.count <= 4096 else { throw invalid("session_token is missing") }
        let software = [message.version?.clientType, message.version?.clientVersion].compactMap(\.self).joined(separator: " ")
        return .activated(
            session: SessionToken(Secret(token)), livemode: message.livemode,
            software: software.isEmpty ? nil : Shown.line(software, limit: 80, hiding: secrets + [token]))
    }

    /// A card counts whatever the status says. A status that is missing or unknown means "ask again", as published clients read it.
    private func collected(_ message: Wire.QueryPaymentMethod.Response) throws(ReaderFailure) -> ReaderReply {
        guard let method = message.paymentMethod else {
            return message.paymentStatus == Wire.QueryPaymentMethod.canceled ? .canceledByCustomer : .pending
        }
        return .card(
            CollectedCard(
                summary: CardWords.summary(collected: method), tipMinor: try tip(method), echo: try echo(method, "payment_method")))
    }

    private func collected(_ message: Wire.QueryCollectReusableCard.Response) throws(ReaderFailure) -> ReaderReply {
        guard let method = message.reusableCardMethod else {
            return message.reusableCardStatus == Wire.QueryCollectReusableCard.canceled ? .canceledByCustomer : .pending
        }
        return .reusableCard(echo: try echo(method, "reusable_card_method"), summary: CardWords.summary(collected: method))
    }

    private func echo(_ method: JSONValue, _ field: String) throws(ReaderFailure) -> Secret {
        guard case .object = method else { throw invalid("\(field) is not an object") }
        return Echo.keep(method)
    }

    /// The sum of `tip_selections[].amount`, else `tip_selection.amount`, in minor units. A tip that cannot be read is a fault: the charge
    /// depends on it.
    private func tip(_ method: JSONValue) throws(ReaderFailure) -> Int64 {
        var amounts: [JSONValue] = []
        if let selections = method.field("tip_selections") {
            guard let selections = selections.array else { throw invalid("tip_selections is not a list") }
            amounts = selections.compactMap { $0.field("amount") }
        }
        if amounts.isEmpty, let amount = method.field("tip_selection")?.field("amount") { amounts = [amount] }
        var sum: Int64 = 0
        for amount in amounts {
            guard let value = amount.protoInteger, value >= 0 else { throw invalid("a tip is not an amount") }
            let (total, overflow) = sum.addingReportingOverflow(value)
            guard !overflow, total <= MinorUnits.largest else { throw invalid("a tip is not an amount") }
            sum = total
        }
        return sum
    }

    private func confirmed(_ message: Wire.ConfirmPayment.Response) -> ConfirmAnswer {
        if let intent = message.confirmedPaymentIntent {
            return answer(.confirmed, intent: intent)
        }
        if let decline = message.declineResponse {
            let error = decline.error
            var answer = answer(.declined, intent: error?.paymentIntent)
            answer.code = error?.code.flatMap(word)
            answer.declineCode = error?.declineCode.flatMap(word)
            answer.message = error?.message.map(clean)
            return answer
        }
        if let error = message.confirmError {
            return ConfirmAnswer(field: .error, code: error.code.flatMap(word), message: error.message.map(clean))
        }
        return ConfirmAnswer(field: .none)
    }

    private func answer(_ field: ConfirmAnswer.Field, intent: JSONValue?) -> ConfirmAnswer {
        guard let intent else { return ConfirmAnswer(field: field) }
        return ConfirmAnswer(
            field: field, intent: intent.field("id")?.string.flatMap(identifier).map(IntentID.init(unchecked:)),
            status: intent.field("status")?.string.flatMap(word).map(IntentStatus.init(wire:)),
            amountMinor: ReceiptWords.charged(intent: intent), currency: intent.field("currency")?.string.flatMap { Currency($0) },
            card: CardWords.summary(intent: intent), receipt: ReceiptWords.receipt(intent: intent))
    }

    private func created(_ message: Wire.ConfirmReusableCard.Response) throws(ReaderFailure) -> ReaderReply {
        if let card = message.createdReusableCard {
            guard let id = card.field("id")?.string.flatMap(identifier) else { throw invalid("the created card has no id") }
            return .createdReusable(paymentMethod: id)
        }
        if let error = message.confirmError {
            return .reusableRefused(code: error.code.flatMap(word), message: error.message.map(clean))
        }
        throw invalid("there is neither a created card nor an error")
    }

    /// The secrets that went out with this call. No text may return them.
    private var secrets: [String] {
        var secrets = session.map { [$0.secret.reveal()] } ?? []
        switch command {
        case .activate(let token, _), .prove(let token): secrets.append(token.secret.reveal())
        case .heartbeat, .display, .clearDisplay, .collect, .query, .cancelCollect, .confirm, .collectReusable, .queryReusable,
            .cancelReusable, .confirmReusable:
            break
        }
        return secrets
    }

    private func clean(_ text: String) -> String { Shown.line(text, hiding: secrets) }

    private func word(_ text: String) -> String? {
        let cleaned = Shown.line(text, limit: 64, hiding: secrets)
        return cleaned.isEmpty ? nil : cleaned
    }

    /// Stripe's identifiers are short and plain. Any other text is not one.
    private func identifier(_ text: String) -> String? {
        guard (1...255).contains(text.utf8.count), Shown.line(text, hiding: secrets) == text, !text.contains(" ") else { return nil }
        return text
    }

    private func invalid(_ what: String) -> ReaderFailure { .invalidAnswer(detail: "\(command.name): \(what)") }
}
