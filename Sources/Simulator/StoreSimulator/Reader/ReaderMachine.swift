import JSON

/// One simulated reader's logic: its state, the session that it serves, and its answer to a request. Events and times (milliseconds) go in,
/// answers come out. It has no sockets and no clock. It refuses what a real reader would refuse.
package struct ReaderMachine: Sendable {
    /// The action that a request needs.
    package enum Action: Sendable {
        case answer(ReaderAnswer)
        /// The caller calls `completeAuthorisation` with the ticket when the issuer has taken this long, in milliseconds.
        case authorise(ticket: Int, after: Int)
    }

    struct Session: Sendable {
        var token: String
        var device: String
        var since: Int
    }

    /// A request that is being answered.
    private struct InFlight {
        var number: Int
        var connection: Int
        var device: String
    }

    let serial: String
    var livemode: Bool
    let secrets: SecretMaker
    package var behaviour: ReaderBehaviour
    var state = ReaderState.idle
    var session: Session?
    /// The scripts of the next customers, in order.
    package var scripts: [CustomerScript] = []
    /// Whether the reader reaches Stripe.
    package var hasInternet = true
    package var isCardLeftIn = false
    package var isRegistered = true
    /// The transaction whose card the customer refused to show. A repeated query hears it again.
    var canceledTransaction: String?
    var shownTotal: Int?
    var shownLines: [String] = []
    var nextTicket = 1
    package internal(set) var activations = 0
    package private(set) var overlaps = 0
    package private(set) var violations: [String] = []
    private var inFlight: [InFlight] = []
    private var nextNumber = 1

    init(serial: String, livemode: Bool, behaviour: ReaderBehaviour, secrets: SecretMaker) {
        self.serial = serial
        self.livemode = livemode
        self.behaviour = behaviour
        self.secrets = secrets
    }

    /// The name of the state now.
    package mutating func stateName(at now: Int) -> String {
        advance(to: now)
        return state.name
    }

    mutating func noteViolation(_ text: String) {
        if violations.count < 200 { violations.append("\(serial): \(text)") }
    }

    // MARK: One request at a time

    /// Notes that a request has come in.
    ///
    /// - Returns: the request's number for `end`. It is nil when the same client's last one is still being answered.
    package mutating func begin(connection: Int, device: String, method: String) -> Int? {
        if inFlight.contains(where: { $0.device == device }) {
            overlaps += 1
            noteViolation("\(method) while another request was being answered")
            return nil
        }
        let number = nextNumber
        nextNumber += 1
        inFlight.append(InFlight(number: number, connection: connection, device: device))
        return number
    }

    package mutating func end(_ number: Int) {
        inFlight.removeAll { $0.number == number }
    }

    /// Notes that the client hung up: its request goes on, but the client may make another.
    package mutating func connectionClosed(_ connection: Int) {
        inFlight.removeAll { $0.connection == connection }
    }

    // MARK: Time

    /// Lets the customer act up to this moment.
    mutating func advance(to now: Int) {
        switch state {
        case .waitingCard(let collection):
            if let cancelAt = collection.cancelAt, cancelAt <= now, cancelAt < collection.cardAt ?? Int.max {
                canceledTransaction = collection.request.context.transactionID
                goIdle()
            } else if let cardAt = collection.cardAt, cardAt <= now {
                state = .collected(collection)
            }
        case .waitingReusable(let reusable):
            if let cardAt = reusable.cardAt, cardAt <= now, cardAt <= reusable.cancelAt ?? Int.max { state = .reusableCollected(reusable) }
        case .offline, .idle, .cart, .collected, .authorising, .reusableCollected: break
        }
        if let lifetime = behaviour.sessionLifetime, let session, now - session.since > lifetime { self.session = nil }
    }

    mutating func goIdle() {
        state = .idle
        shownTotal = nil
        shownLines = []
    }

    // MARK: Events of the world

    /// Loses its power or begins to restart. Every session ends.
    ///
    /// - Returns: the authorisation that was running, which Stripe may finish without the reader.
    mutating func powerOff() -> Authorisation? {
        var running: Authorisation?
        if case .authorising(let authorisation) = state { running = authorisation }
        goIdle()
        state = .offline
        session = nil
        canceledTransaction = nil
        inFlight = []
        return running
    }

    mutating func powerOn() {
        if case .offline = state { state = .idle }
    }

    /// Lets another POS take the reader, as `activateTerminal` without `fail_if_in_use` does.
    ///
    /// - Parameter collects: whether that POS then asks for a card of its own, which no customer shows.
    mutating func takeOver(device: String, collects: Bool, at now: Int) {
        advance(to: now)
        openSession(device: device, at: now)
        guard collects, case .idle = state, let request = CollectMessage.foreign else { return }
        state = .waitingCard(
            Collection(request: request, script: CustomerScript(neverPresents: true), device: device, cardAt: nil, cancelAt: nil, tip: 0))
    }

    /// Ends the other POS's session.
    mutating func release() {
        session = nil
        if case .offline = state { return }
        if case .authorising = state { return }
        goIdle()
    }

    /// Opens a new session. The work of the old one ends, but for an authorisation, which nothing can call back.
    mutating func openSession(device: String, at now: Int) {
        session = Session(token: secrets.secret("rst"), device: device, since: now)
        canceledTransaction = nil
        if case .authorising = state { return }
        goIdle()
    }

    /// The device inside a collect or confirm.
    var busyDevice: String? {
        switch state {
        case .waitingCard(let collection), .collected(let collection): collection.device
        case .authorising(let authorisation): authorisation.collection.device
        case .waitingReusable(let reusable), .reusableCollected(let reusable): reusable.device
        case .offline, .idle, .cart: nil
        }
    }
}

extension CollectMessage {
    /// The collect of another POS.
    static var foreign: CollectMessage? {
        do {
            return try CollectMessage([
                "transaction_context": [
                    "terminal_id": "pos-other", "operator_id": "pos-other", "start_time": 1, "transaction_id": "other-pos",
                ],
                "charge_amount": ["charge_amount": 100, "tip_amount": 0, "cashback_amount": 0, "currency": "usd"],
            ])
        } catch {
            return nil
        }
    }
}
