import JSON
import CheckoutAPI

extension Schema {
    private static let paymentState = words(
        Payment.State.allCases.map(\.rawValue),
        "`succeeded`, `declined`, `canceled`, `canceled_by_customer`, `timed_out` and `failed` are ends.")
    private static let money = words(
        Payment.Money.allCases.map(\.rawValue), "Where the customer's money is. An ended payment never says `unknown`.")

    /// Payments and carts, as the agent answers them.
    static let payments: [(String, JSONValue)] = [
        ("PaymentState", paymentState), ("MoneyState", money),
        (
            "Payment",
            answer(
                "One attempt to be paid. Once it has ended it never changes, but for its `warnings`.",
                required: [
                    ("id", text(.payment, "Chosen by the checkout.")), ("cart", text("The backend's cart.")),
                    ("amount", text("In the major unit, as the checkout wrote it.")),
                    ("account_balance_payment_amount", orNull(text("In the major unit."))),
                    ("currency", orNull(text("Three letters, lower case; null until it is known."))),
                    ("amount_minor", orNull(integer("Without the tip; null until the currency is known."))),
                    ("tip_minor", integer("The tip that the customer chose.")), ("lane", orNull(text("The lane."))),
                    ("reader", orNull(text("`tmr_…`"))), ("reader_label", orNull(text("The reader's label."))),
                    ("state", reference("PaymentState")), ("money", reference("MoneyState")),
                    ("order", orNull(text("The backend's order."))),
                    ("payment_intent", orNull(text("`pi_…`"))),
                    (
                        "amount_charged_minor",
                        orNull(integer("What Stripe says was authorised or charged, with the tip; null while it is not known."))
                    ),
                    ("card", orNull(reference("Card"))), ("receipt", orNull(reference("Receipt"))),
                    ("warnings", list(reference("Warning"), "What a person should know; a technician takes them off.")),
                    (
                        "decides_by",
                        orNull(
                            time(
                                "Of an unresolved payment: when it can be said at the earliest that nothing was taken; null while that is not known."
                            ))
                    ),
                    ("attempts", integer("How many times a card was asked for.")), ("failure", orNull(reference("Failure"))),
                    ("cancel_requested", flag("A cancel was asked for.")), ("created_at", time("When it was accepted.")),
                    ("updated_at", time("When it last changed.")), ("ended_at", orNull(time("When it ended."))),
                    ("timeline", list(reference("TimelineEntry"), "The states that it went through.")),
                ], optional: [("resolved_by", text("The technician who resolved it by hand."))])
        ),
        (
            "Card",
            answer(
                "What may be told of a card; null for a monitor.",
                required: [
                    ("brand", orNull(text("`visa`, …"))), ("last4", orNull(text("The last four digits."))),
                    ("entry", orNull(text("How it was read."))),
                ])
        ),
        (
            "Receipt",
            answer(
                "What a card-present receipt must or may bear, as the confirmed intent told it; null for a monitor.",
                required: [
                    ("application_name", orNull(text("A receipt of one's own must show it."))),
                    ("aid", orNull(text("The application's identifier: a receipt must show it."))),
                    ("account_type", orNull(text("A receipt must show it; optional in the United States."))),
                    ("authorization_code", orNull(text("The issuer's."))),
                    ("authorization_response_code", orNull(text("The issuer's."))),
                    ("cryptogram", orNull(text("The application's cryptogram."))), ("tvr", orNull(text("Terminal verification results."))),
                    ("tsi", orNull(text("Transaction status information."))),
                    ("cvm", orNull(text("How the card holder was verified."))),
                ])
        ),
        (
            "Warning",
            answer(
                "What a person should know of a payment, whether it has ended well or not.",
                required: [
                    ("code", openWords(Payment.WarningCode.known.map(\.rawValue), "What programs decide by.")),
                    ("message", text("What is the matter.")), ("remedy", text("What to do.")),
                ])
        ),
        (
            "Failure",
            answer(
                "Why the payment did not take the money.",
                required: [
                    ("code", openWords(Payment.FailureCode.known.map(\.rawValue), "What programs decide by.")),
                    ("message", text("Fit for a cashier's screen.")),
                ],
                optional: [
                    ("decline_code", text("The issuer's, as Stripe writes it.")), ("remedy", text("What to do.")),
                    ("paid_by", text("With `cart_paid`: the payment that paid the cart.")),
                    ("superseded_by", text("With `superseded`: the payment that took the money.")),
                    ("payment", text("With `cart_unresolved`: the payment to wait for.")),
                ])
        ),
        (
            "TimelineEntry",
            answer("A state that a payment took on.", required: [("state", reference("PaymentState")), ("at", time("When."))])
        ),
        (
            "PaymentList",
            answer(
                "Payments, newest first.", required: [("payments", list(reference("Payment"), "One page of them."))],
                optional: [("next", text("The `before` of the next page; absent on the last."))])
        ),
        (
            "Cart",
            answer(
                "A sale that has begun.",
                required: [
                    ("cart", text("The backend's cart.")), ("lane", orNull(text("The lane."))), ("reader", orNull(text("`tmr_…`"))),
                    ("reader_state", orNull(reference("ReaderState"))), ("reason", orNull(reference("Reason"))),
                    ("warm", reference("Warm")),
                    ("opened_at", time("When it was opened.")),
                ])
        ),
        (
            "Warm",
            answer(
                "What is at hand already for its payment.",
                required: [
                    ("configuration", flag("The backend's configuration.")), ("token", flag("An unspent connection token.")),
                    ("session", flag("A live session with the reader.")), ("currency", flag("The location's currency.")),
                ])
        ),
        (
            "CartStatus",
            answer(
                "What the backend says of the cart now.",
                required: [("status", words(CartStatus.State.allCases.map(\.rawValue), "The backend's word in lower case."))],
                optional: [("order", text("The order, once submitted.")), ("error", text("What the backend says went wrong."))])
        ),
        (
            "StripeConfiguration",
            answer(
                "What Stripe's forms and SDKs need.", required: [("publishable_key", text("`pk_…`"))],
                optional: [("stripe_location", text("`tml_…`, when a cart was named."))])
        ),
        (
            "Intent",
            answer(
                "An intent for keyed entry; relayed, never stored.",
                required: [
                    ("id", text("`pi_…` or `seti_…`")), ("publishable_key", text("`pk_…`")),
                    ("client_secret", text("Opens the intent to whoever holds it.")),
                ])
        ),
        ("ConnectionToken", answer("Handed out once.", required: [("token", text("`pst_…`"))])),
    ]
}
