import JSON

extension ReaderMachine {
    // MARK: The card

    mutating func collect(_ request: ReaderEnvelope, at now: Int) throws(MessageFault) -> ReaderAnswer {
        let message = try CollectMessage(request.message)
        switch state {
        case .waitingCard(let running), .collected(let running):
            // A repeat after a lost answer is harmless; anything else is out of order.
            guard running.request == message, running.device == request.device else { return wrongOrder(request.method) }
            return ok()
        case .idle, .cart: break
        case .offline, .authorising, .waitingReusable, .reusableCollected: return wrongOrder(request.method)
        }
        guard !isCardLeftIn else { return .refused("LOCK_RESOURCES_EXCEPTION", "a card was left in the reader") }
        let script = scripts.isEmpty ? CustomerScript() : scripts.removeFirst()
        let never = script.neverPresents ?? false
        canceledTransaction = nil
        state = .waitingCard(
            Collection(
                request: message, script: script, device: request.device,
                cardAt: never ? nil : now + (script.cardAfter ?? behaviour.cardAfter), cancelAt: script.cancelsAfter.map { now + $0 },
                tip: message.offersTip ? max(0, script.tip ?? 0) : 0))
        advance(to: now)
        return ok()
    }

    mutating func query(_ request: ReaderEnvelope) throws(MessageFault) -> ReaderAnswer {
        let context = try ContextMessage(request.message, request.method).context
        switch state {
        case .waitingCard(let collection) where collection.request.context == context:
            return ok(["payment_status": "PAYMENT_PENDING", "num_of_canceled_payments": 0])
        case .collected(let collection) where collection.request.context == context:
            // Status and method are alternatives on the wire (reader-protocol, section 3.6). The agent also accepts a reader that sends
            // both.
            var members: JSONObject = ["num_of_canceled_payments": 0, "payment_method": paymentMethod(collection)]
            if behaviour.statusBesideMethod { members["payment_status"] = "PAYMENT_PENDING" }
            return ok(members)
        case .idle where canceledTransaction == context.transactionID, .cart where canceledTransaction == context.transactionID:
            return ok(["payment_status": "PAYMENT_CANCELED", "num_of_canceled_payments": 1])
        case .offline, .idle, .cart, .waitingCard, .collected, .authorising, .waitingReusable, .reusableCollected:
            return wrongOrder(request.method)
        }
    }

    private func paymentMethod(_ collection: Collection) -> JSONValue {
        let script = collection.script
        var card: JSONObject = [:]
        if behaviour.showsCardSummary {
            card = [
                "masked_pan": .string("************\(script.last4 ?? "4242")"), "expiration_date": "1230",
                "card_brand": .string(script.brand ?? "VISA"), "card_entry_method": .string(script.entry ?? "CHIP_READ"),
            ]
        }
        let tips: [JSONValue] = collection.tip > 0 ? [["description": "Tip", "amount": .integer(collection.tip)]] : []
        return ["card_payment": .object(card), "tip_selections": .array(tips)]
    }

    mutating func cancel(_ request: ReaderEnvelope) throws(MessageFault) -> ReaderAnswer {
        let context = try ContextMessage(request.message, request.method).context
        switch state {
        case .waitingCard(let collection) where collection.request.context == context,
            .collected(let collection) where collection.request.context == context:
            goIdle()
            return ok()
        case .offline, .idle, .cart, .waitingCard, .collected, .authorising, .waitingReusable, .reusableCollected:
            return wrongOrder(request.method)
        }
    }

    // MARK: The money

    mutating func confirm(_ request: ReaderEnvelope, stripe: inout StripeState) throws(MessageFault) -> Action {
        let message = try ConfirmMessage(request.message)
        guard case .collected(let collection) = state, collection.request.context == message.context else {
            noteViolation("confirmPayment while \(state.name), or of another transaction")
            return .answer(wrongOrder(request.method))
        }
        if let refusal = stripe.refusal(ofIntent: message.intent, shown: collection.request.amount, currency: collection.request.currency) {
            goIdle()
            return .answer(answer(to: refusal, stripe: stripe))
        }
        let byAmount = IssuerOutcome.byAmount(collection.request.amount)
        let usual = collection.script.confirmTakes ?? behaviour.issuerAfter
        let takes = usual + ((collection.script.pin ?? byAmount.pin) && collection.script.refusedFirst == nil ? behaviour.pinAfter : 0)
        let ticket = nextTicket
        nextTicket += 1
        state = .authorising(
            Authorisation(
                ticket: ticket, collection: collection, intent: message.intent, outcome: collection.script.outcome ?? byAmount.outcome,
                takes: takes, refusedFirst: collection.script.refusedFirst))
        return .authorise(ticket: ticket, after: takes)
    }

    /// Lets the issuer refuse the first try, after which the reader asks for more within the same confirm.
    ///
    /// - Returns: the time that the second try takes. It is nil when there is nothing to refuse, and `completeAuthorisation` is due.
    mutating func refuseFirstTry(_ ticket: Int, at now: Int, stripe: inout StripeState) -> Int? {
        guard case .authorising(var authorisation) = state, authorisation.ticket == ticket, let code = authorisation.refusedFirst,
            hasInternet
        else { return nil }
        authorisation.refusedFirst = nil
        authorisation.takes = authorisation.collection.script.secondTakes ?? behaviour.pinAfter
        state = .authorising(authorisation)
        stripe.decline(authorisation.intent, code: code, reader: serial, tip: authorisation.collection.tip, at: now)
        return authorisation.takes
    }

