import CheckoutAPI
import GatewayModel
import Moments

/// A payment in words for the person at the counter.
struct PaymentWords {
    let payment: Payment

    init(_ payment: Payment) { self.payment = payment }

    /// What must be said whenever nobody knows where the money is.
    static let unknown = """
        Not known yet whether the money was taken. Do not take it again under a new number; \
        the agent goes on finding out.
        """

    /// "USD 56.78", without the tip; the bare amount until the currency is known.
    var sum: String {
        guard let currency else { return shown(payment.amount, limit: 20) }
        return "\(currency.text.uppercased()) \(payment.amountMinor.map(currency.majorText) ?? shown(payment.amount, limit: 20))"
    }

    /// The amount with the tip.
    var total: String {
        guard payment.tipMinor != 0, let currency, let amount = payment.amountMinor else { return sum }
        let (total, overflow) = amount.addingReportingOverflow(payment.tipMinor)
        guard !overflow else { return sum }
        let code = currency.text.uppercased()
        return "\(code) \(currency.majorText(total)) (\(code) \(currency.majorText(payment.tipMinor)) of it tip)"
    }

    /// "USD 80.00": what Stripe says was charged; nil while that is not known.
    var charged: String? {
        guard let charged = payment.amountChargedMinor else { return nil }
        guard let currency else { return "\(charged) minor units" }
        return "\(currency.text.uppercased()) \(currency.majorText(charged))"
    }

    /// Whether less was charged than the reader showed.
    var isShort: Bool {
        guard let charged = payment.amountChargedMinor, let amount = payment.amountMinor else { return false }
        let (shown, overflow) = amount.addingReportingOverflow(payment.tipMinor)
        return !overflow && charged < shown
    }

    /// What is still to be paid, for whoever reads of it later.
    var shortness: String { "Less was charged than the reader showed: the rest is to be settled with the customer." }

    /// What a receipt must or may bear, as far as it was told.
    var receipt: [(name: String, value: String?)] {
        guard let receipt = payment.receipt else { return [] }
        return [
            ("Application", receipt.applicationName), ("AID", receipt.aid), ("Account type", receipt.accountType),
            ("Authorization code", receipt.authorizationCode), ("Authorization response", receipt.authorizationResponseCode),
            ("Cryptogram", receipt.cryptogram), ("TVR", receipt.tvr), ("TSI", receipt.tsi), ("CVM", receipt.cvm),
        ].map { ($0, $1.map { shown($0, limit: 80) }) }
    }

    /// What a person should know, and what to do about it.
    var warnings: [String] {
        payment.warnings.map { "WARNING: \(shown($0.message)) What to do: \(shown($0.remedy))" }
    }

    /// `reader “Front Desk”`
    var reader: String {
        (payment.readerLabel ?? payment.reader).map { "reader “\(shown($0, limit: 60))”" } ?? "a reader"
    }

    /// "visa 4242, contactless"
    var card: String? {
        guard let card = payment.card else { return nil }
        let name = [card.brand, card.last4].compactMap { $0 }.joined(separator: " ")
        let text = [name.isEmpty ? "a card" : name, card.entry].compactMap { $0 }.joined(separator: ", ")
        return shown(text, limit: 60)
    }

    /// What happens now, for a payment in this state.
    func doing(_ state: Payment.State) -> String {
        switch state {
        case .queued: "Waiting for \(reader)."
        case .preparing: "Preparing the payment of \(sum) on \(reader)."
        case .waitingForCard: "\(capitalized(reader)) asks for a card: \(sum)."
        case .authorizing: "The card is being charged."
        case .finishing: "The card was charged. The order is being completed."
        case .unresolved: Self.unknown
        case .succeeded:
            (isShort ? "Paid in part: \(charged ?? "less") of \(total)" : "Paid: \(total)") + (card.map { " with \($0)" } ?? "") + "."
                + (payment.order.map { " Order \(shown($0))." } ?? "")
        case .declined: "Declined."
        case .canceled: "Canceled."
        case .canceledByCustomer: "Canceled by the customer."
        case .timedOut: "No card was presented in time."
        case .failed: "Failed."
        }
    }

    /// Where the money is.
    var money: String {
        switch payment.money {
        case .taken: "The money was taken."
        case .notTaken: payment.state.isEnd ? "No money was taken." : "No money has been taken so far."
        case .authorized: "The money is held on the customer's card, but the order did not go through."
        case .unknown: Self.unknown
        }
    }

    /// Why it failed, and what can be done, if there is something to say.
    var failure: [String] {
        guard let failure = payment.failure else { return [] }
        var lines = [shown(failure.message) + (failure.declineCode.map { " (\(shown($0, limit: 60)))" } ?? "")]
        if let other = failure.paidBy { lines.append("The cart was paid by payment \(shown(other)).") }
        if let other = failure.supersededBy { lines.append("The money was taken by payment \(shown(other)) instead.") }
        if let remedy = failure.remedy { lines.append("What to do: \(shown(remedy))") }
        return lines
    }

    /// One word or two, for a table.
    static func short(_ state: Payment.State) -> String {
        switch state {
        case .queued: "queued"
        case .preparing: "preparing"
        case .waitingForCard: "asks card"
        case .authorizing: "charging"
        case .finishing: "finishing"
        case .unresolved: "UNRESOLVED"
        case .succeeded: "paid"
        case .declined: "declined"
        case .canceled: "canceled"
        case .canceledByCustomer: "by customer"
        case .timedOut: "timed out"
        case .failed: "failed"
        }
    }

    static func short(_ money: Payment.Money) -> String {
        switch money {
        case .taken: "taken"
        case .notTaken: "-"
        case .authorized: "HELD"
        case .unknown: "UNKNOWN"
        }
    }

    private var currency: Currency? { payment.currency.flatMap { Currency($0) } }

    private func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}

extension ExitStatus {
    /// How a command ends that followed this payment as far as it could.
    init(_ payment: Payment) {
        self =
            switch (payment.money, payment.state) {
            case (.unknown, _): .unknown
            case (.authorized, _): .heldWithoutOrder
            case (.taken, .succeeded): PaymentWords(payment).isShort ? .chargedLess : .ok
            case (.taken, _): payment.state.isEnd ? .heldWithoutOrder : .unknown
            case (.notTaken, .succeeded): .unknown
            case (.notTaken, .declined): .declined
            case (.notTaken, .canceled), (.notTaken, .canceledByCustomer), (.notTaken, .timedOut): .canceled
            case (.notTaken, .failed): .notTaken
            case (.notTaken, .queued), (.notTaken, .preparing), (.notTaken, .waitingForCard), (.notTaken, .authorizing),
                (.notTaken, .finishing), (.notTaken, .unresolved):
                .unknown
            }
    }
}
