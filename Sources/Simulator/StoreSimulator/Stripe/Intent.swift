import JSON

/// A PaymentIntent at the simulated Stripe.
struct Intent: Sendable, Codable {
    enum Status: String, Sendable, Codable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        /// A customer is in the bank's app.
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    var id: String
    var clientSecret: String
    var cart: String
    /// What the backend asked for, minor units.
    let asked: Int
    /// Minor units. Grows by the tip when it is charged.
    var amount: Int
    /// Somebody changed the amount at Stripe, and no reader knows of it.
    var isChanged = false
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
    /// The id of what it was paid with.
    var paymentMethod: String?

    init(
        id: String, clientSecret: String, cart: String, amount: Int, currency: String, isForReader: Bool, manualCapture: Bool,
        createdAt: Int
    ) {
        self.id = id
        self.clientSecret = clientSecret
        self.cart = cart
        self.asked = amount
        self.amount = amount
        self.currency = currency
        self.isForReader = isForReader
        self.manualCapture = manualCapture
        self.createdAt = createdAt
    }

    /// Money that moved or is held, and was not given back.
    var isCharged: Bool { charges.contains { !$0.released } }

    /// What was authorised, which a partial authorisation makes less than the amount.
    private var authorised: Int { charges.last { !$0.released }?.amount ?? 0 }

    /// The object as Stripe's API shows it.
    func json(livemode: Bool, withSecret: Bool) -> JSONValue {
        let received = status == .succeeded ? authorised : 0
        var object: JSONObject = [
            "id": .string(id), "object": "payment_intent", "amount": .integer(amount),
            "amount_capturable": .integer(status == .requiresCapture ? authorised : 0), "amount_received": .integer(received),
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
    /// What was held, or on its way, was let go: no money moved.
    package var released = false
    package var card: CardShown
}

/// The card that was charged.
package struct CardShown: Sendable, Codable, Equatable {
    package var brand: String
    package var last4: String
    /// As readers name it: CHIP_READ, CONTACTLESS, …
    package var entry: String

    package init(brand: String, last4: String, entry: String) {
        self.brand = brand
        self.last4 = last4
        self.entry = entry
    }

    init(_ script: CustomerScript) {
        self.init(brand: script.brand ?? "VISA", last4: script.last4 ?? "4242", entry: script.entry ?? "CHIP_READ")
    }

    /// Typed into Stripe's form.
    static let typed = CardShown(brand: "VISA", last4: "4242", entry: "KEYED")
}

/// Where a confirmed intent tells what a receipt must bear.
package enum ReceiptShape: String, Sendable, Codable {
    /// In `card_present.receipt`, as Stripe's API has it.
    case nested
    /// Flat in `card_present`, as older declarations have it.
    case flat
    /// Nowhere.
    case none
}

extension Charge {
    /// The charge as it stands in a confirmed intent.
    func json(_ intent: Intent, livemode: Bool, receipt shape: ReceiptShape) -> JSONValue {
        let receipt: JSONObject = [
            "account_type": "credit", "application_cryptogram": "F666F8891F870D33", "application_preferred_name": "VISA CREDIT",
            "authorization_code": "731904", "authorization_response_code": "3030", "cardholder_verification_method": "approval",
            "dedicated_file_name": "A0000000031010", "terminal_verification_results": "8080008000",
            "transaction_status_information": "6800",
        ]
        var card: JSONObject = [
            "brand": .string(self.card.brand.lowercased()), "last4": .string(self.card.last4), "exp_month": 12, "exp_year": 2030,
            "read_method": .string(Self.readMethods[self.card.entry] ?? "contact_emv"),
        ]
        switch shape {
        case .nested: card["receipt"] = .object(receipt)
        case .flat: card = card.adding(receipt)
        case .none: break
        }
        return [
            "id": .string(id), "object": "charge", "amount": .integer(amount), "amount_captured": .integer(captured ? amount : 0),
            "amount_refunded": 0, "captured": .bool(captured), "currency": .string(currency), "livemode": .bool(livemode),
            "paid": true, "payment_intent": .string(self.intent), "payment_method": JSONValue(intent.paymentMethod),
            "payment_method_details": ["type": "card_present", "card_present": .object(card)], "status": "succeeded",
        ]
    }

    private static let readMethods = [
        "CHIP_READ": "contact_emv", "CONTACTLESS": "contactless_emv", "SWIPED": "magnetic_stripe_track2", "KEYED": "manual_entry",
    ]
}

/// An authorisation that the issuer refused.
package struct Decline: Sendable, Codable, Equatable {
    package var code: String
    package var reader: String
    package var at: Int
}
