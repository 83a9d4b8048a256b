import GatewayModel
import Moments

extension GatewayMachine {
    /// Takes up the journal's facts of a cart when memory has none. `facts` is nil when the journal knows nothing.
    mutating func remember(_ cart: CartID, recalled facts: CartFacts?, at now: Now) {
        guard carts[cart] != nil else {
            let known = facts ?? CartFacts(cart: cart.lock)
            carts[cart] = CartBook(
                cart, money: CartMachine(known, isRecalled: true, terms: policy.evidenceTerms, at: now), policy: policy)
            carts.change(cart) { $0.touchedAt = now.mono }
            return proveSaid(of: cart, at: now)
        }
        if carts[cart]?.money.isAtWork == false { carts.change(cart) { $0.written = cart } }
        guard carts[cart]?.money.isRecalled == false else { return }
        carts.changeMoney(of: cart) { $0.recall(facts, at: now) }
        proveSaid(of: cart, at: now)
    }

    /// Asks for the proof that the readers of a technician's word are idle. The word's window begins with that proof, so the agent does not
    /// leave it to chance.
    private mutating func proveSaid(of cart: CartID, at now: Now) {
        for id in carts[cart]?.money.unproved ?? [] where !id.text.isEmpty {
            // Another entry of the lists may stand for its device.
            let reader = device(id)
            takeUpReader(reader, label: nil)
            changeReader(reader, at: now) { reader, _ in reader.proveIdleIfFree(at: now) }
        }
    }

    /// Makes room for a cart that only lends its token. The agent takes up the journal's facts when they matter.
    mutating func mention(_ cart: CartID, at now: Now) {
        guard carts[cart] == nil else { return }
        carts[cart] = CartBook(
            cart, money: CartMachine(CartFacts(cart: cart.lock), isRecalled: false, terms: policy.evidenceTerms, at: now), policy: policy)
    }

    /// Opens a cart as its sale begins. It prepares what the payment will need, or asks for it at once when a payment needs it now
    /// (`pays`).
    mutating func open(_ cart: CartID, lane: LaneName?, reader: ReaderID?, pays: Bool, at now: Now) {
        mention(cart, at: now)
        let begins = carts.change(cart) { $0.open(lane: lane, reader: reader, at: now) }
        // A sale that begins wants its reader, even after a technician has disconnected it.
        if begins == true, let wanted = carts[cart]?.reader { readers.change(device(wanted)) { $0.isWantedAgain() } }
        if carts[cart]?.configuration == nil {
            let isQueued = carts.warmUps.holds(WarmUps.Item(.configuration, cart))
            if pays, carts[cart]?.configurationAsked == false || isQueued {
                _ = carts.warmUps.remove(WarmUps.Item(.configuration, cart))
                carts.change(cart) { $0.configurationAsked = true }
                askConfiguration(cart)
            } else if carts[cart]?.configurationAsked == false {
                carts.change(cart) { $0.configurationAsked = true }
                warmUp(.configuration, cart, at: now)
            }
        }
        changeKeeper(cart, at: now) { $0.keep(at: now.mono) }
        wish(at: now)
    }

    mutating func close(_ cart: CartID, at now: Now) {
        guard carts[cart]?.isOpen == true else { return }
        carts.change(cart) { $0.close(at: now) }
        clearScreens(of: cart, at: now)
        changeKeeper(cart, at: now) { $0.drop() }
        forgetWarmUps(of: cart)
        wish(at: now)
    }

    /// Takes a closed cart off the screens. What another cart has shown since stays.
    private mutating func clearScreens(of cart: CartID, at now: Now) {
        for reader in readers.screens.takeOff(cart) {
            guard readers[reader]?.isLive == true, readers[reader]?.holder == nil else { continue }
            changeReader(reader, at: now) { reader, _ in
                reader.command(.clearDisplay(nil), owner: .request(RequestID(0)), timeout: 10_000, at: now)
            }
        }
    }

