/// What the simulated Stripe knows and decides: intents, connection tokens, registered readers. It has no sockets.
struct StripeState: Sendable {
    private(set) var intents: [String: Intent] = [:]
    private(set) var intentOrder: [String] = []
    private(set) var tokens: [String: ConnectionToken] = [:]
    private(set) var tokenOrder: [String] = []
    /// The reusable cards that readers saved, by their `pm_` ids.
    private(set) var savedCards: [String] = []

    /// The news that Stripe gives the backend, as its webhooks do. The world passes it on.
    private(set) var news: [StripeNews] = []

    var behaviour: StripeBehaviour
    let currency: String
    let livemode: Bool
    private(set) var publishableKey: String
    private let secrets: SecretMaker

    init(behaviour: StripeBehaviour, currency: String, livemode: Bool, secrets: SecretMaker) {
        self.behaviour = behaviour
        self.currency = currency
        self.livemode = livemode
        self.secrets = secrets
        publishableKey = (livemode ? "pk_live_" : "pk_test_") + secrets.random(24)
    }

    var mode: String { livemode ? "live" : "test" }

    // MARK: Keeping

    /// The part of the state that outlives the store's end. Connection tokens do not, for their readers have restarted.
    struct Kept: Sendable, Codable {
        var intents: [Intent]
        var savedCards: [String]
        var publishableKey: String
    }

    var kept: Kept { Kept(intents: intentOrder.compactMap { intents[$0] }, savedCards: savedCards, publishableKey: publishableKey) }

