import JSON
import CheckoutAPI

extension OperationDocument {
    private static let setup = path("id", Schema.text(.payment, "The card set-up's id, chosen by the checkout."))

    static let createCardSetup = OperationDocument(
        id: "createCardSetup", tag: "cards", summary: "Keep a customer's card",
        description:
            "The card is read by a reader, then stored with the backend; no money moves. The same id with the same body never starts a "
            + "second one. Contactless cards and wallets cannot be kept so. Whether newer reader software still keeps cards over the local "
            + "network is not published: the failure says what the reader said.",
        parameters: [setup, wait], body: ("CardSetupBody", Examples.json(Examples.cardSetupBody)),
        answers: [
            ok(
                status: 200, "It was known already.", "CardSetup",
                [("succeeded", Examples.json(Examples.cardStored)), ("not_stored", Examples.json(Examples.cardNotStored))]),
            ok(status: 201, "It has begun.", "CardSetup", [("waiting", Examples.json(Examples.cardWaiting))]),
        ])

    static let getCardSetup = OperationDocument(
        id: "getCardSetup", tag: "cards", summary: "What became of a card set-up",
        description: "Readable for as long as the journal keeps it.", parameters: [setup, wait],
        answers: [ok("The card set-up.", "CardSetup", [("succeeded", Examples.json(Examples.cardStored))])])

    static let cancelCardSetup = OperationDocument(
        id: "cancelCardSetup", tag: "cards", summary: "Ask for a card set-up to be canceled",
        description: "The state says when and how it ended. Once the reader makes the payment method it changes nothing but "
            + "`cancel_requested`.",
        parameters: [setup], body: ("NoBody", [:]),
        answers: [ok(status: 202, "Asked for.", "CardSetup", [("canceling", Examples.json(Examples.cardCanceling))])])

    static let storeBankcard = OperationDocument(
        id: "storeBankcard", tag: "cards", summary: "Store a payment method for a customer",
        description: "Relayed to the backend: for a card that was keyed in, or whose storing failed.",
        body: (
            "BankcardBody",
            Examples.json(BankcardBody(user: "77", partner: "72341", paymentMethod: "pm_1", postalCode: "33213", name: "A. Customer"))
        ),
        answers: [
            ok(
                status: 201, "Stored.", "Bankcard",
                [("stored", Examples.json(Bankcard(paymentMethod: "pm_1", bankcard: "993")))])
        ])
}

extension Examples {
    static let cardSetupBody = CardSetupBody(
        user: "77", partner: "72341", postalCode: "33213", name: "A. Customer", lane: "till-1", timeoutSeconds: 120)

    static let cardStored: CardSetup = {
        let began = succeeded.createdAt
        func later(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: began.milliseconds + milliseconds) }
        return CardSetup(
            id: "card-000017", user: "77", lane: "till-1", reader: "tmr_123", readerLabel: "Front Desk", state: .succeeded,
            setupIntent: "seti_789", paymentMethod: "pm_1", bankcard: "993",
            card: Payment.Card(brand: "visa", last4: "4242", entry: "chip"), createdAt: began, updatedAt: later(7300), endedAt: later(7300),
            timeline: [
                .init(state: .queued, at: began), .init(state: .preparing, at: later(4)), .init(state: .waitingForCard, at: later(420)),
                .init(state: .authorizing, at: later(5100)), .init(state: .finishing, at: later(6900)),
                .init(state: .succeeded, at: later(7300)),
            ])
    }()

    static let cardWaiting: CardSetup = {
        var setup = cardStored
        setup.state = .waitingForCard
        setup.paymentMethod = nil
        setup.bankcard = nil
        setup.card = nil
        setup.timeline = Array(setup.timeline.prefix(3))
        setup.updatedAt = setup.timeline.last?.at ?? setup.createdAt
        setup.endedAt = nil
        return setup
    }()

    static let cardCanceling: CardSetup = {
        var setup = cardWaiting
        setup.cancelRequested = true
        return setup
    }()

    static let cardNotStored: CardSetup = {
        var setup = cardStored
        setup.state = .failed
        setup.bankcard = nil
        setup.timeline[5] = .init(state: .failed, at: setup.updatedAt)
        setup.failure = Payment.Failure(
            code: .backendUnavailable, message: "The backend could not be reached: store_payment_method: no answer in time",
            remedy: "The card may or may not be stored: look at the customer's cards, then try POST /v1/bankcards with this payment_method."
        )
        return setup
    }()
}

extension Schema {
    /// Cards on file: what callers send, and what the agent answers.
    static let cards: [(String, JSONValue)] =
        described([CardSetupBody.self, BankcardBody.self]) + [
            (
                "CardSetup",
                answer(
                    "One attempt to keep a card. Once it has ended it never changes.",
                    required: [
                        ("id", text(.payment, "Chosen by the checkout.")), ("user", text("The backend's user.")),
                        ("lane", orNull(text("The lane."))), ("reader", orNull(text("`tmr_…`"))),
                        ("reader_label", orNull(text("The reader's label."))), ("state", reference("PaymentState")),
                        ("setup_intent", orNull(text("`seti_…`"))),
                        ("payment_method", orNull(text("`pm_…`; there even when storing it failed."))),
                        ("bankcard", orNull(text("The backend's number for the stored card."))), ("card", orNull(reference("Card"))),
                        ("failure", orNull(reference("Failure"))), ("cancel_requested", flag("A cancel was asked for.")),
                        ("created_at", time("When it was accepted.")), ("updated_at", time("When it last changed.")),
                        ("ended_at", orNull(time("When it ended."))),
                        ("timeline", list(reference("TimelineEntry"), "The states that it went through.")),
                    ])
            ),
            (
                "Bankcard",
                answer(
                    "A stored card.",
                    required: [("payment_method", text("`pm_…`")), ("bankcard", text("The backend's number for it."))])
            ),
        ]
}