    /// Takes the issuer's answer.
    ///
    /// - Returns: the reader's answer. It is nil when the reader was switched off meanwhile.
    mutating func completeAuthorisation(_ ticket: Int, at now: Int, stripe: inout StripeState) -> ReaderAnswer? {
        guard case .authorising(let authorisation) = state, authorisation.ticket == ticket else { return nil }
        goIdle()
        if authorisation.outcome == .requiresConfirmation, session?.device == authorisation.collection.device {
            var again = authorisation.collection
            again.script.outcome = nil
            state = .collected(again)
        }
        guard hasInternet else { return confirmError("api_connection_error", "The reader could not reach Stripe.") }
        return conclude(authorisation, at: now, stripe: &stripe)
    }

    /// Lets Stripe and the issuer decide, and puts the result into words.
    func conclude(_ authorisation: Authorisation, at now: Int, stripe: inout StripeState) -> ReaderAnswer {
        let request = authorisation.collection.request
        if let refusal = stripe.refusal(ofIntent: authorisation.intent, shown: request.amount, currency: request.currency) {
            return answer(to: refusal, stripe: stripe)
        }
        let tip = authorisation.collection.tip
        switch authorisation.outcome {
        case .approve, .processing:
            charge(authorisation, at: now, stripe: &stripe)
            return ok([
                "confirmed_payment_intent": confirmedIntent(authorisation, stripe), "request_id": requestID,
            ])
        case .meetsOwnCharge:
            charge(authorisation, at: now, stripe: &stripe)
            return declined(
                authorisation.intent, "payment_intent_unexpected_state", nil,
                "This PaymentIntent could not be confirmed because it has a status of succeeded.", stripe)
        case .decline(let code):
            stripe.decline(authorisation.intent, code: code, reader: serial, tip: tip, at: now)
            return declined(authorisation.intent, "card_declined", code, "Your card was declined.", stripe)
        case .requiresConfirmation:
            stripe.setStatus(.requiresConfirmation, ofIntent: authorisation.intent)
            return declined(authorisation.intent, "api_connection_error", nil, "Stripe could not be reached.", stripe)
        case .unknown(let charged):
            if charged { charge(authorisation, at: now, stripe: &stripe) }
            return confirmError("api_connection_error", "The request to Stripe timed out.")
        case .error(let code):
            return confirmError(code, "The payment could not be processed.")
        }
    }

    private func charge(_ authorisation: Authorisation, at now: Int, stripe: inout StripeState) {
        let collection = authorisation.collection
        _ = stripe.charge(
            authorisation.intent, tip: collection.tip, reader: serial, processing: authorisation.outcome == .processing,
            authorises: collection.script.authorises, card: CardShown(collection.script), at: now)
    }

    /// The intent as the reader tells it: with its payment method and its charges, each with the facts that a receipt must show.
    private func confirmedIntent(_ authorisation: Authorisation, _ stripe: StripeState) -> JSONValue {
        guard let intent = stripe.intents[authorisation.intent], var members = intent.json(livemode: livemode, withSecret: true).object
        else { return nil }
        members["payment_method"] = JSONValue(intent.paymentMethod)
        members["charges"] = [
            "object": "list", "has_more": false, "url": .string("/v1/charges?payment_intent=\(intent.id)"),
            "data": .array(intent.charges.map { $0.json(intent, livemode: livemode, receipt: behaviour.receipts) }),
        ]
        return .object(members)
    }

    private var requestID: JSONValue { .string("req_" + secrets.random(14)) }

    private func intent(_ id: String, _ stripe: StripeState) -> JSONValue {
        stripe.intents[id]?.json(livemode: livemode, withSecret: true) ?? nil
    }

    private func confirmError(_ code: String, _ message: String) -> ReaderAnswer {
        ok(["confirm_error": ["code": .string(code), "message": .string(message)], "request_id": requestID])
    }

    private func declined(_ id: String, _ code: String, _ declineCode: String?, _ message: String, _ stripe: StripeState) -> ReaderAnswer {
        var error: JSONObject = [
            "type": declineCode == nil ? "api_error" : "card_error", "code": .string(code), "message": .string(message),
            "payment_intent": intent(id, stripe),
        ]
        if let declineCode {
            error["decline_code"] = .string(declineCode)
            error["doc_url"] = "https://stripe.com/docs/error-codes/card-declined"
        }
        return ok(["decline_response": ["error": .object(error)], "request_id": requestID])
    }

    private func answer(to refusal: ConfirmRefusal, stripe: StripeState) -> ReaderAnswer {
        if behaviour.refusalCarriesIntent, let id = refusal.intent {
            return ok([
                "decline_response": [
                    "error": [
                        "type": "invalid_request_error", "code": .string(refusal.code), "message": .string(refusal.message),
                        "payment_intent": intent(id, stripe),
                    ]
                ], "request_id": requestID,
            ])
        }
        return confirmError(refusal.code, refusal.message)
    }
}
