internal import GatewayCore

extension World {
    mutating func backendActs(_ call: Call) -> Answer {
        switch backend.trouble {
        case .down?: return Self.failed(call, .unavailable(detail: "no connection", mayHaveActed: false))
        case .unauthorized?: return Self.failed(call, .unauthorized(detail: "401"))
        case .forbidden?: return Self.failed(call, .forbidden(detail: "403"))
        case .broken?: return Self.failed(call, .unavailable(detail: "500", mayHaveActed: true))
        case .garbled?: return Self.failed(call, .invalidAnswer(detail: "not JSON"))
        case nil: break
        }
        switch call {
        case .configuration: return .configuration(.success(BackendConfiguration(publishableKey: Self.key, stripeLocation: "tml_1")))
        case .setupIntent(let user):
            return .setupIntent(
                .success(
                    BackendSetupIntent(
                        id: "seti_\(user)", publishableKey: Self.key,
                        clientSecret: ClientSecret(Secret("seti_\(user)_secret_1")))))
        case .storeCard(_, let method): return .storedCard(.success(StoredCard(paymentMethod: method, bankcard: "1")))
        case .connectionToken:
            backend.tokens += 1
            backend.redeemed.append(false)
            return .connectionToken(.success(ConnectionToken(Secret("pst_\(backend.tokens - 1)"))))
        case .backendReaders, .terminals:
            return .backendReaders(.success(readers.indices.map { BackendReader(id: Reader.id($0), label: "Reader \($0)") }))
        case .paymentStatus(let id):
            guard let cart = cartIndex(id) else { return .paymentStatus(.failure(.rejected(status: 422, detail: "no such cart"))) }
            return .paymentStatus(.success(backend.status(of: cart, at: now)))
        case .paymentIntent(let id, let amount, _, let type):
            guard let cart = cartIndex(id), let minor = amount.minorUnits(in: Self.currency) else {
                return .paymentIntent(.failure(.rejected(status: 422, detail: "no such cart")))
            }
            return .paymentIntent(makeIntent(cart, minor, isKeyed: type == .card))
        default: return Self.failed(call, .invalidAnswer(detail: "not a call of the backend"))
        }
    }

    func cartIndex(_ id: CartID) -> Int? { Self.number(in: id.text, after: 4) }

    private mutating func makeIntent(_ cart: Int, _ wanted: Int64, isKeyed: Bool) -> Result<BackendIntent, CallFailure> {
        if carts[cart].isDropped || (plan.submittedCartsRefuse && backend.carts[cart].order != nil) {
            return .failure(.rejected(status: 422, detail: "the cart is closed"))
        }
        let amount = dice.chance(isClosed ? 0 : plan.wrongAmounts) ? wanted + dice.within(1...500) : wanted
        var index: Int?
        if plan.intentMode == .same, let last = backend.carts[cart].intents.last, stripe.intents[last].isKeyed == isKeyed,
            stripe.refusal(last) == nil
        {
            stripe.intents[last].amount = amount
            index = last
        }
        if plan.intentMode == .newCancelsOld {
            for old in backend.carts[cart].intents where stripe.refusal(old) == nil { stripe.intents[old].status = .canceled }
        }
        let number = index ?? stripe.intents.count
        if index == nil {
            stripe.intents.append(
                Stripe.Intent(
                    cart: cart, amount: amount, status: .requiresPaymentMethod, isKeyed: isKeyed, secret: "pi_\(number)_secret"))
            backend.carts[cart].intents.append(number)
        }
        return .success(
            BackendIntent(
                id: Stripe.id(number), publishableKey: Self.key, clientSecret: ClientSecret(Secret(stripe.intents[number].secret))))
    }

    // MARK: Stripe

    func stripeReads(_ id: IntentID, _ secret: ClientSecret) -> Result<IntentFacts, CallFailure> {
        guard let index = Stripe.index(of: id), stripe.intents.indices.contains(index),
            stripe.intents[index].secret == secret.secret.reveal()
        else { return .failure(.rejected(status: 404, detail: "no such intent")) }
        return .success(stripe.facts(index))
    }

