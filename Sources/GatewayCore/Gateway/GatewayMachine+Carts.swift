extension GatewayMachine {
    /// Takes up what the journal knows of a cart (nil: nothing) when memory has not asked it yet.
    mutating func remember(_ cart: CartID, recalled facts: CartFacts?) {
        guard let book = carts[cart] else {
            carts[cart] = CartBook(facts: facts ?? CartFacts(cart: cart), isRecalled: true, policy: policy)
            return
        }
        guard !book.isRecalled else { return }
        carts[cart]?.isRecalled = true
        if let facts { carts[cart]?.facts = facts }
    }

    /// A cart that is needed for its token only: what the journal knows of it is taken up when it matters.
    mutating func mention(_ cart: CartID) {
        if carts[cart] == nil { carts[cart] = CartBook(facts: CartFacts(cart: cart), isRecalled: false, policy: policy) }
    }

    /// A sale has begun: what the payment will need is got before it is needed.
    mutating func open(_ cart: CartID, lane: LaneName?, reader: ReaderID?, at now: Now) {
        mention(cart)
        carts[cart]?.touchedAt = now.mono
        if let lane { carts[cart]?.lane = lane }
        if let reader { carts[cart]?.reader = reader }
        if carts[cart]?.isOpen == false {
            carts[cart]?.isOpen = true
            carts[cart]?.openedAt = now.wall
            // A sale that begins wants its reader, also one that a technician had disconnected.
            if let wanted = carts[cart]?.reader { readers[wanted]?.isParted = false }
        }
        if carts[cart]?.configuration == nil, carts[cart]?.configurationAsked == false {
            carts[cart]?.configurationAsked = true
            call(.configuration(cart), for: .configuration(cart), timeout: policy.backendTimeout, payment: nil)
        }
        changeKeeper(cart, at: now) { $0.keep(at: now.mono) }
        wish(at: now)
    }

    mutating func close(_ cart: CartID, at now: Now) {
        guard carts[cart]?.isOpen == true else { return }
        carts[cart]?.isOpen = false
        carts[cart]?.touchedAt = now.mono
        changeKeeper(cart, at: now) { $0.drop() }
        wish(at: now)
    }

    /// Tells every reader whether an open cart wants it ready.
    private mutating func wish(at now: Now) {
        var wanted: Set<ReaderID> = []
        for cart in carts.values where cart.isOpen { if let reader = cart.reader { wanted.insert(reader) } }
        for id in readers.keys.sorted() { changeReader(id, at: now) { reader, _ in reader.setDesired(wanted.contains(id), at: now) } }
    }

    /// Whether `tickCart` has anything to look at.
    func mayBeDue(_ book: CartBook, at now: Now) -> Bool {
        if let wake = book.keeper.nextWake, now.mono >= wake { return true }
        return book.isOpen ? now.mono >= book.touchedAt + policy.cartIdle : now.mono > book.touchedAt + 600_000
    }

    mutating func tickCart(_ cart: CartID, at now: Now) {
        guard let book = carts[cart] else { return }
        if let wake = book.keeper.nextWake, now.mono >= wake { changeKeeper(cart, at: now) { $0.tick(at: now.mono) } }
        if book.isOpen, now.mono >= book.touchedAt + policy.cartIdle, isLeftAlone(book) { close(cart, at: now) }
        // What the journal knows need not be kept in memory; secrets of a cart that nobody touches are let go.
        if !book.isOpen, book.facts.openPayments.isEmpty, book.making == nil, !book.keeper.isBusy, outbox.isEmpty,
            now.mono > book.touchedAt + 600_000, !isResolutionWatched(cart), acceptance.first(where: { $0.request.cart == cart }) == nil
        {
            carts[cart] = nil
        }
    }

    /// Nothing of it is under way on a reader; what is unresolved is asked about without a token.
    func isLeftAlone(_ book: CartBook) -> Bool { book.facts.openPayments.allSatisfy { payments[$0]?.isUnresolved != false } }

    // MARK: Requests

    mutating func openCart(_ id: RequestID, _ cart: CartID, lane: LaneName?, reader: String?, _ recall: Recall, at now: Now) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        remember(cart, recalled: recall.cart)
        var found: ReaderID?
        if let reader {
            switch resolveReader(reader, lane: lane) {
            case .success(let named): found = named
            case .failure(let refusal):
                if wantsFreshList(at: now) {
                    return park(id, .openCart(cart, lane: lane, reader: reader, recall), at: now)
                }
                return refuse(id, refusal)
            }
        } else if case .success(let usual) = resolveReader(nil, lane: lane) {
            found = usual
        }
        if let facts = carts[cart]?.facts, let refusal = refusesPaid(facts) { return refuse(id, refusal) }
        open(cart, lane: lane, reader: found, at: now)
        if let view = cartView(cart) { respond(id, .cart(view)) }
    }

    mutating func closeCart(_ id: RequestID, _ cart: CartID, at now: Now) {
        guard let book = carts[cart], book.isOpen else { return refuse(id, .cartNotFound(cart)) }
        let coming = acceptance.first { $0.request.cart == cart }
        if let running = coming ?? book.facts.openPayments.first(where: { payments[$0]?.isUnresolved == false }) {
            return refuse(
                id,
                Refusal(
                    .cartBusy, "The payment \(running.text) of this cart is running.", remedy: "Wait for it, or cancel it.",
                    payment: running))
        }
        if let reader = book.reader, readers[reader]?.isLive == true, readers[reader]?.holder == nil {
            changeReader(reader, at: now) { reader, _ in
                reader.command(.clearDisplay(nil), owner: .request(RequestID(0)), timeout: 10_000, at: now)
            }
        }
        close(cart, at: now)
        respond(id, .done)
    }

    mutating func display(_ id: RequestID, _ cart: CartID, _ shown: DisplayCart, at now: Now) {
        guard let book = carts[cart], book.isOpen else { return refuse(id, .cartNotFound(cart)) }
        carts[cart]?.touchedAt = now.mono
        guard let reader = book.reader, let machine = readers[reader] else {
            return refuse(id, Refusal(.noReader, "No reader is chosen for this cart.", remedy: "Name a lane or a reader when opening it."))
        }
        if let holder = machine.holder {
            return refuse(id, Refusal(.readerBusy, "The reader is held by the \(holder.words).", payment: holder.payment))
        }
        guard machine.isLive else {
            let view = readerView(machine)
            return refuse(
                id,
                Refusal(
                    .readerUnavailable, machine.trouble?.message ?? "There is no session with the reader yet.",
                    remedy: machine.trouble?.remedy ?? "It is being opened; repeat in a moment.", readerState: view.state))
        }
        let context = transaction(at: now)
        let timeout = policy.readerTimeout
        changeReader(reader, at: now) { reader, _ in
            reader.command(.display(context, shown), owner: .request(id), timeout: timeout, at: now)
        }
    }

    mutating func cartStatus(_ id: RequestID, _ cart: CartID) {
        call(.paymentStatus(cart), for: .cartStatus(id, cart), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func configuration(_ id: RequestID, _ cart: CartID, at now: Now) {
        if let known = carts[cart]?.configuration { return respond(id, .configuration(known)) }
        call(.configuration(cart), for: .configurationRequest(id, cart), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func connectionToken(_ id: RequestID, _ cart: CartID, at now: Now) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        mention(cart)
        carts[cart]?.touchedAt = now.mono
        changeKeeper(cart, at: now) { $0.claim(.request(id), at: now.mono) }
    }

    // MARK: Keyed entry

    mutating func keyedIntent(
        _ id: RequestID, _ cart: CartID, amount: DecimalAmount, accountBalance: DecimalAmount?, _ recall: Recall, at now: Now
    ) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        if let refused = refusedCredential { return refuse(id, .from(refused)) }
        if let refusal = refusesForLoss { return refuse(id, refusal) }
        remember(cart, recalled: recall.cart)
        guard let facts = carts[cart]?.facts else { return }
        if let refusal = refusesPaid(facts) { return refuse(id, refusal) }
        if let open = facts.openPayments.first {
            return refuse(
                id,
                Refusal(
                    .cartBusy, "The payment \(open.text) of this cart is running, or its outcome is not known.",
                    remedy: "Wait until it has ended.", payment: open))
        }
        if parked.contains(where: { $0.reason == .keyedCheck(cart) }) || acceptance.first(where: { $0.request.cart == cart }) != nil {
            return refuse(
                id,
                Refusal(.cartBusy, "A reader payment of this cart is about to begin.", remedy: "Wait until it has ended, or cancel it."))
        }
        carts[cart]?.touchedAt = now.mono
        keyedRequests[id] = (amount, accountBalance, facts.keyedEntry, cart)
        carts[cart]?.facts.keyedEntry = true
        outbox.add(
            JournalEntry(kind: .keyedEntry, at: now.wall, cart: carts[cart]?.facts, note: "an intent for keyed entry is handed out"),
            waiter: .keyedEntry(id, cart))
    }

    mutating func keyedEntryWritten(_ id: RequestID, _ cart: CartID) {
        guard let (amount, balance, wasOpen, _) = keyedRequests.removeValue(forKey: id) else { return }
        call(
            .paymentIntent(cart, amount: amount, accountBalance: balance, type: .card), for: .keyedIntent(id, cart, wasOpen: wasOpen),
            timeout: policy.backendTimeout, payment: nil)
    }

    /// The client secret goes to the checkout; where none was given, nothing was opened.
    mutating func keyedIntentAnswered(
        _ id: RequestID, _ cart: CartID, wasOpen: Bool, _ result: Result<BackendIntent, CallFailure>, at now: Now
    ) {
        switch result {
        case .success(let intent):
            refuseParked(cart)
            carts[cart]?.facts.keyedEver = true
            if let facts = carts[cart]?.facts {
                outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: facts, note: "an intent for keyed entry was handed out"))
            }
            respond(id, .intent(intent))
        case .failure(let failure):
            if !wasOpen, carts[cart]?.facts.keyedEver != true, !isHandingOut(cart) {
                carts[cart]?.facts.keyedEntry = false
                if let facts = carts[cart]?.facts {
                    outbox.add(JournalEntry(kind: .cart, at: now.wall, cart: facts, note: "no intent for keyed entry was handed out"))
                }
            }
            refuse(id, .from(failure))
        }
    }

    /// An intent for keyed entry is on its way to somebody: a form that is about to open cannot have been closed.
    func isHandingOut(_ cart: CartID) -> Bool {
        keyedRequests.values.contains { $0.cart == cart }
            || calls.values.contains {
                if case .keyedIntent(_, cart, _) = $0 { return true }
                return false
            }
    }

    /// A form is about to open: a payment that came before and still waits cannot have seen it closed.
    mutating func refuseParked(_ cart: CartID) {
        let early = parked.filter {
            if case .pay(_, let request, _) = $0.request { return request.cart == cart }
            return false
        }
        for item in early {
            parked.removeAll { $0.id == item.id }
            refuse(
                item.id,
                Refusal(
                    .cartBusy, "Card details may be being typed in for this cart.",
                    remedy: "Close that form unpaid, then repeat with \"after_keyed_entry\": true."))
        }
    }

    /// A reader payment after keyed entry: only when the backend says that the cart is still open.
    mutating func checkKeyedEntry(_ id: RequestID, _ request: Request, _ cart: CartID, at now: Now) {
        parked.append(Parked(id: id, request: request, reason: .keyedCheck(cart)))
        guard !calls.values.contains(.keyedCheck(cart)) else { return }
        call(.paymentStatus(cart), for: .keyedCheck(cart), timeout: policy.backendTimeout, payment: nil)
    }

    mutating func keyedChecked(_ cart: CartID, _ result: Result<CartStatus, CallFailure>, at now: Now) {
        let waiting = parked.filter { $0.reason == .keyedCheck(cart) }
        parked.removeAll { $0.reason == .keyedCheck(cart) }
        for item in waiting {
            switch result {
            case .success(.open):
                keyedChecks.insert(item.id)
                out.append(.recall(item.id))
            case .success(.submitted(let order)):
                refuse(item.id, Refusal(.cartPaid, "This cart has been paid.", remedy: "Do not take it again.", order: order))
            case .success(.failed):
                refuse(
                    item.id,
                    Refusal(
                        .cartBusy, "The backend says that the keyed payment of this cart failed, not that the cart is open.",
                        remedy: "Make a new cart, or settle this one at the backend."))
            case .failure(let failure): refuse(item.id, .from(failure))
            }
        }
    }

    // MARK: Tokens

    mutating func changeKeeper(_ cart: CartID, at now: Now, _ event: (inout TokenKeeper) -> [TokenKeeper.Action]) {
        guard var keeper = carts[cart]?.keeper else { return }
        let actions = event(&keeper)
        carts[cart]?.keeper = keeper
        for action in actions {
            switch action {
            case .owed(let owed): queue.add(.owed(.keeper(cart, owed)))
            case .begun(let begun): queue.add(.begun(.keeper(cart, begun)))
            }
        }
    }

    mutating func carryOut(_ action: TokenKeeper.Owed, of cart: CartID, at now: Now) {
        switch action {
        case .give(let token, .reader(let id)):
            let before = readers[id]
            changeReader(id, at: now) { reader, _ in reader.token(token, at: now) }
            if before == nil { log(.debug, "a token came for a reader that is gone; it was dropped", .reader(id)) }
        case .give(let token, .request(let id)): respond(id, .connectionToken(token))
        case .refuse(.reader(let id), let failure):
            changeReader(id, at: now) { reader, random in reader.tokenRefused(failure, at: now, random: &random) }
        case .refuse(.request(let id), let failure): refuse(id, .from(failure))
        }
    }

    mutating func tokenAnswered(_ cart: CartID, _ result: Result<ConnectionToken, CallFailure>, at now: Now) {
        var draw = SeededRandom(seed: random.next())
        changeKeeper(cart, at: now) { keeper in
            switch result {
            case .success(let token): keeper.answered(token, at: now.mono)
            case .failure(let failure): keeper.failed(failure, at: now.mono, random: &draw)
            }
        }
    }

    mutating func transaction(at now: Now) -> TransactionContext {
        TransactionContext(transactionID: String(Int64.random(in: 1...999_999_999, using: &random)), startTime: now.wall)
    }

    // MARK: Views

    package func cartView(_ cart: CartID) -> CartView? {
        guard let book = carts[cart], book.isOpen else { return nil }
        let reader = book.reader.flatMap { readers[$0] }
        return CartView(
            cart: cart, lane: book.lane, reader: book.reader, readerState: reader.map { readerView($0).state },
            hasConfiguration: book.configuration != nil, hasToken: book.keeper.holdsToken, hasSession: reader?.isLive ?? false,
            currency: currency(of: cart), openedAt: book.openedAt)
    }
}

extension Refusal {
    static func cartNotFound(_ cart: CartID) -> Refusal {
        Refusal(.cartNotFound, "The cart \(cart.text) is not open here.", remedy: "Open it with PUT /v1/carts/{cart}.")
    }
}
