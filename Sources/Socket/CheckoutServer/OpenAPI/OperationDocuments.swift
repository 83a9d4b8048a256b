import JSON
import CheckoutAPI

extension OperationDocument {
    static let getInfo = OperationDocument(
        id: "getInfo", tag: "agent", summary: "What the agent is, and who is asking",
        description: "Versions, mode, uptime, and the caller's role and credentials as the kernel says.",
        answers: [ok("The agent.", "Info", [("info", Examples.json(Examples.info))])])

    static let getStatus = OperationDocument(
        id: "getStatus", tag: "agent", summary: "Whether a payment can be taken now",
        description: "And, if not, why: backend, journal, readers, lanes, open payments.",
        answers: [ok("How things are.", "Status", [("status", Examples.json(Examples.status))])])

    static let getOpenAPI = OperationDocument(
        id: "getOpenAPI", tag: "agent", summary: "This document", description: "OpenAPI 3.1.",
        answers: [
            Answer(status: 200, description: "This document.", schema: ["type": "object", "required": ["openapi", "info", "paths"]])
        ])

    static let streamEvents = OperationDocument(
        id: "streamEvents", tag: "agent", summary: "What happens, as it happens",
        description: "Payment events come from the journal and survive a restart; the other topics are live.",
        parameters: [
            after,
            [
                "name": "topics", "in": "query", "required": false, "style": "form", "explode": false,
                "description": "Which topics; all of them without it.",
                "schema": [
                    "type": "array", "minItems": 1,
                    "items": ["type": "string", "enum": .array(Event.Topic.known.map { .string($0.rawValue) })],
                ],
            ],
        ], answers: [stream])

    static let openCart = OperationDocument(
        id: "openCart", tag: "carts", summary: "A sale has begun",
        description: "The agent gets what the payment will need before it is needed. Answers at once; repeating is harmless.",
        parameters: [cart], body: ("CartBody", Examples.json(CartBody(lane: "till-1"))),
        answers: [ok("The cart.", "Cart", [("cart", Examples.json(Examples.cart))])])

    static let closeCart = OperationDocument(
        id: "closeCart", tag: "carts", summary: "The sale is over",
        description: "Clears the display and drops the token. A cart left alone for 30 minutes is dropped.", parameters: [cart],
        answers: [noContent])

    static let displayCart = OperationDocument(
        id: "displayCart", tag: "carts", summary: "Show the cart on the reader",
        description: "Never while a payment runs there. It charges nothing.", parameters: [cart],
        body: ("Display", Examples.json(Examples.paymentBody.display)), answers: [noContent])

    static let getCartStatus = OperationDocument(
        id: "getCartStatus", tag: "carts", summary: "What the backend says of the cart",
        description: "Asked of the backend now.", parameters: [cart],
        answers: [
            ok("The cart's status.", "CartStatus", [("submitted", Examples.json(CartStatus(status: .submitted, order: "8812")))])
        ])

    static let createPayment = OperationDocument(
        id: "createPayment", tag: "payments", summary: "Take a payment",
        description:
            "The same id with the same body never starts a second payment: it attaches to the one that runs, or answers the one "
            + "that ended. A decline is an answer, not an error. An error means that no payment exists because of this request.",
        parameters: [payment, wait], body: ("PaymentBody", Examples.json(Examples.paymentBody)),
        answers: [
            ok(
                status: 200, "The payment was known already.", "Payment",
                [("succeeded", Examples.json(Examples.succeeded)), ("declined", Examples.json(Examples.declined))]),
            ok(status: 201, "The payment has begun.", "Payment", [("waiting", Examples.json(Examples.waiting))]),
        ])

    static let getPayment = OperationDocument(
        id: "getPayment", tag: "payments", summary: "What became of a payment",
        description: "Readable for as long as the journal keeps it.", parameters: [payment, wait],
        answers: [ok("The payment.", "Payment", [("succeeded", Examples.json(Examples.succeeded))])])

    static let listPayments = OperationDocument(
        id: "listPayments", tag: "payments", summary: "Payments, newest first",
        description: "In pages: `next` of one is `before` of the following.",
        parameters: [
            query("cart", Schema.text(.cart, "Of this cart only.")),
            query("state", Schema.words(Payment.State.allCases.map(\.rawValue), "In this state only.")),
            query("lane", Schema.text(.name, "Of this lane only.")),
            query("limit", Schema.integer(Bounds.pageLimit, "How many at most; \(Bounds.defaultPageLimit) without it.")),
            query("before", Schema.text(.opaque, "The `next` of the page before.")),
        ],
        answers: [
            ok(
                "A page of payments.", "PaymentList",
                [("one", Examples.json(PaymentList(payments: [Examples.succeeded], next: "4711")))])
        ])

    static let streamPaymentEvents = OperationDocument(
        id: "streamPaymentEvents", tag: "payments", summary: "A payment's events",
        description: "From its beginning, or from the cursor, until it has ended.", parameters: [payment, after], answers: [stream])