    func stripeLists(_ token: ConnectionToken) -> Result<[StripeReader], CallFailure> {
        guard let number = Self.number(in: token.secret.reveal(), after: 4), backend.redeemed.indices.contains(number),
            !backend.redeemed[number]
        else {
            return .failure(.unauthorized(detail: "the token is spent"))
        }
        return .success(
            readers.indices.map {
                StripeReader(
                    id: Reader.id($0), serial: "S\($0)", model: "simulated", label: nil, address: "10.0.0.\(readers[$0].listedAddress)",
                    baseURL: looksAtLAN ? "r\($0).\(ReaderName.suffix)" : "example.test", status: "online", lastSeenAt: nil, software: nil,
                    livemode: false)
            })
    }

    /// The money moves: the one place where it does.
    mutating func charge(_ intent: Int, payment: Int?, shown: Int64, amount: Int64, status: IntentStatus) {
        let cart = stripe.intents[intent].cart
        stripe.intents[intent].status = status
        stripe.charges.append(Stripe.Charge(intent: intent, cart: cart, payment: payment, amount: amount, at: now))
        trace.note(now, 50, UInt64(intent), text: "$$ pi_\(intent) of \(carts[cart].id) is charged: \(amount)")
        if let payment { payments[payment].charge = stripe.charges.count - 1 }
        judgeCharge(cart, payment, shown: shown, amount: amount)
        tells(cart, .open)
        let slow = dice.chance(plan.slowOrders) ? dice.within(60_000...400_000) : dice.within(200...8_000)
        backend.carts[cart].failsOrder = dice.chance(isClosed ? 0 : plan.orderFailures)
        plans(.order(cart), after: slow)
    }

    mutating func declined(_ intent: Int, payment: Int) {
        payments[payment].declines += 1
        trace.note(now, 51, UInt64(intent), text: "pi_\(intent) is declined")
        let cart = stripe.intents[intent].cart
        if plan.declineLeavesFailed, stripe.standing(inCart: cart) == 0 { tells(cart, .failed(error: "card declined")) }
    }

    /// The backend hears of something, after its lag. Words come in the order of the things.
    private mutating func tells(_ cart: Int, _ status: CartStatus) {
        if case .submitted? = backend.carts[cart].told.last?.status { return }
        let at = max(now + (plan.statusLag > 0 ? dice.within(0...plan.statusLag) : 0), backend.carts[cart].told.last?.at ?? 0)
        backend.carts[cart].told.append((at, status))
    }

    mutating func makeOrder(_ cart: Int) {
        guard backend.carts[cart].order == nil, stripe.standing(inCart: cart) > 0 else { return }
        if backend.trouble == .down { return plans(.order(cart), after: 5_000) }
        if backend.carts[cart].failsOrder {
            trace.note(now, 52, UInt64(cart), text: "backend: the order of \(carts[cart].id) fails, the money is let go")
            for index in stripe.charges.indices where stripe.charges[index].cart == cart {
                stripe.charges[index].voided = true
                stripe.intents[stripe.charges[index].intent].status = .canceled
            }
            tells(cart, .failed(error: "out of stock"))
        } else {
            backend.carts[cart].order = backend.nextOrder
            backend.nextOrder += 1
            trace.note(now, 53, UInt64(cart), text: "backend: \(carts[cart].id) is submitted")
            tells(cart, .submitted(order: OrderID(unchecked: "order_\(backend.carts[cart].order ?? 0)")))
        }
    }

    /// Somebody types a card number into Stripe's form, or closes it.
    mutating func keyedForm(_ cart: Int, intent: Int, pays: Bool) {
        guard backend.carts[cart].isKeyedOpen else { return }
        backend.carts[cart].isKeyedOpen = false
        guard pays, stripe.refusal(intent) == nil else { return }
        let amount = stripe.intents[intent].amount
        charge(intent, payment: nil, shown: amount, amount: amount, status: .succeeded)
    }

    /// A person at the backend ends a cart that nothing was charged on.
    mutating func drop(_ cart: Int) {
        guard stripe.standing(inCart: cart) == 0 else { return }
        carts[cart].isDropped = true
        for intent in backend.carts[cart].intents { stripe.intents[intent].status = .canceled }
        tells(cart, .failed(error: "ended by the back office"))
    }
}
