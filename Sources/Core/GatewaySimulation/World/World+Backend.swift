internal import GatewayCore
import GatewayModel
import Moments

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
        case .storeCard(let request, let method): return .storedCard(storesCard(request, method))
        case .connectionToken:
            backend.tokens += 1
            backend.redeemed.append(false)
            return .connectionToken(.success(ConnectionToken(Secret("pst_\(backend.tokens - 1)"))))
        case .backendReaders, .terminals:
            return .backendReaders(
                .success(
                    readers.indices.filter { isRegistered($0) }.flatMap { index in
                        readers[index].ids(index).map { BackendReader(id: $0, label: readers[index].label) }
                    }))
        case .registerTerminal, .updateTerminal, .deregisterTerminal: return .terminalChanged(changesTerminals(call))
        case .paymentStatus(let id):
            guard let cart = cartIndex(id) else { return .paymentStatus(.failure(.rejected(status: 422, detail: "no such cart"))) }
            return .paymentStatus(.success(backend.status(of: cart, at: now)))
        case .paymentIntent(let id, let amount, _, let type):
            guard let cart = cartIndex(id), let minor = amount.minorUnits(in: carts[cart].currency) else {
                return .paymentIntent(.failure(.rejected(status: 422, detail: "no such cart")))
            }
            return .paymentIntent(makeIntent(cart, minor, isKeyed: type == .card))
        case .stripeReaders, .readIntent, .reader, .append, .networks, .lookAtLAN, .lookAtUSB:
            return Self.failed(call, .invalidAnswer(detail: "not a call of the backend"))
        }
    }

    /// The cart that the backend takes this id for.
    func cartIndex(_ id: CartID) -> Int? {
        guard let index = cartsByName[id], carts[index].id != id else { return cartsByName[id] }
        let isTaken =
            switch extras.reading {
            case .exact: false
            case .trimming: id.text.utf8.first == UInt8(ascii: " ") || id.text.utf8.last == UInt8(ascii: " ")
            case .anyCase: id.text.utf8.contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
            case .numbers: id.text.utf8.first == UInt8(ascii: "0")
            }
        return isTaken ? index : nil
    }

    private mutating func makeIntent(_ cart: Int, _ wanted: Int64, isKeyed: Bool) -> Result<BackendIntent, CallFailure> {
        if carts[cart].isDropped || (plan.submittedCartsRefuse && backend.carts[cart].order != nil) {
            return .failure(.rejected(status: 422, detail: "the cart is closed"))
        }
        let amount = dice.chance(isClosed ? 0 : plan.wrongAmounts) ? wanted + dice.within(1...500) : wanted
        var index = oddIntent(cart, amount, isKeyed: isKeyed)
        if index == nil, plan.intentMode == .same, let last = backend.carts[cart].intents.last, stripe.intents[last].isKeyed == isKeyed,
            stripe.refusal(last) == nil
        {
            if !dice.chance(extras.stayingTips) { stripe.intents[last].stayingTip = 0 }
            stripe.intents[last].amount = amount + stripe.intents[last].stayingTip
            index = last
        }
        if plan.intentMode == .newCancelsOld {
            for old in backend.carts[cart].intents where old != index && stripe.refusal(old) == nil {
                stripe.intents[old].status = .canceled
            }
        }
        let number = index ?? stripe.intents.count
        if index == nil {
            stripe.intents.append(
                Stripe.Intent(
                    cart: cart, amount: amount, status: .requiresPaymentMethod, isKeyed: isKeyed, secret: "pi_\(number)_secret"))
            backend.carts[cart].intents.append(number)
            if dice.chance(isClosed ? 0 : odds.unknownIntents) { stripe.intents[number].isUnknown = true }
        }
        return .success(
            BackendIntent(
                id: Stripe.id(number), publishableKey: Self.key, clientSecret: ClientSecret(Secret(stripe.intents[number].secret))))
    }

    // MARK: Stripe

    func stripeReads(_ id: IntentID, _ secret: ClientSecret) -> Result<IntentFacts, CallFailure> {
        guard let index = Stripe.index(of: id), stripe.intents.indices.contains(index), !stripe.intents[index].isUnknown,
            stripe.intents[index].secret == secret.secret.reveal()
        else { return .failure(.rejected(status: 404, detail: "no such intent")) }
        var facts = stripe.facts(index, carts[stripe.intents[index].cart].currency)
        if odds.tellsCards, let charge = stripe.charges.last(where: { $0.intent == index && !$0.voided }) {
            facts.card = Self.card(charge.card)
        }
        return .success(facts)
    }

    func stripeLists(_ token: ConnectionToken) -> Result<[StripeReader], CallFailure> {
        guard let number = Self.number(in: token.secret.reveal(), after: 4), backend.redeemed.indices.contains(number),
            !backend.redeemed[number]
        else {
            return .failure(.unauthorized(detail: "the token is spent"))
        }
        return .success(
            readers.indices.filter { isRegistered($0) }.flatMap { index in
                readers[index].ids(index).map { id in
                    StripeReader(
                        id: id, serial: "S\(index)", model: "simulated", label: nil,
                        address: "10.0.0.\(readers[index].listedAddress)",
                        baseURL: looksAtLAN ? "r\(index).\(ReaderName.suffix)" : "example.test", status: "online", lastSeenAt: nil,
                        software: nil, livemode: false)
                }
            })
    }

    /// Moves the money. No other place does.
    mutating func charge(_ intent: Int, payment: Int?, shown: Int64, amount: Int64, status: IntentStatus, card: Int = 0) {
        let cart = stripe.intents[intent].cart
        stripe.intents[intent].status = status
        // From now on Stripe shows what was charged, the tip included.
        stripe.intents[intent].amount = amount
        stripe.charges.append(Stripe.Charge(intent: intent, cart: cart, payment: payment, amount: amount, at: now, card: card))
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
        if plan.declineLeavesFailed || extras.goesOn > 0, stripe.standing(inCart: cart) == 0 {
            tells(cart, .failed(error: "card declined"))
        }
    }

    /// Tells the backend of an event, after its lag. The statuses come in the order of the events.
    mutating func tells(_ cart: Int, _ status: CartStatus) {
        if case .submitted? = backend.carts[cart].told.last?.status { return }
        let at = max(now + (plan.statusLag > 0 ? dice.within(0...plan.statusLag) : 0), backend.carts[cart].told.last?.at ?? 0)
        backend.carts[cart].told.append((at, status))
    }

    mutating func makeOrder(_ cart: Int) {
        guard backend.carts[cart].order == nil, stripe.standing(inCart: cart) > 0 else { return }
        if backend.trouble == .down { return plans(.order(cart), after: 5_000) }
        if backend.carts[cart].failsOrder {
            let isKept = dice.chance(extras.keepsHeld)
            trace.note(
                now, 52, UInt64(cart), text: "backend: the order of \(carts[cart].id) fails, the money is \(isKept ? "held" : "let go")")
            for index in stripe.charges.indices where stripe.charges[index].cart == cart {
                let intent = stripe.charges[index].intent
                // No intent is processed for ever.
                if isKept, case .processing = stripe.intents[intent].status { stripe.intents[intent].status = .succeeded }
                if !isKept {
                    holdLetGo(index)
                } else if dice.chance(extras.letsGoLater) {
                    plans(.holdLetGo(index), after: dice.within(5_000...600_000))
                }
            }
            tells(cart, .failed(error: "out of stock"))
        } else {
            backend.carts[cart].order = backend.nextOrder
            backend.nextOrder += 1
            trace.note(now, 53, UInt64(cart), text: "backend: \(carts[cart].id) is submitted")
            // No intent is processed for ever, and where a card was typed in too, the order does not tell what became of the reader's.
            if carts[cart].isMisjudged { endProcessing(cart) }
            tells(cart, .submitted(order: OrderID(unchecked: "order_\(backend.carts[cart].order ?? 0)")))
        }
    }

    private mutating func endProcessing(_ cart: Int) {
        for charge in stripe.charges where charge.cart == cart && !charge.voided {
            if case .processing = stripe.intents[charge.intent].status { stripe.intents[charge.intent].status = .succeeded }
        }
    }

    /// Lets a person type a card number into Stripe's form, or close it.
    mutating func keyedForm(_ cart: Int, intent: Int, pays: Bool) {
        // A later form of the cart may be open, while this one is closed.
        guard backend.carts[cart].isKeyedOpen, backend.carts[cart].form == intent else { return }
        if pays, stripe.refusal(intent) == nil, dice.chance(extras.bankApps) {
            trace.note(now, 54, UInt64(intent), text: "pi_\(intent), typed in, waits for its customer in the bank's app")
            stripe.intents[intent].status = .requiresAction
            backend.carts[cart].inBankApps += 1
            backend.carts[cart].isKeyedOpen = dice.chance(300)
            return plans(.bankApp(cart, intent: intent, approves: dice.chance(600)), after: dice.within(1_000...120_000))
        }
        backend.carts[cart].isKeyedOpen = false
        guard pays, stripe.refusal(intent) == nil else { return }
        let amount = stripe.intents[intent].amount
        charge(intent, payment: nil, shown: amount, amount: amount, status: .succeeded)
    }

    mutating func bankApp(_ cart: Int, intent: Int, approves: Bool) {
        backend.carts[cart].inBankApps -= 1
        backend.carts[cart].isKeyedOpen = false
        guard case .requiresAction = stripe.intents[intent].status else { return }
        trace.note(now, 55, UInt64(intent), text: "the customer \(approves ? "approves" : "refuses") pi_\(intent) in the bank's app")
        stripe.intents[intent].status = .requiresPaymentMethod
        guard approves else { return }
        let amount = stripe.intents[intent].amount
        charge(intent, payment: nil, shown: amount, amount: amount, status: .succeeded)
    }

    /// Releases money that was held on a card.
    mutating func holdLetGo(_ charge: Int) {
        guard backend.carts[stripe.charges[charge].cart].order == nil, !stripe.charges[charge].voided else { return }
        trace.note(now, 56, UInt64(charge), text: "pi_\(stripe.charges[charge].intent) is let go")
        stripe.charges[charge].voided = true
        stripe.intents[stripe.charges[charge].intent].status = .canceled
    }

    // MARK: Hands at Stripe

    /// An intent that has no authorisation under way, and no charge.
    private mutating func anyFreeIntent() -> Int? {
        let free = stripe.intents.indices.filter { stripe.refusal($0) == nil || stripe.intents[$0].status == .requiresAction }
        return free.isEmpty || isClosed ? nil : dice.of(free)
    }

    mutating func stripeCancels() {
        guard let intent = anyFreeIntent() else { return }
        trace.note(now, 57, UInt64(intent), text: "somebody cancels pi_\(intent) at Stripe")
        stripe.intents[intent].status = .canceled
    }

    mutating func changesAmount() {
        guard let intent = anyFreeIntent() else { return }
        stripe.intents[intent].amount += dice.within(1...500)
        carts[stripe.intents[intent].cart].isTamperedWith = true
        trace.note(now, 58, UInt64(intent), text: "somebody makes pi_\(intent) \(stripe.intents[intent].amount) at Stripe")
    }

    /// A person at the backend ends a cart that nothing was charged on.
    mutating func drop(_ cart: Int) {
        guard stripe.standing(inCart: cart) == 0 else { return }
        carts[cart].isDropped = true
        for intent in backend.carts[cart].intents { stripe.intents[intent].status = .canceled }
        tells(cart, .failed(error: "ended by the back office"))
    }
}
