import GatewayModel
import Moments

extension CardSetupMachine {
    /// The meaning of a refused card. The codes of this answer are not published, so a code that is not about the connection counts as the
    /// issuer's.
    static func refusal(code: String?, message: String?, entry: String?) -> (PaymentState, PaymentFailure) {
        let words = message ?? "the reader gave no reason"
        if entry == "contactless" || code == "card_not_supported" {
            return (
                .failed,
                PaymentFailure(
                    code: .cardNotSupported, message: "This card cannot be kept: \(words)", declineCode: code,
                    remedy: "Contactless cards and wallets cannot be kept by a reader: ask the customer to insert or swipe the card.")
            )
        }
        if let code, PaymentFailure.isOfStripe(code) {
            return (
                .failed,
                PaymentFailure(
                    code: .intentFailed, message: "Stripe was busy with other requests (\(code)); the card was not refused.",
                    remedy: "Nothing was kept. Try again with the same card.")
            )
        }
        guard let code, !code.hasPrefix("api_"), code != "processing_error" else {
            return (
                .failed,
                PaymentFailure(
                    code: .readerError, message: "The reader could not keep the card: \(words)",
                    remedy: "Nothing was kept. Check the reader's internet connection, then try again.")
            )
        }
        return (
            .declined,
            PaymentFailure(
                code: .cardDeclined, message: "The card was refused: \(words)", declineCode: code, remedy: "Ask for another card.")
        )
    }

    static func failure(for failure: ReaderFailure) -> PaymentFailure {
        switch failure {
        case .unreachable(let detail), .lost(let detail): .cardReaderLost("The reader was lost: \(detail)")
        case .untrusted(let problem): PaymentFailure(code: .readerLost, message: problem.sentence, remedy: problem.remedy)
        case .rpc(_, let detail) where failure.endsSession: .cardReaderLost("The reader was lost: \(detail)")
        case .app(let code, _) where code.endsSession:
            .cardReaderLost("The reader was restarted, or another point of sale took it over.")
        case .rpc(_, let detail), .app(_, let detail), .invalidAnswer(let detail), .unsupported(let detail):
            // Clients of 2019 to 2021 show these calls. Today's SDKs keep cards by setup intents, whose messages are not public.
            PaymentFailure(
                code: .readerError, message: "The reader reported an error: \(detail)",
                remedy:
                    "Nothing was kept. Whether newer reader software still keeps cards over the local network is not published: if it goes "
                    + "on, take the card in Stripe's own form, which needs no reader.")
        }
    }
}

extension PaymentFailure {
    static func cardReaderLost(_ message: String) -> PaymentFailure {
        PaymentFailure(
            code: .readerLost, message: message,
            remedy: "Nothing was kept. Check that the reader is on and on the network, then try again.")
    }
}

extension CallFailure {
    /// How a card set-up ends when its backend call failed.
    var cardFailure: PaymentFailure {
        var failure = paymentFailure
        if case .rejected = self {
            failure.message = "The backend refused the card: \(detail)"
            failure.remedy = "Check the user, the partner and the postal code at the backend."
        }
        return failure
    }

    /// Whether the backend may have kept the card despite the failure.
    var leavesOpenWhetherStored: Bool {
        switch self {
        case .unavailable(_, let mayHaveActed): mayHaveActed
        case .invalidAnswer: true
        case .unauthorized, .forbidden, .rejected, .overloaded: false
        }
    }
}
