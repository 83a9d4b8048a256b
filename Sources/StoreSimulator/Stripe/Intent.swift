/// A PaymentIntent at the simulated Stripe.
struct Intent: Sendable {
    enum Status: String, Sendable, Codable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    var id: String
    var clientSecret: String
    var cart: String
    /// Minor units. Grows by the tip when it is charged.
    var amount: Int
    var currency: String
    /// Made for a reader (`card_present`), not for Stripe's form.
    var isForReader: Bool
    var manualCapture: Bool
    var createdAt: Int
    var status = Status.requiresPaymentMethod
    /// A newer intent was made for the same cart.
    var isReplaced = false
    var charges: [Charge] = []
    var declines: [Decline] = []

    var isCharged: Bool { !charges.isEmpty }

    /// The object as Stripe's API shows it.
    func json(livemode: Bool, withSecret: Bool) -> JSONValue {
        let received = status == .succeeded ? amount : 0
        var object: [String: JSONValue] = [
            "id": .string(id), "object": "payment_intent", "amount": .integer(amount),
            "amount_capturable": .integer(status == .requiresCapture ? amount : 0), "amount_received": .integer(received),
            "capture_method": manualCapture ? "manual" : "automatic", "currency": .string(currency), "livemode": .bool(livemode),
            "created": .integer(1_700_000_000 + createdAt / 1000), "status": .string(status.rawValue),
            "payment_method_types": isForReader ? ["card_present"] : ["card"], "canceled_at": nil, "description": nil,
            "last_payment_error": nil, "latest_charge": JSONValue(charges.last?.id), "metadata": ["cart": .string(cart)],
        ]
        if let decline = declines.last, status == .requiresPaymentMethod {
            object["last_payment_error"] = [
                "type": "card_error", "code": "card_declined", "decline_code": .string(decline.code),
                "message": "Your card was declined.",
            ]
        }
        if withSecret { object["client_secret"] = .string(clientSecret) }
        return .object(object)
    }
}

/// Money that moved, or that is held for a manual capture. One per successful authorisation.
package struct Charge: Sendable, Codable, Equatable {
    package var id: String
    package var intent: String
    package var cart: String
    /// Minor units, tip included.
    package var amount: Int
    package var tip: Int
    package var currency: String
    /// The reader's serial number; nil for a charge made by the control route.
    package var reader: String?
    /// Milliseconds since the store opened.
    package var at: Int
    /// False while a manual capture waits for its order.
    package var captured: Bool
}

/// An authorisation that the issuer refused.
package struct Decline: Sendable, Codable, Equatable {
    package var code: String
    package var reader: String
    package var at: Int
}
