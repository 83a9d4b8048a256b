import GatewayModel

/// What a confirmed intent tells for a receipt, and of what was charged (reader-protocol, section 14).
enum ReceiptWords {
    /// From the intent's last charge: nested in `receipt`, or flat as older declarations have it. Nil where nothing is told.
    static func receipt(intent: JSONValue) -> CardReceipt? {
        let details = lastCharge(intent)?["payment_method_details"]
        guard let card = details?["card_present"] ?? details?["interac_present"] else { return nil }
        func word(_ key: String) -> String? {
            guard let text = card["receipt"]?[key]?.string ?? card[key]?.string else { return nil }
            let cleaned = SafeText.clean(text, limit: 64)
            return cleaned.isEmpty ? nil : cleaned
        }
        let receipt = CardReceipt(
            applicationName: word("application_preferred_name"), aid: word("dedicated_file_name"), accountType: word("account_type"),
            authorizationCode: word("authorization_code"), authorizationResponseCode: word("authorization_response_code"),
            cryptogram: word("application_cryptogram"), tvr: word("terminal_verification_results"),
            tsi: word("transaction_status_information"), cvm: word("cardholder_verification_method"))
        return receipt.isEmpty ? nil : receipt
    }

    /// What was authorised or charged, in minor units: less than the intent's amount where the issuer authorised a part.
    static func charged(intent: JSONValue) -> Int64? {
        let told = [lastCharge(intent)?["amount"], intent["amount_received"], intent["amount_capturable"]]
        // Zero is how the mapping of protocol buffers writes "not set".
        let amounts = 0...MinorUnits.largest
        return told.lazy.compactMap { $0?.integer }.first { $0 > 0 && amounts.contains($0) }
            ?? intent["amount"]?.integer.flatMap { amounts.contains($0) ? $0 : nil }
    }

    private static func lastCharge(_ intent: JSONValue) -> JSONValue? {
        guard let charges = intent["charges"]?["data"]?.array else { return intent["latest_charge"] }
        // Declined tries stand among them; the newest is not first or last by any promise.
        return charges.first { $0["status"]?.string == "succeeded" || $0["paid"] == .bool(true) } ?? charges.first
    }
}
