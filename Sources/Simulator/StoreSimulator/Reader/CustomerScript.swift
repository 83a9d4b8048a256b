/// What the customer at a reader, and the issuer of their card, will do at the next collect. Times are milliseconds. A field that is nil is
/// as usual.
package struct CustomerScript: Sendable, Codable, Equatable {
    /// The time from the collect to the card.
    package var cardAfter: Int?
    /// The time from the collect to the customer's pressing cancel. The cancel comes instead of a card when it is earlier.
    package var cancelsAfter: Int?
    package var neverPresents: Bool?
    /// A brand as readers name it: VISA, MASTERCARD, AMERICAN_EXPRESS, …
    package var brand: String?
    package var last4: String?
    /// The entry method: CHIP_READ, CONTACTLESS, SWIPED, …
    package var entry: String?
    /// The tip that the customer chooses, in minor units. It counts only where the collect offered one.
    package var tip: Int?
    /// The time from the confirm to the issuer's answer.
    package var confirmTakes: Int?
    /// The reader asks for the PIN during confirm, which lengthens it.
    package var pin: Bool?
    /// The decline code with which the card's first try is refused. The reader goes on within the same confirm: insertion, or the PIN.
    package var refusedFirst: String?
    /// The time from that refusal to the issuer's answer to the second try. Nil means the time of a PIN.
    package var secondTakes: Int?
    /// The part that the issuer approves (partial authorisation), in minor units.
    package var authorises: Int?
    package var outcome: IssuerOutcome?

    package init(
        cardAfter: Int? = nil, cancelsAfter: Int? = nil, neverPresents: Bool? = nil, brand: String? = nil, last4: String? = nil,
        entry: String? = nil, tip: Int? = nil, confirmTakes: Int? = nil, pin: Bool? = nil, refusedFirst: String? = nil,
        secondTakes: Int? = nil, authorises: Int? = nil, outcome: IssuerOutcome? = nil
    ) {
        self.cardAfter = cardAfter
        self.cancelsAfter = cancelsAfter
        self.neverPresents = neverPresents
        self.brand = brand
        self.last4 = last4
        self.entry = entry
        self.tip = tip
        self.confirmTakes = confirmTakes
        self.pin = pin
        self.refusedFirst = refusedFirst
        self.secondTakes = secondTakes
        self.authorises = authorises
        self.outcome = outcome
    }
}

/// The end of an authorisation.
package enum IssuerOutcome: Sendable, Codable, Equatable {
    case approve
    /// The answer is a `decline_response` with this decline code.
    case decline(String)
    /// The intent is charged, and the answer is a `decline_response` whose intent has succeeded: the reader has asked twice and met its own
    /// charge.
    case meetsOwnCharge
    /// The intent goes to `processing`: the money is on its way, and is captured with the order.
    case processing
    /// The connection between the reader and Stripe fails: the intent goes to `requires_confirmation`, and the card may be confirmed again.
    case requiresConfirmation
    /// The reader's request to Stripe timed out. The answer is a `confirm_error` without an intent, whether the money was taken or not.
    case unknown(charged: Bool)
    /// The answer is a `confirm_error` with this code. Nothing is charged.
    case error(String)

    /// What the last two digits of an amount order (Stripe's test amounts), and whether the reader asks for a PIN.
    static func byAmount(_ amount: Int) -> (outcome: IssuerOutcome, pin: Bool) {
        switch amount % 100 {
        case 1: (.decline("call_issuer"), false)
        case 2, 3: (.approve, true)
        case 5: (.decline("generic_decline"), false)
        case 55: (.decline("incorrect_pin"), false)
        case 65: (.decline("withdrawal_count_limit_exceeded"), false)
        case 75: (.decline("pin_try_exceeded"), false)
        default: (.approve, false)
        }
    }

    /// Reads the outcome from one word, for JSON and the command line: `approve`, `decline:generic_decline`, `unknown:charged`, …
    package init?(text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let argument = parts.count > 1 ? parts[1] : nil
        switch (parts.first, argument) {
        case ("approve", nil): self = .approve
        case ("decline", let code): self = .decline(code ?? "generic_decline")
        case ("meets_own_charge", nil): self = .meetsOwnCharge
        case ("processing", nil): self = .processing
        case ("requires_confirmation", nil): self = .requiresConfirmation
        case ("unknown", "charged"): self = .unknown(charged: true)
        case ("unknown", nil): self = .unknown(charged: false)
        case ("error", let code): self = .error(code ?? "processing_error")
        default: return nil
        }
    }

    package var text: String {
        switch self {
        case .approve: "approve"
        case .decline(let code): "decline:\(code)"
        case .meetsOwnCharge: "meets_own_charge"
        case .processing: "processing"
        case .requiresConfirmation: "requires_confirmation"
        case .unknown(let charged): charged ? "unknown:charged" : "unknown"
        case .error(let code): "error:\(code)"
        }
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let outcome = IssuerOutcome(text: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no such outcome: \(text)"))
        }
        self = outcome
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(text)
    }
}
