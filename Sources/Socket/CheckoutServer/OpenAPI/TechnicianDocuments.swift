import CheckoutAPI

extension OperationDocument {
    static let releaseReader = OperationDocument(
        id: "releaseReader", tag: "readers", summary: "Free a stuck reader",
        description:
            "Only from the payment or card set-up that is named, and only when that has left it. It stays as it is; who and when are "
            + "journaled. What may be left on the reader's screen is cleared before anything else is asked of it.",
        parameters: [path("reader", Schema.text(.name, "The reader's name, percent-encoded."))],
        body: ("ReleaseBody", Examples.json(ReleaseBody(payment: "till-1-000122"))),
        answers: [ok("The reader, free.", "Reader", [("ready", Examples.json(Examples.reader))])])

    static let acceptJournalLoss = OperationDocument(
        id: "acceptJournalLoss", tag: "agent", summary: "Agree to the loss of a damaged journal",
        description:
            "After a damaged journal was set aside no payment is accepted until a technician agrees. Who, when and why are journaled; "
            + "repeating is harmless.",
        body: ("AcceptLossBody", Examples.json(AcceptLossBody(note: "The open carts were compared with the back office."))),
        answers: [noContent])
}