    /// Tells every reader whether an open cart wants it ready.
    mutating func wish(at now: Now) {
        var wanted: Set<ReaderID> = []
        for cart in carts.values where cart.isOpen { if let reader = cart.reader { wanted.insert(device(reader)) } }
        for reader in readers.values where lists.hasListed && !reader.facts.inBackend { wanted.remove(reader.id) }
        for id in readers.ids { changeReader(id, at: now) { reader, _ in reader.setDesired(wanted.contains(id), at: now) } }
    }

    /// Whether `tickCart` may have work to do for any cart.
    func areCartsDue(at now: Now) -> Bool {
        now.mono >= carts.nextWake || carts.values.contains { isLongUntouched($0, at: now) }
    }

    private func isLongUntouched(_ book: CartBook, at now: Now) -> Bool {
        book.isOpen ? now.mono >= book.touchedAt + policy.cartIdle : now.mono > book.touchedAt + keepTime(of: book)
    }

    /// How long memory keeps an idle cart, in milliseconds. The time is zero when there are very many carts and this one has no secrets.
    private func keepTime(of book: CartBook) -> Int64 { carts.count > Self.maximumRemembered && book.secrets.isEmpty ? 0 : 600_000 }

    mutating func tickCart(_ cart: CartID, at now: Now) {
        guard let book = carts[cart] else { return }
        if let wake = book.keeper.nextWake, now.mono >= wake { changeKeeper(cart, at: now) { $0.tick(at: now.mono) } }
        if book.isOpen, now.mono >= book.touchedAt + policy.cartIdle, isLeftAlone(book) { close(cart, at: now) }
        // The cart's machine has to write the outcome of a technician's word before memory may forget the cart.
        if book.facts.intent?.said != nil { return changeCart(cart) { $0.tick(at: now) } }
        // Memory need not keep what the journal knows. It lets the secrets of an idle cart go.
        if !book.isOpen, book.money.isAtRest(at: now), !book.keeper.isBusy, outbox.isEmpty,
            now.mono > book.touchedAt + keepTime(of: book), !resolutions.isWatched(cart),
            payments.acceptance.first(where: { $0.request.cart.lock == cart.lock }) == nil
        {
            carts[cart] = nil
        }
    }

    /// Whether no payment of the cart is under way on a reader. The agent asks about unresolved payments without a token.
    func isLeftAlone(_ book: CartBook) -> Bool { book.money.open.allSatisfy { payments[$0.payment]?.isUnresolved != false } }

    // MARK: Requests

    mutating func openCart(_ id: RequestID, _ cart: CartID, lane: LaneName?, reader: String?, _ recall: Recall, at now: Now) {
        if isStopping { return refuse(id, Refusal(.shuttingDown, "The agent is being stopped.")) }
        // A payment opens its cart by itself, so this limit refuses no payment.
        if carts[cart]?.isOpen != true, carts.openCount >= Self.maximumOpenCarts {
            return refuse(
                id,
                Refusal(
                    .overloaded, "\(Self.maximumOpenCarts) carts are open.",
                    remedy:
                        "Close those whose sale is over (readerctl carts close CART); one left alone for 30 minutes is closed by itself. "
                        + "Payments need no open cart."))
        }
        remember(cart, recalled: recall.cart, at: now)
        var found: ReaderID?
        if let reader {
            switch resolveReader(reader, lane: lane) {
            case .success(let named): found = named
            case .failure(let refusal):
                let original = Request.openCart(cart, lane: lane, reader: reader, recall)
                if wantsFreshList(at: now) { return park(id, original, at: now) }
                if mayBeSettledByStripe(refusal), parkForStripe(id, original, refusal, cart: cart, at: now) { return }
                return refuse(id, refusal)
            }
        } else if case .success(let usual) = resolveReader(nil, lane: lane) {
            found = usual
        }
        if let refusal = carts[cart]?.money.refusesPaid { return refuse(id, refusal) }
        open(cart, lane: lane, reader: found, pays: false, at: now)
        // A lane may name a serial number that only Stripe's list tells. The cart's own token reads that list.
        if found == nil, lists.hasListed, lists.stripeListedAt == nil, !isLookingAtStripe {
            changeKeeper(cart, at: now) { $0.show(at: now.mono) }
        }
        if let view = cartView(cart) { respond(id, .cart(view)) }
    }

