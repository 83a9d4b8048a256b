extension SimulatedStore {
    /// The two hosts on the internet.
    package enum Host: String, Sendable, Codable {
        case backend, stripe
    }

    // MARK: Faults

    /// Makes a call go wrong.
    package func fault(_ fault: Fault) {
        world.with { world, _ in world.faults.add(fault) }
    }

    /// Takes away the faults of a call, named as they were added. Nil takes away all.
    package func clearFaults(_ call: String? = nil) {
        world.with { world, _ in world.faults.clear(call) }
    }

    /// Cuts a host off: its connections drop, and new ones are closed before a byte is read.
    package func beginOutage(_ host: Host) async {
        fault(Fault("\(host.rawValue).connect", .close, times: nil))
        await server(host).closeConnections()
    }

    package func endOutage(_ host: Host) {
        clearFaults("\(host.rawValue).connect")
    }

    // MARK: Customers and issuers

    /// Says what the next customers at a reader will do, in order.
    ///
    /// - Parameter reader: the reader's serial number, id or label. Nil means the only or first one.
    package func script(_ scripts: CustomerScript..., reader: String? = nil) throws {
        try change(reader) { $0.machine.scripts += scripts }
    }

    /// Takes away the scripted customers, after whom the usual ones come.
    package func clearScripts() {
        world.with { world, _ in
            for index in world.readers.indices { world.readers[index].machine.scripts = [] }
        }
    }

    /// Changes how a reader behaves from now on.
    package func behave(reader: String? = nil, _ change: (inout ReaderBehaviour) -> Void) throws {
        try self.change(reader) { change(&$0.machine.behaviour) }
    }

    // MARK: The backend

    /// Changes how the backend behaves from now on.
    package func behave(backend change: (inout BackendBehaviour) -> Void) {
        world.with { world, _ in change(&world.backend.behaviour) }
    }

    /// Lets the order of a cart fail once its money is there. Nil lets it go through again.
    package func failOrder(cart: String, error: String?) {
        world.with { world, _ in world.backend.scriptFailure(cart: cart, error: error) }
    }

    /// Answers every call of the backend with 401 or 403, whatever the token. Nil ends that.
    package func refuseEveryone(_ status: Int?) {
        world.with { world, _ in world.backend.refusesEveryone = status }
    }

    /// Revokes every bearer token, and accepts a new one.
    ///
    /// - Parameter writesFile: whether the new token stands in `tokenFile` before this returns.
    /// - Returns: the new token.
    @discardableResult
    package func changeToken(writesFile: Bool = true) throws -> String {
        let token = world.with { world, _ in
            let token = world.secrets.secret("mtk")
            world.backend.revokeTokens()
            world.backend.addToken(token)
            return token
        }
        if writesFile { try StoreFiles(directory: directory).write(token + "\n", to: tokenFile, isSecret: true) }
        return token
    }

    /// Revokes every bearer token, those of OAuth included.
    package func revokeTokens() {
        world.with { world, _ in world.backend.revokeTokens() }
    }

    /// Accepts one more token, of the caller's choice. The store keeps no other copy of the one that the token file was made with.
    package func accept(token: String) {
        world.with { world, _ in world.backend.addToken(token) }
    }

    /// Changes how the backend's list gives a reader's label from now on.
    package func listLabel(_ how: ListedLabel, reader: String? = nil) throws {
        try change(reader) { $0.listedLabel = how }
    }

    // MARK: Stripe

    /// Changes how Stripe behaves from now on.
    package func behave(stripe change: (inout StripeBehaviour) -> Void) {
        world.with { world, _ in change(&world.stripe.behaviour) }
    }

    /// Changes the amount of an uncharged intent. No reader hears of it.
    ///
    /// - Returns: false when the intent is charged or canceled.
    @discardableResult
    package func changeIntent(_ intent: String, amount: Int) -> Bool {
        world.with { world, _ in world.stripe.change(intent, amount: amount) }
    }

    /// Sends the customer who types a card to the bank's app. `payWithForm` is their consent, `declineForm` their refusal.
    @discardableResult
    package func beginAction(intent: String) -> Bool {
        world.with { world, _ in world.stripe.beginAction(intent) }
    }

    /// Declines the card that was typed in.
    @discardableResult
    package func declineForm(intent: String, code: String = "generic_decline") -> Bool {
        world.with { world, now in
            guard let known = world.stripe.intents[intent], !known.isForReader, !known.isCharged, known.status != .canceled else {
                return false
            }
            world.stripe.decline(intent, code: code, reader: "form", at: now)
            return true
        }
    }

    /// Returns money on its way (`processing`): the intent takes a card again.
    @discardableResult
    package func failProcessing(intent: String) -> Bool {
        world.with { world, _ in
            guard world.stripe.intents[intent]?.status == .processing else { return false }
            return world.stripe.letGo(intent, to: .requiresPaymentMethod)
        }
    }

    /// Makes every connection token expired.
    package func expireConnectionTokens() {
        world.with { world, _ in world.stripe.expireTokens() }
    }

    /// Charges an intent without a reader, as a customer with Stripe's form does.
    ///
    /// - Returns: the charge. It is nil when the intent could not be charged, or no longer.
    @discardableResult
    package func payWithForm(intent: String) -> Charge? {
        world.with { world, now in world.stripe.charge(intent, tip: 0, reader: nil, processing: false, at: now) }
    }

    /// Cancels an intent at Stripe. What is held on it is released.
    ///
    /// - Returns: false when there is no such intent, or its money has moved.
    @discardableResult
    package func cancelIntent(_ intent: String) -> Bool {
        world.with { world, _ in
            guard let known = world.stripe.intents[intent] else { return false }
            if known.status == .requiresCapture { return world.stripe.letGo(intent, to: .canceled) }
            guard !known.isCharged else { return false }
            world.stripe.setStatus(.canceled, ofIntent: intent)
            return true
        }
    }

    // MARK: Finding a reader

    func index(_ world: World, _ reader: String?) throws(SimulatorError) -> Int {
        guard let reader else {
            guard !world.readers.isEmpty else { throw SimulatorError("the store has no readers") }
            return 0
        }
        guard let index = world.index(ofReader: reader) else { throw SimulatorError("no such reader: \(reader.prefix(80))") }
        return index
    }

    @discardableResult
    func change<Value: Sendable>(_ reader: String?, _ change: (inout ReaderRecord) -> Value) throws(SimulatorError) -> Value {
        try world.with { world, _ in
            Result<Value, SimulatorError> { () throws(SimulatorError) in change(&world.readers[try index(world, reader)]) }
        }.get()
    }
}
