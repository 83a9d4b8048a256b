import CheckoutAPI

/// A card set-up in words for the person at the counter. No money moves in one.
struct CardSetupWords {
    let setup: CardSetup

    init(_ setup: CardSetup) { self.setup = setup }

    private var reader: String {
        (setup.readerLabel ?? setup.reader).map { "Reader “\(shown($0, limit: 60))”" } ?? "A reader"
    }

    /// "visa 4242"
    private var card: String {
        let name = [setup.card?.brand, setup.card?.last4].compactMap { $0 }.joined(separator: " ")
        return shown(name.isEmpty ? "the card" : name, limit: 60)
    }

    /// What happens now, for a set-up in this state.
    func doing(_ state: Payment.State) -> String {
        switch state {
        case .queued: "Waiting for a reader."
        case .preparing: "Preparing to keep a card of user \(shown(setup.user, limit: 60))."
        case .waitingForCard: "\(reader) asks for the card. It must be inserted or swiped: one that is held to the reader cannot be kept."
        case .authorizing: "The reader has the card; it is made ready to be kept."
        case .finishing: "The backend is asked to store it."
        case .succeeded: "Kept: \(card)." + (setup.bankcard.map { " Bankcard \(shown($0, limit: 60))." } ?? "")
        case .unresolved: "It is not known yet how this ended."
        case .declined: "The card was declined; it is not kept."
        case .canceled: "Canceled. No card is kept."
        case .canceledByCustomer: "Canceled by the customer. No card is kept."
        case .timedOut: "No card was presented in time."
        case .failed: "Failed."
        }
    }

    func lines(_ output: Output) -> [String] {
        let headline = wrapped(doing(setup.state))
        var lines = [setup.state == .succeeded ? output.good(headline) : setup.state.isEnd ? output.bad(headline) : headline]
        if let failure = setup.failure {
            lines.append(wrapped(shown(failure.message)))
            if let remedy = failure.remedy { lines.append(wrapped("What to do: \(shown(remedy))")) }
        }
        if setup.state != .succeeded, let method = setup.paymentMethod {
            lines.append("The reader has made \(shown(method, limit: 80)); it can be stored:")
            lines.append("  readerctl cards store --payment-method \(shown(method, limit: 80)) --user … --partner … --postal-code …")
        }
        return lines
    }
}

extension ExitStatus {
    /// How a command ends that followed this card set-up as far as it could.
    init(_ setup: CardSetup) {
        self =
            switch setup.state {
            case .succeeded: .ok
            case .declined: .declined
            case .canceled, .canceledByCustomer, .timedOut: .canceled
            case .failed: .notTaken
            case .queued, .preparing, .waitingForCard, .authorizing, .finishing, .unresolved: .unknown
            }
    }
}
