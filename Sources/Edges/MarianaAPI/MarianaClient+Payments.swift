import TextSafety
import GatewayModel
import WebCall

extension MarianaClient {
    /// Asks for Stripe's publishable key, and for a cart also for Stripe's location.
    package func configuration(cart: CartID?, trace: String, deadline: Duration) async throws(CallFailure) -> BackendConfiguration {
        let name = "configuration"
        let answer: ConfigurationAnswer = try await ask(
            name, CartBody(cart: cart?.text), repeats: .question, trace: trace, deadline: deadline)
        let location = answer.location?.text
        return BackendConfiguration(
            publishableKey: try Fields(call: name).publishableKey(answer.publishableKey),
            stripeLocation: location.flatMap { $0.isEmpty ? nil : Shown.name($0) })
    }

    /// Asks for a connection token to activate a reader with, on behalf of an open cart.
    package func connectionToken(cart: CartID, trace: String, deadline: Duration) async throws(CallFailure) -> ConnectionToken {
        let name = "connection_token"
        // A token whose answer was lost opens nothing.
        let answer: ConnectionTokenAnswer = try await ask(name, CartBody(cart: cart.text), repeats: .once, trace: trace, deadline: deadline)
        return ConnectionToken(try Fields(call: name).token(answer.token, "stripe_connection_token", prefix: "pst_"))
    }

    /// Asks for a PaymentIntent for a cart. The amount goes out as the text it was written with: it never was a number.
    package func paymentIntent(
        cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, type: PaymentType, trace: String, deadline: Duration
    ) async throws(CallFailure) -> BackendIntent {
        let name = "payment_intent"
        let body = PaymentIntentBody(
            cart: cart.text, amount: amount.text, accountBalance: accountBalance?.text, paymentType: type.rawValue)
        // An intent whose secret was lost with its answer is never confirmed.
        let answer: PaymentIntentAnswer = try await ask(name, body, repeats: .once, trace: trace, deadline: deadline)
        let fields = Fields(call: name)
        return BackendIntent(
            id: IntentID(unchecked: try fields.stripeID(answer.id, "stripe_payment_intent_id", prefix: "pi_")),
            publishableKey: try fields.publishableKey(answer.publishableKey),
            clientSecret: try fields.clientSecret(answer.clientSecret, prefix: "pi_"))
    }

    /// Asks what became of a cart. An unknown word is an error, for nothing may be guessed from it.
    package func paymentStatus(cart: CartID, trace: String, deadline: Duration) async throws(CallFailure) -> CartStatus {
        let name = "payment_status"
        let answer: PaymentStatusAnswer = try await ask(
            name, CartBody(cart: cart.text), repeats: .question, trace: trace, deadline: deadline)
        let word = try Fields(call: name).need(answer.status, "status")
        switch word {
        case "Open": return .open
        case "Submitted":
            let order = answer.order?.text.map { Shown.name($0) } ?? ""
            return .submitted(order: order.isEmpty ? nil : OrderID(unchecked: order))
        case "Failed":
            let text = answer.error?.text.map { Shown.line($0) } ?? ""
            return .failed(error: text.isEmpty ? nil : text)
        default:
            throw .invalidAnswer(
                detail: "\(name): status is \"\(Shown.line(word, limit: 40))\", which is none of Open, Submitted, Failed")
        }
    }
}
