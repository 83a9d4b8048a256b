internal import GatewayCore
import GatewayModel
import Moments

/// What few stores meet (``Odds``).
extension World {
    mutating func setUpOdds() {
        let open = plan.closing - 1
        for _ in 0..<odds.acts { agenda.add(.odd, at: dice.within(0...open)) }
        if odds.leavesForms > 0 { for _ in 0..<8 { agenda.add(.formAnew(dice.below(5), left: 0), at: dice.within(0...open)) } }
        for _ in 0..<odds.troubledWords { agenda.add(.troubledWord, at: dice.within(150_000...open)) }
    }

    /// Leaves a journal as agents wrote it that did not keep which payment had confirmed, nor a technician's word.
    mutating func agesJournal() {
        guard !isClosed, dice.chance(500) else { return }
        for cart in carts.indices where disk.makeOlder(carts[cart].id) { carts[cart].isMisjudged = true }
    }

    /// Sets right at closing time what was set wrong.
    mutating func endOdds() {
        for intent in stripe.intents.indices { stripe.intents[intent].isUnknown = false }
        policy.maximumWaiting = GatewayPolicy().maximumWaiting
        (policy.lanSubnets, policy.lanAddresses) = ([], [])
        feed(.policy(policy))
    }

    mutating func oddAct() {
        guard !isClosed, machine != nil, !carts.isEmpty else { return }
        let cart = dice.below(carts.count)
        switch dice.below(19) {
        case 0: reusesID()
        case 1: asksOfNobody()
        case 2: asksTooLate()
        case 3:
            // A till takes up a sale of an earlier life of the agent.
            asks(technician: .connectionToken(carts[cart].id), "a connection token for \(carts[cart].id)")
            asks(technician: .cartStatus(carts[cart].id), "status of \(carts[cart].id)")
            plans(.revisited(cart), after: dice.within(1_000...5_000))
        case 4:
            if dice.chance(500) { asks(technician: .connectionToken(carts[cart].id), "a connection token for \(carts[cart].id)") }
            looksAround()
        case 5: asksForTooMuch()
        case 6:
            let lane = dice.chance(700) ? LaneName(unchecked: "lane-0") : nil
            asks(technician: .openCart(carts[cart].id, lane: lane, reader: nil, Recall()), "open \(carts[cart].id)")
        case 7: typedIn()
        case 8: takesCardBack()
        case 9: seesStrangers()
        case 10: changesLooks()
        case 11: plans(.formAnew(cart, left: 9), after: 0)
        case 12: opensFormBesidePayment(cart)
        case 13:
            putsOnce(cart)
            stop()
        case 14: losesReader(cart)
        case 15: triesAgain()
        case 16: forgetsIntent()
        case 17:
            // The box is switched off and on between the form and the reader.
            kill(restartAfter: 200)
            plans(.revisited(cart), after: dice.within(3_000...8_000))
        default:
            let days = dice.of([100, -100] as [Int64])
            trace.note(now, 72, text: "the wall clock jumps by \(days) days")
            wallOffset += days * 86_400_000
        }
    }

    // MARK: Requests

    /// Uses the id of a payment, or of a card set-up, for another one.
    private mutating func reusesID() {
        let known = payments.filter { $0.wasAcknowledged && disk.payments[$0.id] != nil }
        if !known.isEmpty {
            let truth = dice.of(known)
            var other = truth.request
            other.timeoutSeconds = (other.timeoutSeconds ?? 0) + 1
            asks(technician: .pay(truth.id, other, Recall()), "PUT \(truth.id) with another body")
        }
        let setUp = setups.filter { $0.wasAcknowledged && disk.cardSetups[$0.id] != nil }
        guard !setUp.isEmpty else { return }
        let truth = dice.of(setUp)
        var other = truth.request
        other.timeoutSeconds = (other.timeoutSeconds ?? 0) + 1
        asks(technician: .keepCard(truth.id, other, Recall()), "PUT card set-up \(truth.id) with another body")
    }

    private mutating func asksOfNobody() {
        let (payment, setup) = (PaymentID(unchecked: "nobody"), CardSetupID(unchecked: "nobody"))
        let cart = CartID(unchecked: "nothing")
        let request: Request = dice.of([
            .cancel(payment, Recall()), .cancelCardSetup(setup, Recall()),
            .resolve(payment, paid: false, order: nil, by: "technician", note: "which?", Recall()),
            .acknowledge(payment, by: "technician", note: "which?", Recall()), .closeCart(cart),
            .display(cart, DisplayCart(currency: Self.currency, totalMinor: 100, taxMinor: nil, lines: [])), .identify("nobody"),
            .disconnect("nobody"), .relabel("nobody", label: "Somebody"), .deregister("nobody"),
            .release(Reader.id(0).text, .payment(payment), by: "technician", Recall()),
        ])
        asks(technician: request, "what is not there")
    }

