import TextSafety
import JSON
import GatewayModel

/// What a confirmed intent says for a receipt, and of the amount that was charged (reader-protocol, section 14).
enum ReceiptWords {
    /// The receipt from the intent's last charge: nested in `receipt`, or flat as older declarations have it. It is nil where the charge
    /// says nothing.
    static func receipt(intent: JSONValue) -> CardReceipt? {
        let details = lastCharge(intent)?.field("payment_method_details")
        guard let card = details?.field("card_present") ?? details?.field("interac_present") else { return nil }
        func word(_ key: String) -> String? {
            guard let text = card.field("receipt")?.field(key)?.string ?? card.field(key)?.string else { return nil }
            let cleaned = Shown.line(text, limit: 64)
            return cleaned.isEmpty ? nil : cleaned
        }
        let receipt = CardReceipt(
            applicationName: word("application_preferred_name"), aid: word("dedicated_file_name"), accountType: word("account_type"),
            authorizationCode: word("authorization_code"), authorizationResponseCode: word("authorization_response_code"),
            cryptogram: word("application_cryptogram"), tvr: word("terminal_verification_results"),
            tsi: word("transaction_status_information"), cvm: word("cardholder_verification_method"))
        return receipt.isEmpty ? nil : receipt
    }

    /// The amount that was authorised or charged, in minor units. It is less than the intent's amount where the issuer authorised a part.
    static func charged(intent: JSONValue) -> Int64? {
        let told = [lastCharge(intent)?.field("amount"), intent.field("amount_received"), intent.field("amount_capturable")]
        // Zero is how the mapping of protocol buffers writes "not set".
        let amounts = 0...MinorUnits.largest
        return told.lazy.compactMap { $0?.protoInteger }.first { $0 > 0 && amounts.contains($0) }
            ?? intent.field("amount")?.protoInteger.flatMap { amounts.contains($0) ? $0 : nil }
    }

    private static func lastCharge(_ intent: JSONValue) -> JSONValue? {
        guard let charges = intent.field("charges")?.field("data")?.array else { return intent.field("latest_charge") }
        // Declined tries stand among the charges. No promise says whether the newest is first or last.
        return charges.first { $0.field("status")?.string == "succeeded" || $0.field("paid") == .bool(true) } ?? charges.first
    }
}
