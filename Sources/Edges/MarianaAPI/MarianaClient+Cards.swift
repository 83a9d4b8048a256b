import TextSafety
import GatewayModel
import WebCall

extension MarianaClient {
    /// Asks for a SetupIntent, with which a card is kept for a user.
    package func setupIntent(
        user: String, method: CollectionMethod, trace: String, deadline: Duration
    ) async throws(CallFailure) -> BackendSetupIntent {
        let name = "setup_intent"
        let body = SetupIntentBody(user: user, collectionMethod: method.rawValue)
        let answer: SetupIntentAnswer = try await ask(name, body, trace: trace, deadline: deadline)
        let fields = Fields(call: name)
        return BackendSetupIntent(
            id: try fields.stripeID(answer.id, "stripe_setup_intent_id", prefix: "seti_"),
            publishableKey: try fields.publishableKey(answer.publishableKey),
            clientSecret: try fields.clientSecret(answer.clientSecret, prefix: "seti_"))
    }

    /// Keeps a card that Stripe knows as `pm_…` for a user.
    package func storePaymentMethod(
        partner: String, paymentMethod: String, postalCode: String, user: String, name cardholder: String?, trace: String,
        deadline: Duration
    ) async throws(CallFailure) -> StoredCard {
        let name = "store_payment_method"
        let body = StorePaymentMethodBody(
            partner: partner, paymentMethod: paymentMethod, postalCode: postalCode, user: user, name: cardholder)
        let answer: StoredCardAnswer = try await ask(name, body, trace: trace, deadline: deadline)
        let fields = Fields(call: name)
        return StoredCard(
            paymentMethod: Shown.name(try fields.need(answer.paymentMethod, "payment_method")),
            bankcard: Shown.name(try fields.need(answer.bankcard, "bankcard")))
    }
}