    /// Resolves a payment that runs, or has ended.
    private mutating func asksTooLate() {
        let decided = payments.filter { truth in
            guard truth.wasAcknowledged, let record = machine?.openPayment(truth.id) ?? disk.payments[truth.id] else { return false }
            return record.state != .unresolved
        }
        guard !decided.isEmpty else { return }
        let id = dice.of(decided).id
        asks(
            technician: .resolve(id, paid: true, order: nil, by: "technician", note: "taken for another", Recall()),
            "resolve \(id), which is not unresolved")
    }

    /// Asks for more at once than the agent takes.
    private mutating func asksForTooMuch() {
        if dice.chance(500) {
            for _ in 0..<6 { asks(technician: .discover(DiscoveryOrder(usb: dice.chance(500), lan: true)), "discover") }
        } else {
            let reader = Reader.id(dice.below(readers.count))
            for number in 0..<9 { asks(technician: .relabel(reader.text, label: "Label \(number)"), "label \(reader) anew") }
            if dice.chance(500) { asks(technician: .deregister(reader.text), "remove \(reader)") }
        }
    }

    /// Takes a card at a reader, or opens another form, after a card was typed in: who asks has not seen it.
    private mutating func typedIn() {
        let typed = carts.indices.filter { isTypedIn($0) || backend.carts[$0].inBankApps > 0 }
        if !typed.isEmpty { revisits(dice.of(typed)) }
    }

    /// Goes on with a cart, at a reader or with another form. Whoever does has closed the form that was open.
    mutating func revisits(_ cart: Int) {
        guard backend.carts[cart].intents.contains(where: { stripe.intents[$0].isKeyed }), dice.chance(400) else { return putsOnce(cart) }
        opensForm(cart)
    }

    private mutating func opensForm(_ cart: Int) {
        guard !isClosed, machine != nil else { return }
        backend.carts[cart].isKeyedOpen = false
        let amount = amount(of: cart)
        asks(
            technician: .keyedIntent(carts[cart].id, amount: amount, accountBalance: nil, Recall()),
            "keyed entry again for \(carts[cart].id)")
    }

    /// Closes the form and opens another, time and again.
    mutating func opensFormAnew(_ cart: Int, left: Int) {
        guard carts.indices.contains(cart), stripe.standing(inCart: cart) == 0, backend.carts[cart].inBankApps == 0 else { return }
        opensForm(cart)
        if left > 0 { plans(.formAnew(cart, left: left - 1), after: dice.within(500...3_000)) }
    }

    /// Asks for a form while a payment is being accepted, or for two at once.
    private mutating func opensFormBesidePayment(_ cart: Int) {
        guard stripe.standing(inCart: cart) == 0, backend.carts[cart].inBankApps == 0 else { return }
        if dice.chance(500) { putsOnce(cart) } else { opensForm(cart) }
        opensForm(cart)
    }

    /// Puts a payment that no till looks after. Who asks has closed the form that was open.
    private mutating func putsOnce(_ cart: Int, like known: PaymentRequest? = nil, at reader: Int? = nil) {
        guard !isClosed, machine != nil else { return }
        backend.carts[cart].isKeyedOpen = false
        let number = payments.count
        var request = PaymentRequest(cart: carts[cart].id, amount: amount(of: cart), timeoutSeconds: 8)
        if let known { (request.cart, request.amount, request.accountBalance) = (known.cart, known.amount, known.accountBalance) }
        request.reader = Reader.id(reader ?? dice.below(readers.count)).text
        request.afterKeyedEntry = backend.carts[cart].intents.contains { stripe.intents[$0].isKeyed }
        payments.append(PaymentTruth(id: PaymentID(unchecked: "p\(number)"), cart: cart, till: 0, request: request))
        paymentIndex[payments[number].id] = number
        ask(
            0, .pay(payments[number].id, request, Recall()), payment: number, isPut: true,
            text: "PUT \(payments[number].id) \(request.cart), once")
    }

    /// Puts a payment while its reader goes from the backend's list for a while, and the disk takes its time.
    private mutating func losesReader(_ cart: Int) {
        let reader = dice.below(readers.count)
        diskHangs(for: dice.within(500...2_000))
        putsOnce(cart, at: reader)
        readers[reader].registeredAt = now + 20_000
        asks(technician: .readers(refresh: true), "readers, anew")
    }

    /// Takes a cart again whose payment is unresolved, while a technician gives a word on that one, or the disk takes its time.
    private mutating func triesAgain() {
        let unresolved = (machine?.openPayments ?? []).filter { $0.state == .unresolved }.compactMap { paymentIndex[$0.id] }
        guard !unresolved.isEmpty else { return }
        let number = dice.of(unresolved)
        if dice.chance(500) { diskHangs(for: dice.within(1_000...9_000)) }
        putsOnce(payments[number].cart, like: payments[number].request)
        if dice.chance(500), resolves(number, Self.technician), dice.chance(500) { plans(.kill, after: 2_000) }
    }

    /// Types a card into a form that the cashier said was closed, after the reader has charged another. The agent can only tell.
    mutating func goesOnTyping(_ cart: Int) {
        guard !isClosed, backend.carts[cart].order == nil,
            let typed = backend.carts[cart].intents.last(where: { stripe.intents[$0].isKeyed && stripe.refusal($0) == nil })
        else { return }
        carts[cart].isMisjudged = true
        let amount = stripe.intents[typed].amount
        charge(typed, payment: nil, shown: amount, amount: amount, status: .succeeded)
    }

