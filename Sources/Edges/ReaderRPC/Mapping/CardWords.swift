import TextSafety
import JSON
import GatewayModel

/// What may be shown of a card, from the several shapes in which readers and Stripe tell it.
enum CardWords {
    /// The summary from a query's `payment_method` (reader-protocol, section 3.6). Today's readers are expected to withhold these fields.
    static func summary(collected method: JSONValue) -> CardSummary {
        let card = method.field("card_payment")
        return CardSummary(
            brand: Wire.cardBrands.name(card?.field("card_brand")).flatMap(readerBrand),
            last4: card?.field("masked_pan")?.string.flatMap(last4),
            entry: Wire.entryMethods.name(card?.field("card_entry_method")).flatMap(readerEntry))
    }

    /// The summary from a PaymentIntent: from the payment method in it, else from its latest charge.
    static func summary(intent: JSONValue) -> CardSummary? {
        let charge = intent.field("charges")?.field("data")?[0] ?? intent.field("latest_charge")
        for details in [intent.field("payment_method"), charge?.field("payment_method_details")] {
            guard let card = details?.field("card_present") ?? details?.field("interac_present") else { continue }
            let summary = CardSummary(
                brand: card.field("brand")?.string.flatMap(word), last4: card.field("last4")?.string.flatMap(last4),
                entry: card.field("read_method")?.string.flatMap(stripeEntry))
            if summary.brand != nil || summary.last4 != nil || summary.entry != nil { return summary }
        }
        return nil
    }

    /// The last four characters, when they are digits.
    private static func last4(_ pan: String) -> String? {
        let tail = pan.utf8.suffix(4)
        guard tail.count == 4, tail.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return String(decoding: tail, as: UTF8.self)
    }

    private static func readerBrand(_ brand: String) -> String? {
        switch brand {
        case "INVALID_CREDIT_CARD_BRAND", "UNKNOWN_CREDIT": nil
        // The number is an unknown one.
        case let number where number.utf8.allSatisfy { (48...57).contains($0) }: nil
        case "AMERICAN_EXPRESS": "amex"
        case "CUP": "unionpay"
        default: word(brand)
        }
    }

    private static func readerEntry(_ entry: String) -> String? {
        switch entry {
        case "CHIP_READ": "chip"
        case "CONTACTLESS": "contactless"
        case "SWIPED", "FSWIPE": "swiped"
        case "KEYED": "keyed"
        case "BARCODE_READ": "barcode"
        default: nil
        }
    }

    private static func stripeEntry(_ method: String) -> String? {
        switch method {
        case "contact_emv": "chip"
        case "contactless_emv", "contactless_magstripe_mode": "contactless"
        case "magnetic_stripe_fallback", "magnetic_stripe_track2": "swiped"
        default: nil
        }
    }

    /// A short word in lower case, or nil.
    private static func word(_ text: String) -> String? {
        let cleaned = Shown.line(text, limit: 32).lowercased()
        return cleaned.isEmpty ? nil : cleaned
    }
}
