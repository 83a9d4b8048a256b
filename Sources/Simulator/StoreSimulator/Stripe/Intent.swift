import JSON

/// A PaymentIntent at the simulated Stripe.
struct Intent: Sendable, Codable {
    enum Status: String, Sendable, Codable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        /// The customer is in the bank's app.
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case succeeded
        case canceled
    }

    var id: String
    var clientSecret: String
    var cart: String
    /// The amount that the backend asked for, in minor units.
    let asked: Int
    /// The amount in minor units. It grows by the tip when the intent is charged.
    var amount: Int
    /// A person changed the amount at Stripe, and no reader knows of it.
    var isChanged = false
    var currency: String
    /// The intent is for a reader (`card_present`), and not for Stripe's form.
    var isForReader: Bool
    var manualCapture: Bool
    var createdAt: Int
    var status = Status.requiresPaymentMethod
    /// A newer intent was made for the same cart.
    var isReplaced = false
    var charges: [Charge] = []
    var declines: [Decline] = []
    /// The id of the payment method.
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

    /// Whether money moved or is held, and was not given back.
    var isCharged: Bool { charges.contains { !$0.released } }

    /// The amount that was authorised, which a partial authorisation makes less than the intent's.
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

/// Money that moved, or that is held for a manual capture. There is one for each successful authorisation.
package struct Charge: Sendable, Codable, Equatable {
    package var id: String
    package var intent: String
    package var cart: String
    /// The amount in minor units, with the tip.
    package var amount: Int
    package var tip: Int
    package var currency: String
    /// The reader's serial number. It is nil for a charge that the control route made.
    package var reader: String?
    /// The moment in milliseconds since the store opened.
    package var at: Int
    /// The charge is captured. This is false while a manual capture waits for its order.
    package var captured: Bool
    /// The money that was held, or on its way, was released, and none moved.
    package var released = false
    package var card: CardShown
}

/// The card that was charged.
package struct CardShown: Sendable, Codable, Equatable {
    package var brand: String
    package var last4: String
    /// The entry method as readers name it: CHIP_READ, CONTACTLESS, …
    package var entry: String

    package init(brand: String, last4: String, entry: String) {
        self.brand = brand
        self.last4 = last4
        self.entry = entry
    }

    init(_ script: CustomerScript) {
        self.init(brand: script.brand ?? "VISA", last4: script.last4 ?? "4242", entry: script.entry ?? "CHIP_READ")
    }

    /// A card that was typed into Stripe's form.
    static let typed = CardShown(brand: "VISA", last4: "4242", entry: "KEYED")
}

/// The place where a confirmed intent gives the facts that a receipt must show.
package enum ReceiptShape: String, Sendable, Codable {
    /// The facts stand in `card_present.receipt`, as Stripe's API has it.
    case nested
    /// The facts stand flat in `card_present`, as older declarations have it.
    case flat
    /// The facts are missing.
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