    mutating func takeUp(_ kept: Kept) {
        intentOrder = kept.intents.map(\.id)
        intents = Dictionary(kept.intents.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        savedCards = kept.savedCards
        publishableKey = kept.publishableKey
    }

    // MARK: Tokens

    mutating func makeToken(cart: String, at now: Int) -> String {
        let value = secrets.secret("pst_\(mode)_")
        tokens[value] = ConnectionToken(value: value, cart: cart, createdAt: now)
        tokenOrder.append(value)
        return value
    }

    enum TokenState: Equatable {
        case good, unknown, expired, spent
    }

    func state(ofToken value: String, at now: Int) -> TokenState {
        guard let token = tokens[value] else { return .unknown }
        if token.isExpired { return .expired }
        if let lifetime = behaviour.tokenLifetime, now - token.createdAt > lifetime { return .expired }
        return token.spentAt == nil ? .good : .spent
    }

    /// Lets a reader redeem a token, which is good for one activation.
    mutating func redeem(_ value: String, reader: String, at now: Int) -> TokenState {
        let state = state(ofToken: value, at: now)
        switch state {
        case .good:
            tokens[value]?.spentAt = now
            tokens[value]?.spentBy = reader
        case .spent: tokens[value]?.refusedSpends += 1
        case .unknown, .expired: break
        }
        return state
    }

    /// Makes every token expired from now on.
    mutating func expireTokens() {
        for value in tokenOrder { tokens[value]?.isExpired = true }
    }

    // MARK: Intents

    mutating func makeIntent(cart: String, amount: Int, isForReader: Bool, manualCapture: Bool, at now: Int) -> Intent {
        let id = "pi_" + secrets.random(20)
        let intent = Intent(
            id: id, clientSecret: secrets.secret("\(id)_secret_", 18), cart: cart, amount: amount, currency: currency,
            isForReader: isForReader, manualCapture: manualCapture, createdAt: now)
        intents[id] = intent
        intentOrder.append(id)
        return intent
    }

    func makeSetupIntent() -> (id: String, clientSecret: String) {
        let id = "seti_" + secrets.random(20)
        return (id, secrets.secret("\(id)_secret_", 18))
    }

    mutating func markReplaced(_ id: String, cancels: Bool) {
        intents[id]?.isReplaced = true
        if cancels, intents[id]?.isCharged == false { intents[id]?.status = .canceled }
    }

    /// Puts an intent into a status by hand, as a person at Stripe's dashboard could.
    mutating func setStatus(_ status: Intent.Status, ofIntent id: String) {
        intents[id]?.status = status
    }

    mutating func capture(_ id: String) {
        guard intents[id]?.status == .requiresCapture || intents[id]?.status == .processing else { return }
        intents[id]?.status = .succeeded
        for index in intents[id]?.charges.indices ?? 0..<0 { intents[id]?.charges[index].captured = true }
    }

    /// The reason why a reader may not process an intent now. Nil means that it may.
    func refusal(ofIntent id: String, shown: Int, currency: String) -> ConfirmRefusal? {
        guard let intent = intents[id] else {
            return ConfirmRefusal(code: "resource_missing", message: "No such payment_intent: '\(id)'", intent: nil)
        }
        guard intent.status == .requiresPaymentMethod || intent.status == .requiresConfirmation else {
            return ConfirmRefusal(
                code: "payment_intent_unexpected_state",
                message: "This PaymentIntent could not be confirmed because it has a status of \(intent.status.rawValue).", intent: id)
        }
        guard intent.isForReader else {
            return ConfirmRefusal(
                code: "payment_intent_invalid_parameter", message: "This PaymentIntent does not take card_present.", intent: nil)
        }
        guard intent.isChanged || intent.amount == shown, intent.currency == currency else {
            return ConfirmRefusal(
                code: "amount_mismatch",
                message: "The reader showed \(shown) \(currency), the PaymentIntent is for \(intent.amount) \(intent.currency).",
                intent: nil)
        }
        return nil
    }

    /// Charges an intent that the issuer approved. The caller has asked `refusal` in the same turn: a charged intent is never charged
    /// again.
    mutating func charge(
        _ id: String, tip: Int, reader: String?, processing: Bool, authorises: Int? = nil, card: CardShown = .typed, at now: Int
    ) -> Charge? {
        guard var intent = intents[id], !intent.isCharged, intent.status != .canceled else { return nil }
        intent.amount += tip
        intent.paymentMethod = "pm_" + secrets.random(24)
        let charge = Charge(
            id: "ch_" + secrets.random(20), intent: id, cart: intent.cart, amount: min(authorises ?? intent.amount, intent.amount),
            tip: tip,
            currency: intent.currency, reader: reader, at: now, captured: !intent.manualCapture && !processing, card: card)
        intent.charges.append(charge)
        intent.status = processing ? .processing : intent.manualCapture ? .requiresCapture : .succeeded
        intents[id] = intent
        news.append(.charged(cart: intent.cart))
        return charge
    }

    mutating func decline(_ id: String, code: String, reader: String, tip: Int = 0, at now: Int) {
        intents[id]?.declines.append(Decline(code: code, reader: reader, at: now))
        intents[id]?.status = .requiresPaymentMethod
        if behaviour.declineKeepsTip { intents[id]?.amount += tip }
        if let cart = intents[id]?.cart { news.append(.declined(cart: cart)) }
    }

    /// Changes the amount of an intent, as a person at Stripe's dashboard or the backend does. No reader hears of it.
    mutating func change(_ id: String, amount: Int) -> Bool {
        guard amount > 0, let intent = intents[id], !intent.isCharged, intent.status != .canceled else { return false }
        intents[id]?.amount = amount
        intents[id]?.isChanged = true
        return true
    }

    /// Sends the customer who types a card to the bank's app.
    mutating func beginAction(_ id: String) -> Bool {
        guard let intent = intents[id], !intent.isForReader, intent.status == .requiresPaymentMethod else { return false }
        intents[id]?.status = .requiresAction
        return true
    }

    /// Releases money that is held (`requires_capture`), or was on its way (`processing`).
    mutating func letGo(_ id: String, to status: Intent.Status) -> Bool {
        guard let intent = intents[id], intent.status == .requiresCapture || intent.status == .processing else { return false }
        for index in intent.charges.indices { intents[id]?.charges[index].released = true }
        intents[id]?.status = status
        news.append(.returned(cart: intent.cart))
        return true
    }

    mutating func takeNews() -> [StripeNews] {
        defer { news = [] }
        return news
    }

    mutating func saveCard() -> String {
        let id = "pm_" + secrets.random(24)
        savedCards.append(id)
        return id
    }
}

/// The reason why Stripe would not let a reader process an intent.
struct ConfirmRefusal: Sendable, Equatable {
    var code: String
    var message: String
    /// The intent whose status is the reason.
    var intent: String?
}

/// The news that Stripe's webhooks would bring.
enum StripeNews: Sendable, Equatable {
    case charged(cart: String)
    case declined(cart: String)
    /// Money that was held or on its way came back.
    case returned(cart: String)
}