    /// Asks for a card to be kept, and takes that back at once.
    private mutating func takesCardBack() {
        let number = setups.count
        let request = CardSetupRequest(
            user: "u\(number)", partner: "1", postalCode: "04109", reader: Reader.id(dice.below(readers.count)).text, timeoutSeconds: 8)
        let id = CardSetupID(unchecked: "p\(number)")
        setups.append(SetupTruth(id: id, request: request))
        plans(.cardDesk(number), after: 1_000)
        asks(technician: .keepCard(id, request, Recall()), "PUT card set-up \(id)")
        asks(technician: .cancelCardSetup(id, Recall()), "cancel card set-up \(id)")
    }

    /// The price of the cart with a digit that its currency does not have, where there is one.
    func oddAmount(of cart: Int) -> DecimalAmount {
        let text = carts[cart].currency.majorText(Int64(carts[cart].amount))
        let digits = text.utf8.drop { $0 != UInt8(ascii: ".") }.count
        return Self.amount(digits == 3 ? text + "5" : text)
    }

    // MARK: Technicians

    /// Acknowledges a payment while the disk is full or hangs.
    mutating func troubledWord() {
        guard !isClosed, machine != nil else { return }
        let seen = payments.filter { truth in
            guard let record = disk.payments[truth.id] else { return false }
            return !record.warnings.isEmpty || disk.carts[record.request.cart.lock]?.held == truth.id
        }
        guard !seen.isEmpty else { return }
        let id = dice.of(seen).id
        switch dice.below(3) {
        case 0:
            trace.note(now, 71, text: "the disk is full")
            disk.isFull = true
            plans(.diskFull(false), after: dice.within(1_000...30_000))
        case 1: diskHangs(for: dice.within(15_000...40_000))
        default: break
        }
        acknowledges(id)
        if dice.chance(500) { acknowledges(id) }
    }

    /// Looks at everything that the agent shows.
    private mutating func looksAround() {
        guard let machine else { return }
        for open in calls where !open.isAnswered && open.generation == generation {
            if case .reader = open.call, !machine.sells(open.id) { fail(.fits, "\(Self.line(open.call)) counts as what only prepares") }
        }
        for reader in readers.indices {
            if case .success(let route) = machine.wayTo(Reader.id(reader)), route.address.isEmpty {
                fail(.fits, "the way to \(Reader.id(reader)) leads nowhere")
            }
            if case .success(let view) = machine.readerView(named: "S\(reader)"), Reader.index(of: view.facts.id) != reader {
                fail(.fits, "\(view.facts.id) is shown as S\(reader)")
            }
        }
        if machine.openCarts.count > machine.rememberedCarts { fail(.fits, "more carts are open than are known") }
        if machine.listTrouble == nil, machine.credentialTrouble == nil, !machine.hasListedReaders, machine.backendServedAt != nil,
            machine.journalWrittenAt == nil, machine.openPayments.contains(where: { $0.confirmingAt != nil }), generation == 1
        {
            fail(.fits, "a payment was confirmed, and nothing was ever written")
        }
        for view in machine.deviceViews where view.facts.reason?.message.isEmpty == true { fail(.fits, "a device says nothing") }
        if machine.refusesForBackend(at: moment), machine.backendServedAt == nil, backend.trouble == nil, now < 1_000 {
            fail(.fits, "the backend is given up before it was asked")
        }
    }

    // MARK: Answers

    /// The intent that an odd backend gives again; nil where it gives what others would.
    mutating func oddIntent(_ cart: Int, _ amount: Int64, isKeyed: Bool) -> Int? {
        let known = backend.carts[cart].intents
        if dice.chance(isClosed ? 0 : odds.givesCanceled),
            let old = known.last(where: { stripe.intents[$0].status == .canceled && stripe.intents[$0].isKeyed == isKeyed })
        {
            return old
        }
        guard odds.sharesForm, let last = known.last, stripe.refusal(last) == nil else { return nil }
        if isKeyed { stripe.intents[last].isKeyed = true }
        stripe.intents[last].amount = amount + stripe.intents[last].stayingTip
        return last
    }

    /// Lets Stripe know nothing of an intent until closing time.
    private mutating func forgetsIntent() {
        let free = stripe.intents.indices.filter { stripe.refusal($0) == nil }
        guard !free.isEmpty else { return }
        let intent = dice.of(free)
        trace.note(now, 59, UInt64(intent), text: "Stripe does not know pi_\(intent) any more")
        stripe.intents[intent].isUnknown = true
    }

    /// What the agent reads of Stripe's list.
    mutating func listed(_ readers: [StripeReader]) -> StripeReaderList {
        guard !isClosed, dice.chance(odds.oddReplies) else { return StripeReaderList(readers) }
        return StripeReaderList(Array(readers.prefix(1)), isWhole: false)
    }
}
