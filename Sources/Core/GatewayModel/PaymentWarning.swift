/// What a person should know of a payment, however it ended (checkout API, section 3).
package struct PaymentWarning: Sendable, Equatable, Codable {
    package enum Code: String, Sendable, Codable, CaseIterable {
        /// The charged amount differs from the one that the reader showed.
        case chargedAmountDiffers = "charged_amount_differs"
        /// The backend later contradicted a technician's word or `order_failed`.
        case contradicted
        /// The intent for keyed entry was charged beside this payment.
        case chargedTwice = "charged_twice"
        /// The disk has not taken the payment's end yet.
        case notJournaled = "not_journaled"
    }

    package var code: Code
    package var message: String
    package var remedy: String

    package init(_ code: Code, message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

extension PaymentWarning {
    package static func chargedAmountDiffers(shown: Int64, tip: Int64, charged: Int64, currency: Currency) -> PaymentWarning {
        let unit = currency.text.uppercasedASCII
        let withTip = tip == 0 ? "" : " and a tip of \(currency.majorText(tip))"
        return PaymentWarning(
            .chargedAmountDiffers,
            message: "\(currency.majorText(charged)) \(unit) was charged; the reader showed \(currency.majorText(shown))\(withTip).",
            remedy: "Look the payment up in Stripe's dashboard, and settle the difference with the customer.")
    }

    /// The warning that the charged currency differs from the one that the reader showed.
    package static func chargedCurrencyDiffers(shown: Currency, charged: Currency) -> PaymentWarning {
        PaymentWarning(
            .chargedAmountDiffers,
            message: "It was charged in \(charged.text.uppercasedASCII); the reader showed \(shown.text.uppercasedASCII).",
            remedy: "Look the payment up in Stripe's dashboard, and settle the difference with the customer.")
    }

    package static func contradicted(_ words: String) -> PaymentWarning {
        PaymentWarning(
            .contradicted, message: words,
            remedy: "Look the payment up in Stripe's dashboard and the order in the back office, and settle it with the customer there.")
    }

    package static func chargedTwice(_ keyed: IntentID) -> PaymentWarning {
        PaymentWarning(
            .chargedTwice, message: "The card that was typed in for this cart was charged too (\(keyed.text)).",
            remedy: "Give one of the two back in the back office; the customer has paid twice.")
    }

    package static var notJournaled: PaymentWarning {
        PaymentWarning(
            .notJournaled, message: "The disk has not taken the end of this payment yet.",
            remedy: "Look at this box's disk; it is written as soon as it can be, and decided again from evidence after a restart.")
    }
}

/// What a card-present receipt must or may carry, as the confirmed intent tells it. A field is nil when the intent does not tell it.
package struct CardReceipt: Sendable, Hashable, Codable {
    package var applicationName: String?
    /// The application's identifier (the field `dedicated_file_name`).
    package var aid: String?
    package var accountType: String?
    package var authorizationCode: String?
    package var authorizationResponseCode: String?
    package var cryptogram: String?
    package var tvr: String?
    package var tsi: String?
    package var cvm: String?

    package init(
        applicationName: String? = nil, aid: String? = nil, accountType: String? = nil, authorizationCode: String? = nil,
        authorizationResponseCode: String? = nil, cryptogram: String? = nil, tvr: String? = nil, tsi: String? = nil, cvm: String? = nil
    ) {
        self.applicationName = applicationName
        self.aid = aid
        self.accountType = accountType
        self.authorizationCode = authorizationCode
        self.authorizationResponseCode = authorizationResponseCode
        self.cryptogram = cryptogram
        self.tvr = tvr
        self.tsi = tsi
        self.cvm = cvm
    }

    /// Whether the intent told none of it.
    package var isEmpty: Bool { self == CardReceipt() }
}
