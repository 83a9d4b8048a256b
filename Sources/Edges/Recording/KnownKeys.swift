/// The treatment of a message's field, by the field's name. A field that stands in no list is masked, for it may hold anything.
enum KnownKeys {
    enum Treatment {
        case secret(Pseudonyms.Kind)
        /// The value is kept, but for secrets that are known by now.
        case kept
        /// The value is words for people, and kept as far as they can be shown.
        case prose
        /// The value keeps its form: letters become x and digits 0.
        case masked
    }

    static func treatment(of key: String) -> Treatment {
        if let kind = secrets[key] { return .secret(kind) }
        if kept.contains(key) { return .kept }
        if prose.contains(key) { return .prose }
        let lower = key.lowercased()
        for word in ["token", "secret", "password", "authorization", "credential"] where lower.contains(word) {
            return .secret(.credential)
        }
        return .masked
    }

    /// The names come from the backend's published text, Stripe's reference, and reader-protocol sections 1.2, 2.2 and 3.
    private static let secrets: [String: Pseudonyms.Kind] = [
        "stripe_connection_token": .connectionToken, "pos_activation_token": .connectionToken,
        "client_secret": .clientSecret, "session_token": .session, "sdk_rpc_session": .session, "sdk_rpc_session_token": .session,
        "access_token": .credential, "refresh_token": .credential, "registration_code": .registrationCode,
    ]

    private static let prose: Set<String> = [
        "error", "error_description", "message", "detail", "details", "description", "title", "non_field_errors", "reason",
    ]

    private static let kept: Set<String> = [
        // These are the backend's fields.
        "cart", "amount", "account_balance_payment_amount", "payment_type", "stripe_publishable_api_key", "stripe_location_id",
        "stripe_payment_intent_id", "stripe_setup_intent_id", "status", "order", "user", "partner", "payment_method", "bankcard",
        "location", "label", "terminal_id", "colletion_method", "code", "grant_type", "token_type", "expires_in", "scope",
        // These are Stripe's fields.
        "object", "url", "id", "device_sw_version", "device_type", "ip_address", "base_url", "serial_number", "currency", "type",
        "decline_code", "doc_url", "param", "payment_intent", "charge", "capture_method", "confirmation_method", "brand", "funding",
        "network", "network_status", "outcome", "setup_intent", "starting_after", "limit",
        // These are the readers' fields.
        "pos_device_id", "store_name", "pos_type", "sdk_version", "os_version", "pos_version", "client_type", "client_version",
        "connectivity_status", "transaction_id", "operator_id", "payment_status", "reusable_card_status", "card_brand",
        "card_entry_method", "payment_intent_id", "customer",
    ]
}