    static let cancelPayment = OperationDocument(
        id: "cancelPayment", tag: "payments", summary: "Ask for a payment to be canceled",
        description: "The state says when and how it ended. Once the card is being charged it changes nothing but `cancel_requested`.",
        parameters: [payment], body: ("NoBody", [:]),
        answers: [ok(status: 202, "Asked for.", "Payment", [("canceling", Examples.json(Examples.canceling))])])

    static let acknowledgePayment = OperationDocument(
        id: "acknowledgePayment", tag: "payments",
        summary: "Take a payment's warnings off",
        description:
            "By a technician who has seen to them. A cart that was held because its order failed is held no more. Who, when and why are "
            + "journaled.", parameters: [payment],
        body: ("AcknowledgeBody", Examples.json(AcknowledgeBody(note: "The difference was given back."))),
        answers: [ok("Without its warnings.", "Payment", [("acknowledged", Examples.json(Examples.succeeded))])])

    static let resolvePayment = OperationDocument(
        id: "resolvePayment", tag: "payments", summary: "Say how an unresolved payment ended",
        description: "By a technician, on evidence from outside. Who, when and why are journaled.", parameters: [payment],
        body: ("ResolveBody", Examples.json(ResolveBody(outcome: .failed, note: "No charge is in Stripe's dashboard."))),
        answers: [ok("Resolved.", "Payment", [("resolved", Examples.json(Examples.resolved))])])

    static let listReaders = OperationDocument(
        id: "listReaders", tag: "readers", summary: "All readers",
        description: "With `refresh`, the backend and Stripe are asked again first.",
        parameters: [query("refresh", Schema.flag("Ask again first."))],
        answers: [
            ok(
                "The readers.", "ReaderList",
                [("readers", Examples.json(ReaderList(readers: [Examples.reader, Examples.unreachable])))])
        ])

    static let getReader = OperationDocument(
        id: "getReader", tag: "readers", summary: "One reader",
        description: "By its `tmr_` id, its serial number, or a label that one reader has.",
        parameters: [path("reader", Schema.text(.name, "The reader's name, percent-encoded."))],
        answers: [ok("The reader.", "Reader", [("ready", Examples.json(Examples.reader))])])

    static let listDevices = OperationDocument(
        id: "listDevices", tag: "devices", summary: "Everything seen on USB and the LAN",
        description: "Registered or not, driveable or not, each with what it is and, if it cannot be driven, why.",
        answers: [
            ok(
                "The devices.", "DeviceList",
                [("devices", Examples.json(DeviceList(devices: [Examples.readerLink, Examples.pinPad])))])
        ])

    static let getConfiguration = OperationDocument(
        id: "getConfiguration", tag: "intents", summary: "What Stripe's forms and SDKs need",
        description: "Relayed from the backend.",
        parameters: [query("cart", Schema.text(.cart, "With the cart, Stripe's location too."))],
        answers: [
            ok(
                "The configuration.", "StripeConfiguration",
                [("configuration", Examples.json(Configuration(publishableKey: "pk_test_123", stripeLocation: "tml_123")))])
        ])

    static let createPaymentIntent = OperationDocument(
        id: "createPaymentIntent", tag: "intents", summary: "An intent for keyed entry",
        description:
            "For a checkout that takes card numbers in Stripe's own form when no reader can serve. Relayed, never stored, logged or "
            + "replayed. From here on a reader payment of this cart is refused unless it says `after_keyed_entry`.",
        body: ("IntentBody", Examples.json(IntentBody(cart: "123", amount: "56.78"))),
        answers: [
            ok(
                "The intent. Not to be kept.", "Intent",
                [
                    (
                        "intent",
                        Examples.json(
                            IntentAnswer(id: "pi_abc213", publishableKey: "pk_test_123", clientSecret: "pi_abc213_secret_456"))
                    )
                ]
            )
        ])

    static let createSetupIntent = OperationDocument(
        id: "createSetupIntent", tag: "intents", summary: "An intent to keep a keyed card",
        description: "Relayed, never stored, logged or replayed.",
        body: ("SetupIntentBody", Examples.json(SetupIntentBody(user: "77"))),
        answers: [
            ok(
                "The intent. Not to be kept.", "Intent",
                [
                    (
                        "intent",
                        Examples.json(IntentAnswer(id: "seti_789", publishableKey: "pk_test_123", clientSecret: "seti_789_secret_012"))
                    )
                ])
        ])

    static let createConnectionToken = OperationDocument(
        id: "createConnectionToken", tag: "intents", summary: "A connection token",
        description: "For a checkout that runs Stripe's SDK itself. Each is handed out once.",
        body: ("ConnectionTokenBody", Examples.json(ConnectionTokenBody(cart: "123"))),
        answers: [
            ok(
                "The token. Not to be kept.", "ConnectionToken",
                [("token", Examples.json(ConnectionTokenAnswer(token: "pst_test_123")))])
        ])
}