    mutating func closeCart(_ id: RequestID, _ cart: CartID, at now: Now) {
        guard let book = carts[cart], book.isOpen else { return refuse(id, .cartNotFound(cart)) }
        let coming = payments.acceptance.first { $0.request.cart.lock == cart.lock }
        if let running = coming ?? book.money.open.first(where: { payments[$0.payment]?.isUnresolved == false })?.payment {
            return refuse(
                id,
                Refusal(
                    .cartBusy, "The payment \(running.text) of this cart is running.", remedy: "Wait for it, or cancel it.",
                    payment: running))
        }
        close(cart, at: now)
        respond(id, .done)
    }

    mutating func display(_ id: RequestID, _ cart: CartID, _ shown: DisplayCart, at now: Now) {
        guard let book = carts[cart], book.isOpen else { return refuse(id, .cartNotFound(cart)) }
        carts.change(cart) { $0.touchedAt = now.mono }
        guard let reader = book.reader.map({ device($0) }), let machine = readers[reader] else {
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
        readers.screens.shows(cart, on: reader)
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
        mention(cart, at: now)
        carts.change(cart) { $0.touchedAt = now.mono }
        changeKeeper(cart, at: now) { $0.claim(.request(id), at: now.mono) }
    }

    // MARK: Tokens

    /// The largest number of sales that may be open at once.
    package static let maximumOpenCarts = 1000
    /// Above this number of carts, memory forgets a cart as soon as nothing of it is under way.
    static let maximumRemembered = 2000

    mutating func changeKeeper(_ cart: CartID, at now: Now, _ event: (inout TokenKeeper) -> [TokenKeeper.Action]) {
        let outcome = carts.change(cart) { (actions: event(&$0.keeper), isClaimed: $0.keeper.isClaimed) }
        guard let (actions, isClaimed) = outcome else { return }
        // A claimed token does not wait for its turn.
        if isClaimed, carts.warmUps.remove(WarmUps.Item(.token, cart)) { queue.add(.begun(.keeper(cart, .request))) }
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
        case .show(let token): look(with: token)
        case .showNone(let failure): if !isLookingAtStripe { goOnAfterStripe(.failure(.from(failure))) }
        }
    }

    mutating func tokenAnswered(_ cart: CartID, _ result: Result<ConnectionToken, CallFailure>, at now: Now) {
        carts.warmUps.ended(WarmUps.Item(.token, cart))
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

    package var rememberedCarts: Int { carts.count }

    /// Why a cart of this lane has no reader, whether for now or at all.
    private func noReader(_ lane: LaneName?) -> Refusal? {
        guard case .failure(let refusal) = resolveReader(nil, lane: lane) else { return nil }
        let isComing = !lists.hasListed ? "The backend is being asked" : isLookingAtStripe ? "Stripe is being asked" : nil
        guard let isComing else { return refusal }
        return Refusal(
            .noReader, "\(isComing) for this location's readers; the cart gets its reader as soon as they are known.",
            remedy: "Nothing is to be done. A payment waits for it.")
    }

    package func cartView(_ cart: CartID) -> CartView? {
        guard let book = carts[cart], book.isOpen else { return nil }
        let reader = book.reader.flatMap { readers[device($0)] }
        return CartView(
            cart: book.written, lane: book.lane, reader: book.reader, readerState: reader.map { readerView($0).state },
            noReader: book.reader == nil ? noReader(book.lane) : nil, hasConfiguration: book.configuration != nil,
            hasToken: book.keeper.holdsToken, hasSession: reader?.isLive ?? false,
            currency: currency(of: cart), openedAt: book.openedAt)
    }
}

extension Refusal {
    static func cartNotFound(_ cart: CartID) -> Refusal {
        Refusal(
            .cartNotFound, "The cart \(cart.text) is not open here.",
            remedy: "Open it: sudo readerctl carts open \(PrintedWord.of(cart.text, else: "CART"))")
    }
}
