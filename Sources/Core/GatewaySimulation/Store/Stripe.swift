internal import GatewayCore
import GatewayModel
import Moments

/// Where the truth of the money is: intents, and what was charged on them.
struct Stripe: Sendable {
    struct Intent: Sendable {
        var cart: Int
        /// Without a tip; the charge has it.
        var amount: Int64
        var status: IntentStatus
        /// Authorisations of it that the issuer is at work on.
        var underWay = 0
        var isKeyed: Bool
        /// Of the amount: a tip that an attempt left there.
        var stayingTip: Int64 = 0
        var secret: String
    }

    struct Charge: Sendable {
        var intent: Int
        var cart: Int
        /// Nil: typed in by the till.
        var payment: Int?
        var amount: Int64
        var at: Int64
        /// The backend has let go of it, because its order failed.
        var voided = false
        /// Otherwise than the reader showed.
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

    /// Whether a confirm may begin; nil: it may.
    func refusal(_ index: Int) -> (code: String, showsIntent: Bool)? {
        guard intents.indices.contains(index) else { return ("resource_missing", false) }
        switch intents[index].status {
        case .requiresPaymentMethod, .requiresConfirmation: break
        case .requiresAction, .processing, .requiresCapture, .succeeded, .canceled, .other: return ("payment_intent_unexpected_state", true)
        }
        // Stripe works on one request for an object at a time.
        return intents[index].underWay > 0 ? ("lock_timeout", false) : nil
    }
}
