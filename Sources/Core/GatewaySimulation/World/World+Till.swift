internal import GatewayCore
import GatewayModel
import Moments

/// The actions of the people at the tills.
extension World {
    mutating func steps(_ till: Int) {
        tills[till].steps += 1
        guard tills[till].steps < 80, !isClosed else { return }
        guard machine != nil else { return plans(.till(till), after: dice.within(500...5_000)) }
        if let payment = tills[till].payment {
            looksAfter(payment, till)
        } else if tills[till].attempts < plan.attempts {
            begins(till)
        } else {
            return
        }
        let pause: ClosedRange<Int64> = dice.chance(250) ? 1...30 : dice.chance(700) ? 50...2_000 : 2_000...15_000
        plans(.till(till), after: dice.within(pause))
    }

    private mutating func begins(_ till: Int) {
        if tills[till].cart == nil || !dice.chance(700) {
            if !carts.isEmpty, dice.chance(plan.sharedCarts) {
                tills[till].cart = dice.below(carts.count)
            } else {
                makeCart()
                tills[till].cart = carts.count - 1
                if dice.chance(500) { return asksAround(till, carts.count - 1) }
            }
        }
        guard let cart = tills[till].cart else { return }
        if dice.chance(150) { return asksAround(till, cart) }
        tills[till].attempts += 1
        if dice.chance(plan.otherAmounts) { carts[cart].amount += 100 }
        let number = payments.count
        let id = PaymentID(unchecked: "p\(number)")
        let lane = LaneName(unchecked: "lane-\(till)")
        let amount = dice.chance(odds.oddAmounts) ? oddAmount(of: cart) : amount(of: cart)
        // A cashier who says that the form is closed has closed it, and has seen that it was not paid. Some do not know of the form at
        // another till, and say nothing.
        let afterKeyed =
            !isTypedIn(cart) && (backend.carts[cart].isKeyedOpen ? dice.chance(600) : dice.chance(plan.keyedEntries))
        let request = PaymentRequest(
            cart: name(of: cart), amount: amount, accountBalance: dice.chance(extras.balances) ? amount : nil, lane: lane,
            reader: dice.chance(odds.namesLanes)
                ? nil : name(ofReader: dice.below(readers.count), by: extras.twins > 0 ? dice.below(7) : 0),
            timeoutSeconds: dice.of([nil, 5, 8]),
            display: dice.chance(plan.displays)
                ? DisplayCart(currency: carts[cart].currency, totalMinor: Int64(carts[cart].amount), taxMinor: nil, lines: []) : nil,
            tip: dice.chance(plan.tips)
                ? TipConfiguration(options: [TipOption(label: "10", amountMinor: 100)], hideCustomAmount: false) : nil,
            afterKeyedEntry: afterKeyed)
        payments.append(PaymentTruth(id: id, cart: cart, till: till, request: request))
        paymentIndex[id] = number
        tills[till].payment = number
        puts(number, till)
    }

    /// Whether a card number was typed in for this cart, and the money moved.
    func isTypedIn(_ cart: Int) -> Bool {
        backend.carts[cart].intents.contains {
            stripe.intents[$0].isKeyed && stripe.intents[$0].status != .requiresAction && stripe.refusal($0)?.showsIntent == true
        }
    }

    /// The price of the cart.
    func amount(of cart: Int) -> DecimalAmount { Self.amount(carts[cart].currency.majorText(Int64(carts[cart].amount))) }

    /// An amount that the simulation itself has written. One that cannot be read is a mistake of the simulation.
    static func amount(_ text: String) -> DecimalAmount {
        do { return try DecimalAmount(text) } catch { preconditionFailure("\(text) is no amount: \(error)") }
    }

    mutating func makeCart() {
        let number = carts.count
        let amount = 1_000 + dice.below(4) * 100
        guard extras.otherSpellings > 0 else {
            carts.append(CartTruth(id: CartID(unchecked: "cart\(number)"), amount: amount))
            if extras.currencies > 1 {
                carts[number].currency = Currency(unchecked: dice.of(Array(["usd", "jpy", "kwd"].prefix(extras.currencies))))
                // A dinar has a thousand parts, of which the last digit is zero.
                if carts[number].currency.rule.multiple > 1 { carts[number].amount *= 10 }
            }
            cartsByName[carts[number].id] = number
            return backend.carts.append(Backend.Cart())
        }
        let id = number % 2 == 0 ? "\(120 + number)" : "ab-\(number)"
        carts.append(CartTruth(id: CartID(unchecked: id), amount: amount))
        // The spellings are those that the agent accepts as a cart's id at all.
        carts[number].spellings = ["0" + id, "00" + id, " " + id, id + " ", id.uppercasedASCII].filter { $0 != id }.compactMap {
            CartID($0)
        }
        for name in [carts[number].id] + carts[number].spellings { cartsByName[name] = number }
        backend.carts.append(Backend.Cart())
    }

