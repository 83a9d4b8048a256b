import JSON
import StoreSimulator

@testable import StoreSimulator

/// One reader's machine with a Stripe of its own and a clock in hand.
struct ReaderBench {
    var machine: ReaderMachine
    var stripe: StripeState
    var now = 1000
    var session = ""
    var device = "pos-one"
    private var nextID = 1

    init(_ change: (inout ReaderBehaviour) -> Void = { _ in }) throws {
        let secrets = try SecretMaker(marker: nil)
        var behaviour = ReaderBehaviour()
        change(&behaviour)
        machine = ReaderMachine(serial: "SIM001", livemode: false, behaviour: behaviour, secrets: secrets)
        stripe = StripeState(behaviour: StripeBehaviour(), currency: "usd", livemode: false, secrets: secrets)
    }

    mutating func send(_ method: String, _ message: JSONValue) -> ReaderMachine.Action {
        nextID += 1
        return machine.receive(
            ReaderEnvelope(id: nextID, method: method, message: message, sessionToken: session, device: device), at: now, stripe: &stripe)
    }

    /// A call that is answered at once.
    mutating func call(_ method: String, _ message: JSONValue = [:]) -> ReaderAnswer {
        switch send(method, message) {
        case .answer(let answer): answer
        case .authorise: ReaderAnswer(appCode: "AUTHORISING")
        }
    }

    static func activation(token: String, device: String = "pos-one", failIfInUse: Bool = true) -> JSONValue {
        [
            "pos_activation_token": .string(token), "pos_device_id": .string(device), "store_name": "empty",
            "pos_software_info": ["pos_type": "readerd", "sdk_version": "1.0.0"], "fail_if_in_use": .bool(failIfInUse),
        ]
    }

    /// Opens a session with a new token.
    @discardableResult
    mutating func activate(failIfInUse: Bool = true) -> ReaderAnswer {
        session = ""
        let token = stripe.makeToken(cart: "1", at: now)
        let answer = call("activateTerminal", Self.activation(token: token, device: device, failIfInUse: failIfInUse))
        session = answer.content?["session_token"]?.string ?? ""
        return answer
    }

    static func context(_ transaction: String = "tx-1") -> JSONValue {
        ["terminal_id": "pos-one", "operator_id": "pos-one", "start_time": 1_716_800_000_000, "transaction_id": .string(transaction)]
    }

    static func collect(_ amount: Int, _ transaction: String = "tx-1", tips: [Int]? = nil) -> JSONValue {
        var message: JSONObject = [
            "transaction_context": context(transaction),
            "charge_amount": ["charge_amount": .integer(amount), "tip_amount": 0, "cashback_amount": 0, "currency": "usd"],
        ]
        if let tips {
            message["tip_configuration"] = [
                "options": .array(tips.map { ["amount": .integer($0), "label": "Tip"] }), "hide_custom_amount": false,
            ]
        }
        return .object(message)
    }

    static func query(_ transaction: String = "tx-1") -> JSONValue { ["transaction_context": context(transaction)] }

    static func confirm(_ intent: String, _ transaction: String = "tx-1") -> JSONValue {
        ["transaction_context": context(transaction), "payment_intent_id": .string(intent), "payment_method": [:]]
    }

    mutating func intent(_ amount: Int, cart: String = "1") -> String {
        stripe.makeIntent(cart: cart, amount: amount, isForReader: true, manualCapture: false, at: now).id
    }

    /// From a session to a card in the reader.
    mutating func collectCard(_ amount: Int, _ transaction: String = "tx-1", tips: [Int]? = nil) {
        _ = call("collectPaymentMethod", Self.collect(amount, transaction, tips: tips))
        now += machine.behaviour.cardAfter
    }

    /// A confirm to its end. Nil when it was refused at once.
    mutating func confirmToTheEnd(_ intent: String, _ transaction: String = "tx-1") -> ReaderAnswer? {
        guard case .authorise(let ticket, let after) = send("confirmPayment", Self.confirm(intent, transaction)) else { return nil }
        now += after
        return machine.completeAuthorisation(ticket, at: now, stripe: &stripe)
    }

    mutating func state() -> String { machine.stateName(at: now) }
}
