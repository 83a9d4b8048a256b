internal import GatewayCore
import GatewayModel
import Moments

/// Holds the truth about the money: intents, and the charges on them.
struct Stripe: Sendable {
    struct Intent: Sendable {
        var cart: Int
        /// The amount without a tip. The charge includes it.
        var amount: Int64
        var status: IntentStatus
        /// The number of its authorisations that the issuer is at work on.
        var underWay = 0
        var isKeyed: Bool
        /// The part of the amount that is a tip which an attempt left there.
        var stayingTip: Int64 = 0
        var secret: String
        /// Stripe has no such intent: the backend has made it in another account.
        var isUnknown = false
    }

    struct Charge: Sendable {
        var intent: Int
        var cart: Int
        /// The payment that made the charge. Nil means that the till typed the card in.
        var payment: Int?
        var amount: Int64
        var at: Int64
        /// The number of the card, of which there are three; 0 where it was typed in.
        var card = 0
        /// The backend has released the charge, because its order failed.
        var voided = false
        /// The charge differs from what the reader showed.
        var differs = false
    }

    var intents: [Intent] = []
    var charges: [Charge] = []

    static func id(_ index: Int) -> IntentID { IntentID(unchecked: "pi_\(index)") }

    static func index(of id: IntentID) -> Int? { World.number(in: id.text, after: 3) }

    func standing(inCart cart: Int) -> Int { charges.reduce(0) { $0 + ($1.cart == cart && !$1.voided ? 1 : 0) } }

    func facts(_ index: Int, _ currency: Currency) -> IntentFacts {
        IntentFacts(id: Self.id(index), status: intents[index].status, amountMinor: intents[index].amount, currency: currency)
    }

    /// The reason why a confirm may not begin. Nil means that it may.
    func refusal(_ index: Int) -> (code: String, showsIntent: Bool)? {
        guard intents.indices.contains(index), !intents[index].isUnknown else { return ("resource_missing", false) }
        switch intents[index].status {
        case .requiresPaymentMethod, .requiresConfirmation: break
        case .requiresAction, .processing, .requiresCapture, .succeeded, .canceled, .other: return ("payment_intent_unexpected_state", true)
        }
        // Stripe works on one request for an object at a time.
        return intents[index].underWay > 0 ? ("lock_timeout", false) : nil
    }
}