    /// The cart's id as a cashier writes it.
    private mutating func name(of cart: Int) -> CartID {
        guard !carts[cart].spellings.isEmpty, dice.chance(extras.otherSpellings) else { return carts[cart].id }
        return dice.of(carts[cart].spellings)
    }

    private mutating func puts(_ number: Int, _ till: Int) {
        let truth = payments[number]
        // A cashier who repeats that the form is closed and unpaid says it anew, and not of a form that opened and was paid since.
        if truth.request.afterKeyedEntry, !truth.wasAcknowledged, isTypedIn(truth.cart) {
            tills[till].payment = nil
            tills[till].waitsForPut = false
            return
        }
        // A cashier who says that the form is closed has closed it, or is wrong, and then the agent can prevent nothing.
        if truth.request.afterKeyedEntry, backend.carts[truth.cart].isKeyedOpen, !truth.wasAcknowledged {
            if dice.chance(odds.leavesForms) { carts[truth.cart].isMisjudged = true } else { backend.carts[truth.cart].isKeyedOpen = false }
        } else if truth.request.afterKeyedEntry, !carts[truth.cart].isMisjudged {
            backend.carts[truth.cart].isKeyedOpen = false
        }
        tills[till].waitsForPut = true
        payments[number].wasRefusedForDisk = false
        ask(
            till, .pay(truth.id, truth.request, Recall()), payment: number, isPut: true,
            text: "PUT \(truth.id) \(truth.request.cart) \(truth.request.amount.text) on \(truth.request.reader ?? "-")")
    }

    private mutating func looksAfter(_ number: Int, _ till: Int) {
        let id = payments[number].id
        guard let record = seen(id) else {
            if dice.chance(plan.cancels) { return ask(till, .cancel(id, Recall()), payment: number, text: "cancel \(id)") }
            // The request was not heard, or not answered, so the till makes the same one again.
            if tills[till].waitsForPut || dice.chance(800) { puts(number, till) } else { tills[till].payment = nil }
            return
        }
        shows(record, number)
        if record.state.isEnd {
            if dice.chance(plan.repeats) { return puts(number, till) }
            tills[till].payment = nil
            return
        }
        if dice.chance(plan.repeats) { return puts(number, till) }
        if dice.chance(plan.cancels) { return ask(till, .cancel(id, Recall()), payment: number, text: "cancel \(id)") }
        if record.state == .unresolved {
            if dice.chance(plan.resolutions), resolves(number, till) { return }
            if dice.chance(300) { tills[till].payment = nil }
        } else if dice.chance(40) {
            asksAround(till, payments[number].cart)
        }
    }

    /// Lets a technician find out the truth, once there is one, and state it.
    mutating func resolves(_ number: Int, _ till: Int) -> Bool {
        let cart = payments[number].cart
        guard !inFlight.contains(where: { stripe.intents[$0.intent].cart == cart }),
            !calls.contains(where: { !$0.isAnswered && $0.generation == generation && Self.isConfirm($0.call) && $0.payment == number })
        else { return false }
        var paid = payments[number].charge.map { !stripe.charges[$0].voided } ?? false
        if let sentAt = payments[number].confirmedAt, now - sentAt > 400_000, dice.chance(extras.wrongWords) {
            paid.toggle()
            carts[cart].isMisjudged = true
        }
        var order: OrderID?
        if paid, dice.chance(odds.namesOrders) {
            let isRight = dice.chance(500)
            order = OrderID(unchecked: isRight ? "order_\(backend.carts[cart].order ?? 0)" : "order_of_another_sale")
            // What is said is contradicted then, and rightly so.
            carts[cart].isMisjudged = true
        }
        ask(
            till, .resolve(payments[number].id, paid: paid, order: order, by: "technician", note: "looked it up", Recall()),
            payment: number,
            text: "resolve \(payments[number].id) as \(paid ? "paid" : "not paid")")
        return true
    }

