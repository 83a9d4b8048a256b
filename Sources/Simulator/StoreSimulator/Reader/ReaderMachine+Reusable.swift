import JSON

extension ReaderMachine {
    /// Serves the four calls that save a card without charging it.
    mutating func serveReusable(_ request: ReaderEnvelope, at now: Int, stripe: inout StripeState) throws(MessageFault) -> ReaderAnswer {
        guard request.method != "confirmReusableCard" else { return try confirmReusable(request, stripe: &stripe) }
        _ = try MessageFields(request.message, request.method, declared: [])
        switch (request.method, state) {
        case ("collectReusableCard", .idle), ("collectReusableCard", .cart):
            let script = scripts.isEmpty ? CustomerScript() : scripts.removeFirst()
            let never = script.neverPresents ?? false
            state = .waitingReusable(
                Reusable(
                    script: script, device: request.device, cardAt: never ? nil : now + (script.cardAfter ?? behaviour.cardAfter),
                    cancelAt: script.cancelsAfter.map { now + $0 }))
            return ok()
        case ("collectReusableCard", .waitingReusable):
            return ok()
        case ("queryCollectReusableCard", .waitingReusable(let reusable)):
            if let cancelAt = reusable.cancelAt, cancelAt <= now {
                goIdle()
                return ok(["reusable_card_status": "REUSABLE_CARD_CANCELED", "num_of_canceled_payments": 1])
            }
            return ok(["reusable_card_status": "REUSABLE_CARD_PENDING", "num_of_canceled_payments": 0])
        case ("queryCollectReusableCard", .reusableCollected(let reusable)):
            return ok([
                "reusable_card_status": "REUSABLE_CARD_PENDING", "num_of_canceled_payments": 0,
                "reusable_card_method": [
                    "card_payment": [
                        "masked_pan": .string("************\(reusable.script.last4 ?? "4242")"),
                        "card_brand": .string(reusable.script.brand ?? "VISA"),
                        "card_entry_method": .string(reusable.script.entry ?? "CHIP_READ"),
                    ]
                ],
            ])
        case ("cancelCollectReusableCard", .waitingReusable), ("cancelCollectReusableCard", .reusableCollected):
            goIdle()
            return ok()
        default:
            return wrongOrder(request.method)
        }
    }

    private mutating func confirmReusable(_ request: ReaderEnvelope, stripe: inout StripeState) throws(MessageFault) -> ReaderAnswer {
        let fields = try MessageFields(request.message, request.method, declared: ["reusable_card_method", "customer"])
        _ = try fields.required("reusable_card_method")
        guard case .reusableCollected(let reusable) = state else { return wrongOrder(request.method) }
        goIdle()
        let request: JSONValue = .string("req_" + secrets.random(14))
        guard behaviour.savesContactless || reusable.script.entry != "CONTACTLESS" else {
            return ok([
                "confirm_error": ["code": "card_not_supported", "message": "A contactless card cannot be saved."], "request_id": request,
            ])
        }
        guard hasInternet else {
            return ok([
                "confirm_error": ["code": "api_connection_error", "message": "The reader could not reach Stripe."], "request_id": request,
            ])
        }
        if case .decline(let code) = reusable.script.outcome {
            return ok(["confirm_error": ["code": .string(code), "message": "Your card was declined."], "request_id": request])
        }
        let card = stripe.saveCard()
        return ok([
            // The wire spells it so.
            "created_reusuable_card": [
                "id": .string(card), "object": "payment_method", "type": "card",
                "card": ["brand": "visa", "last4": .string(reusable.script.last4 ?? "4242")],
            ], "request_id": request,
        ])
    }
}
