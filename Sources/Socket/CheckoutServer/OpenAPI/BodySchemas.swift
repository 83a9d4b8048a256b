import JSON
import CheckoutAPI

extension Schema {
    private static let amount = text(.amount, "In the major unit: a decimal string, greater than zero.")
    private static let balance = text(.amountOrZero, "What is paid from the customer's account balance, in the major unit.")
    private static let cart = text(.cart, "The backend's cart.")
    private static let lane = text(.name, "The lane (till), as the settings name it.")
    private static let reader = text(.name, "A `tmr_` id, a serial number, or a label that one reader has.")

    /// What callers send.
    static let bodies: [(String, JSONValue)] = [
        (
            "PaymentBody",
            body(
                "One attempt to be paid.", required: [("cart", cart), ("amount", amount)],
                optional: [
                    ("account_balance_payment_amount", balance), ("lane", lane), ("reader", reader),
                    (
                        "timeout_s",
                        integer(
                            Bounds.timeoutSeconds,
                            "How long the customer may take to present a card; 120 unless the settings say otherwise.")
                    ),
                    ("display", reference("Display")), ("tip", reference("Tip")),
                    ("after_keyed_entry", flag("The keyed-entry form of this cart is closed and unpaid.")),
                ])
        ),
        (
            "Display",
            body(
                "A cart on the reader's screen. It charges nothing.",
                required: [
                    ("currency", text(.currency, "ISO 4217.")),
                    ("total_minor", integer(Bounds.minor, "In minor units: what the lines come to, with tax_minor on top or in it.")),
                    ("line_items", list(reference("LineItem"), count: Bounds.lineItems, "In the order in which they are shown.")),
                ], optional: [("tax_minor", integer(Bounds.minor, "In minor units."))])
        ),
        (
            "LineItem",
            body(
                "A line of a cart.",
                required: [
                    ("description", text(.itemDescription, "What it is.")),
                    ("amount_minor", integer(Bounds.signedMinor, "In minor units, for all of its quantity; negative for a discount.")),
                    ("quantity", integer(Bounds.quantity, "How many.")),
                ])
        ),
        (
            "Tip",
            body(
                "Tips that the reader offers.",
                required: [("options", list(reference("TipOption"), count: Bounds.tipOptions, "As the customer sees them."))],
                optional: [("hide_custom_amount", flag("The customer cannot enter another amount."))])
        ),
        (
            "TipOption",
            body(
                "One tip.",
                required: [
                    ("label", text(.tipLabel, "As the reader shows it.")), ("amount_minor", integer(Bounds.minor, "In minor units.")),
                ])
        ),
        (
            "ResolveBody",
            body(
                "How an unresolved payment ended, as a technician found out.",
                required: [
                    ("outcome", words(ResolveBody.Outcome.allCases.map(\.rawValue), "Whether the money was taken.")),
                    ("note", text(.note, "Why; it is journaled.")),
                ], optional: [("order", text(.name, "The backend's order."))])
        ),
        (
            "AcknowledgeBody",
            body("A technician has seen to the warnings.", required: [("note", text(.note, "What was found and done; it is journaled."))])
        ),
        (
            "RegisterBody",
            body(
                "The reader that shows this code.",
                required: [
                    (
                        "registration_code",
                        text(
                            .registrationCode,
                            "The words that the reader shows, in any case, with hyphens or blanks between. Used once, kept nowhere.")
                    ),
                    ("label", text(.label, "What it is to be called.")),
                ], optional: [("location", text(.name, "The backend's location, when it is another than the agent's own."))])
        ),
        ("LabelBody", body("Another label.", required: [("label", text(.label, "What the reader is to be called."))])),
        (
            "ConnectBody",
            body(
                "A session that is wanted now.", required: [],
                optional: [("cart", cart), ("take_over", flag("Also from another point of sale that uses the reader."))])
        ),
        ("CartBody", body("Where the sale will be paid.", required: [], optional: [("lane", lane), ("reader", reader)])),
        (
            "IntentBody",
            body(
                "An intent for keyed entry.", required: [("cart", cart), ("amount", amount)],
                optional: [("account_balance_payment_amount", balance)])
        ),
        ("SetupIntentBody", body("An intent to keep a card that is keyed in.", required: [("user", text(.name, "The backend's user."))])),
        ("ConnectionTokenBody", body("For a checkout that runs Stripe's SDK itself.", required: [("cart", cart)])),
        (
            "ReleaseBody",
            body(
                "What is expected to have the reader: a payment or a card set-up. Exactly one of the two is named.", required: [],
                optional: [("payment", text(.payment, "The payment's id.")), ("card_setup", text(.payment, "The card set-up's id."))])
        ),
        ("AcceptLossBody", body("Why the agent may go on without it.", required: [("note", text(.note, "Why; it is journaled."))])),
        ("NoBody", body("Nothing: an empty object, or no body at all.", required: [])),
    ]
}