    static func isConfirm(_ call: Call) -> Bool {
        if case .reader(_, _, .confirm, _) = call { return true }
        return false
    }

    /// Whether the call's answer comes when the issuer has decided, or never.
    static func waitsForIssuer(_ call: Call) -> Bool {
        if case .reader(_, _, .confirmReusable, _) = call { return true }
        return isConfirm(call)
    }

    private mutating func asksAround(_ till: Int, _ cart: Int) {
        let id = name(of: cart)
        let reader = Reader.id(dice.below(readers.count)).text
        switch dice.below(8) {
        case 0, 1: ask(till, .openCart(id, lane: nil, reader: reader, Recall()), payment: nil, text: "open \(id) on \(reader)")
        case 2:
            let shown = DisplayCart(currency: carts[cart].currency, totalMinor: 100, taxMinor: nil, lines: [])
            ask(till, .display(id, shown), payment: nil, text: "display \(id)")
        case 3: ask(till, .cartStatus(id), payment: nil, text: "status of \(id)")
        case 4: ask(till, .connectionToken(id), payment: nil, text: "a connection token for \(id)")
        case 5: ask(till, .closeCart(id), payment: nil, text: "close \(id)")
        // There is one form at a time, and none for a cart that was typed in already. The agent could know neither.
        case 6 where stripe.standing(inCart: cart) == 0 && !backend.carts[cart].isKeyedOpen && dice.chance(plan.keyedEntries * 3):
            let amount = amount(of: cart)
            ask(till, .keyedIntent(id, amount: amount, accountBalance: nil, Recall()), payment: nil, text: "keyed entry for \(id)")
        default: ask(till, .readers(refresh: dice.chance(500)), payment: nil, text: "readers")
        }
    }

    /// Takes an error as the answer to a PUT. No payment exists because of it.
    mutating func refused(_ open: OpenRequest, _ refusal: Refusal) {
        tills[open.till].waitsForPut = false
        guard let number = open.payment else { return }
        if refusal.code == .journalUnavailable { payments[number].wasRefusedForDisk = true }
        judgeRefusal(number, refusal)
        if life > 0 { return probeRefused(number, refusal) }
        if tills[open.till].payment == number, !payments[number].wasAcknowledged {
            // The cashier tries the same request again, or gives up.
            if dice.chance(600) { tills[open.till].payment = nil }
        }
    }

    // MARK: Closing time

    /// Stops the faults. Calls that run go on.
    mutating func closing() {
        trace.note(now, 80, text: "── closing time: faults stop")
        isClosed = true
        backend.trouble = nil
        disk.isFull = false
        disk.hangsUntil = now
        for index in readers.indices {
            if readers[index].registeredAt == nil { readers[index].registeredAt = now }
            (readers[index].hasItsOwnID, readers[index].speaksAnotherDialect) = (true, false)
            left(index)
            readerOn(index)
        }
        endOdds()
        if machine == nil || isStopping {
            kill(restartAfter: nil)
            start()
        }
        if extras.losses > 0 {
            acceptsLoss()
            // A disk that hangs still refuses that, and a technician who is told so repeats it.
            agenda.add(.acceptsLoss, at: now + 60_000)
        }
        plans(.settle, after: 2_400_000)
        plans(.look, after: 5_000)
    }

    /// Waits until nothing is open and the issuer has no work left. Only heartbeats would follow.
    mutating func look() {
        guard machine?.hasOpenPayments == true || machine?.hasOpenCardSetups == true || !inFlight.isEmpty || machine?.isQuiet == false
        else { return comesToRest() }
        plans(.look, after: 5_000)
    }

    /// Gives the evidence that is missing. A payment that is left can only be unresolved for want of it.
    mutating func settle() {
        guard life == 0 else { return }
        judgeStanding()
        guard violation == nil else { return }
        guard let machine else { return }
        let left = machine.openPayments
        if left.isEmpty { return comesToRest() }
        trace.note(now, 81, text: "── \(left.count) left: the back office decides")
        for record in left {
            guard let number = paymentIndex[record.id] else { continue }
            // The backend's status ends only payments that Stripe can be asked about too.
            let canBeRead = record.intent.flatMap { Stripe.index(of: $0) }.map { secretsKnown.contains($0) } == true
            if !canBeRead || dice.chance(300), resolves(number, payments[number].till) { continue }
            drop(payments[number].cart)
        }
        plans(.over, after: 3_600_000)
    }
}
