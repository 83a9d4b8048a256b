/// What a checkout asks for with `PUT /v1/payments/{id}`.
public struct PaymentBody: Sendable, Hashable, Codable {
    public var cart: String
    /// The amount in the major unit: digits, with at most three decimals after a point; greater than zero.
    public var amount: String
    public var accountBalancePaymentAmount: String?
    public var lane: String?
    /// A `tmr_` id, a serial number, or a label that one reader has.
    public var reader: String?
    /// How long the customer may take to present a card: 5 to 600 seconds; the settings' default when nil.
    public var timeoutSeconds: Int?
    public var display: Display?
    public var tip: Tip?
    /// Says that the keyed-entry form of this cart is closed and unpaid.
    public var afterKeyedEntry: Bool?

    public init(
        cart: String, amount: String, accountBalancePaymentAmount: String? = nil, lane: String? = nil, reader: String? = nil,
        timeoutSeconds: Int? = nil, display: Display? = nil, tip: Tip? = nil, afterKeyedEntry: Bool? = nil
    ) {
        self.cart = cart
        self.amount = amount
        self.accountBalancePaymentAmount = accountBalancePaymentAmount
        self.lane = lane
        self.reader = reader
        self.timeoutSeconds = timeoutSeconds
        self.display = display
        self.tip = tip
        self.afterKeyedEntry = afterKeyedEntry
    }

    enum CodingKeys: String, CodingKey {
        case cart, amount, lane, reader, display, tip
        case accountBalancePaymentAmount = "account_balance_payment_amount"
        case timeoutSeconds = "timeout_s"
        case afterKeyedEntry = "after_keyed_entry"
    }
}

/// Tips that the reader offers.
public struct Tip: Sendable, Hashable, Codable {
    /// One of the tips that the reader offers.
    public struct Option: Sendable, Hashable, Codable {
        public var label: String
        public var amountMinor: Int64

        public init(label: String, amountMinor: Int64) {
            self.label = label
            self.amountMinor = amountMinor
        }

        enum CodingKeys: String, CodingKey {
            case label
            case amountMinor = "amount_minor"
        }
    }

    /// One to three tips, in the order in which they are shown.
    public var options: [Option]
    public var hideCustomAmount: Bool?

    public init(options: [Option], hideCustomAmount: Bool? = nil) {
        self.options = options
        self.hideCustomAmount = hideCustomAmount
    }

    enum CodingKeys: String, CodingKey {
        case options
        case hideCustomAmount = "hide_custom_amount"
    }
}

/// A cart on the reader's screen. It charges nothing.
public struct Display: Sendable, Hashable, Codable {
    /// A line of a cart, as the customer sees it.
    public struct LineItem: Sendable, Hashable, Codable {
        public var description: String
        /// The line's amount in minor units, for all of its quantity; negative for a discount.
        public var amountMinor: Int64
        public var quantity: Int64

        public init(description: String, amountMinor: Int64, quantity: Int64) {
            self.description = description
            self.amountMinor = amountMinor
            self.quantity = quantity
        }

        enum CodingKeys: String, CodingKey {
            case description, quantity
            case amountMinor = "amount_minor"
        }
    }

    /// The currency in three letters (ISO 4217).
    public var currency: String
    public var totalMinor: Int64
    public var taxMinor: Int64?
    public var lineItems: [LineItem]

    public init(currency: String, totalMinor: Int64, taxMinor: Int64? = nil, lineItems: [LineItem]) {
        self.currency = currency
        self.totalMinor = totalMinor
        self.taxMinor = taxMinor
        self.lineItems = lineItems
    }

    enum CodingKeys: String, CodingKey {
        case currency
        case totalMinor = "total_minor"
        case taxMinor = "tax_minor"
        case lineItems = "line_items"
    }
}

/// `POST /v1/payments/{id}/resolve`: a technician says how an unresolved payment ended.
public struct ResolveBody: Sendable, Hashable, Codable {
    /// What the technician found.
    public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
        case succeeded, failed
    }

    public var outcome: Outcome
    /// The backend's order, when the payment succeeded and it is known.
    public var order: String?
    /// The technician's reason; it is journaled.
    public var note: String

    public init(outcome: Outcome, order: String? = nil, note: String) {
        self.outcome = outcome
        self.order = order
        self.note = note
    }
}
