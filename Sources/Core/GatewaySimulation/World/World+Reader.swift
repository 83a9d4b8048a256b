internal import GatewayCore
import GatewayModel
import Moments

extension World {
    /// The reader's reaction when a command reaches it. Nil means that the answer comes when the issuer has decided.
    mutating func readerActs(
        _ id: ReaderID, _ route: ReaderRoute, _ command: ReaderCommand, session: SessionToken?, call: Int
    ) -> Result<ReaderReply, ReaderFailure>? {
        guard let index = Reader.index(of: id), readers.indices.contains(index) else {
            return .failure(.unreachable(detail: "no such reader"))
        }
        let isThere =
            switch route.link {
            case .lan(let address): address == "10.0.0.\(readers[index].address)"
            case .usb(let place): place.device == readers[index].usbDevice
            }
        guard readers[index].isOn, isThere else { return .failure(.unreachable(detail: "nothing answers at \(route.address)")) }
        if readers[index].speaksAnotherDialect, command.name == "activateTerminal" { return .failure(.unsupported(detail: "HTTP 404")) }
        if case .activate(let token, let failIfInUse) = command { return activates(index, token, failIfInUse: failIfInUse) }
        if case .prove(let token) = command {
            // A reader at work does not let another point of sale in.
            if case .idle = readers[index].state { return activates(index, token, failIfInUse: true) }
            return .failure(.app(.illegalState, detail: "in use"))
        }
        guard case .ours(let number) = readers[index].session, session?.secret.reveal() == "rst_\(index)_\(number)" else {
            return .failure(.app(.invalidSessionToken, detail: "the session is not valid"))
        }
        if readers[index].isAuthorising {
            switch command {
            case .heartbeat: return .success(.done)
            // The reader says that it cleared its display, and goes on authorising.
            case .clearDisplay where extras.letsIn: return .success(.done)
            case .cancelCollect: return wrongOrder("authorising")
            case .activate, .prove, .display, .clearDisplay, .collect, .query, .confirm, .collectReusable, .queryReusable, .cancelReusable,
                .confirmReusable:
                return .failure(.app(.lockResourcesException, detail: "authorising"))
            }
        }
        switch command {
        case .heartbeat: return .success(.done)
        case .display:
            if case .idle = readers[index].state { return .success(.done) }
            return wrongOrder("display")
        case .clearDisplay:
            readers[index].state = .idle
            return .success(.done)
        case .collect(let context, let amount, _, let tip): return collects(index, context, amount, tip, call: call)
        case .query(let context): return queries(index, context)
        case .cancelCollect(let context):
            switch readers[index].state {
            case .waiting(let collection) where collection.transaction == context.transactionID,
                .collected(let collection) where collection.transaction == context.transactionID:
                readers[index].state = .idle
                return .success(.done)
            case .waiting, .collected, .idle, .keeping, .authorising: return wrongOrder("cancel")
            }
        case .confirm(let context, let intent, _): return confirms(index, context, intent, call: call)
        case .collectReusable, .queryReusable, .cancelReusable, .confirmReusable: return keepsCard(index, command, call: call)
        case .activate, .prove: return wrongOrder("activate")
        }
    }

    private func wrongOrder(_ what: String) -> Result<ReaderReply, ReaderFailure> {
        .failure(.app(.illegalState, detail: "wrong order: \(what)"))
    }

    private mutating func activates(_ index: Int, _ token: ConnectionToken, failIfInUse: Bool) -> Result<ReaderReply, ReaderFailure> {
        if failIfInUse, readers[index].isForeignBusy { return .failure(.app(.illegalState, detail: "in use")) }
        guard let number = Self.number(in: token.secret.reveal(), after: 4), backend.redeemed.indices.contains(number),
            !backend.redeemed[number]
        else {
            return .failure(.app(.authenticationFailure, detail: "the token is spent"))
        }
        backend.redeemed[number] = true
        readers[index].sessions += 1
        readers[index].session = .ours(readers[index].sessions)
        readers[index].isForeignBusy = false
        readers[index].canceledTransaction = nil
        // A new session ends the old one's work, except for an authorisation, which nothing can call back.
        if !readers[index].isAuthorising { readers[index].state = .idle }
        return .success(
            .activated(session: SessionToken(Secret("rst_\(index)_\(readers[index].sessions)")), livemode: false, software: nil))
    }

    private mutating func collects(
        _ index: Int, _ context: TransactionContext, _ amount: Int64, _ tip: TipConfiguration?, call: Int
    ) -> Result<ReaderReply, ReaderFailure> {
        switch readers[index].state {
        case .waiting(let running), .collected(let running):
            return running.transaction == context.transactionID && running.shown == amount ? .success(.done) : wrongOrder("collect")
        case .authorising, .keeping: return wrongOrder("collect")
        case .idle: break
        }
        guard !readers[index].isForeignBusy, let payment = calls[call].payment else { return wrongOrder("collect") }
        readers[index].collections += 1
        readers[index].canceledTransaction = nil
        let number = readers[index].collections
        let chosen = tip?.options.isEmpty == false && dice.chance(600) ? dice.within(1...300) : 0
        readers[index].state = .waiting(
            Reader.Collection(
                transaction: context.transactionID, payment: payment, shown: amount, tip: chosen, number: number, generation: generation))
        if !dice.chance(plan.neverPresents) {
            let cancels = dice.chance(plan.customerCancels)
            plans(.card(index, number: number, canceled: cancels), after: dice.within(100...6_000))
        }
        return .success(.done)
    }

    mutating func card(_ index: Int, number: Int, canceled: Bool) {
        guard case .waiting(let collection) = readers[index].state, collection.number == number, readers[index].isOn else { return }
        trace.note(now, 60, UInt64(index), text: "customer at reader \(index): \(canceled ? "cancels" : "shows a card")")
        if canceled {
            readers[index].state = .idle
            readers[index].canceledTransaction = collection.transaction
            payments[collection.payment].customerCanceled = true
        } else {
            readers[index].state = .collected(collection)
        }
    }

    private func queries(_ index: Int, _ context: TransactionContext) -> Result<ReaderReply, ReaderFailure> {
        switch readers[index].state {
        case .waiting(let collection) where collection.transaction == context.transactionID: return .success(.pending)
        case .collected(let collection) where collection.transaction == context.transactionID:
            return .success(
                .card(
                    CollectedCard(
                        summary: Self.card(odds.tellsCards ? collection.card : 0), tipMinor: collection.tip,
                        echo: Secret("echo_secret"))))
        case .idle where readers[index].canceledTransaction == context.transactionID: return .success(.canceledByCustomer)
        case .waiting, .collected, .idle, .keeping, .authorising: return wrongOrder("query")
        }
    }

    // MARK: The money

    private mutating func confirms(
        _ index: Int, _ context: TransactionContext, _ id: IntentID, call: Int
    ) -> Result<ReaderReply, ReaderFailure>? {
        guard case .collected(let collection) = readers[index].state, collection.transaction == context.transactionID,
            let intent = Stripe.index(of: id), stripe.intents.indices.contains(intent)
        else { return wrongOrder("confirm") }
        if let refusal = stripe.refusal(intent) {
            readers[index].state = .idle
            return .success(.confirmed(refused(intent, refusal)))
        }
        readers[index].state = .authorising(Reader.Authorisation(collection: collection, intent: intent, call: call))
        stripe.intents[intent].underWay += 1
        let outcome: IssuerOutcome =
            if dice.chance(extras.oddCharges) {
                .approveOddly(dice.chance(300) ? .requiresCapture : .succeeded)
            } else if dice.chance(extras.processing) {
                .process(approves: dice.chance(600))
            } else if dice.chance(plan.oddIssuer) {
                dice.of([.silent(charged: true), .silent(charged: false), .requiresConfirmation, .approve(.processing)])
            } else if dice.chance(plan.declines) {
                .decline
            } else {
                .approve(dice.chance(500) ? .requiresCapture : .succeeded)
            }
        var takes = dice.chance(plan.slowIssuer) ? dice.within(5_000...150_000) : dice.within(300...4_000)
        // However late the confirm arrived, the issuer has decided before the window (180 s from the sending) ends.
        takes = min(takes, max(1, calls[call].sentAt + 170_000 - now))
        // Or the reader keeps the confirm until it reaches Stripe, and is busy all the while. Switched off, it forgets the confirm. It is
        // idle once it is done.
        let isHeld = dice.chance(plan.heldConfirms)
        if isHeld { takes = dice.within(150_000...400_000) }
        let asksForPIN = dice.chance(extras.goesOn)
        plans(
            asksForPIN
                ? .pinAsked(index, number: collection.number, outcome: outcome)
                : .issuer(index, number: collection.number, outcome: outcome), after: asksForPIN ? min(takes, 3_000) : takes)
        inFlight.append(InFlight(reader: index, number: collection.number, intent: intent, collection: collection, isHeld: isHeld))
        return nil
    }

    /// The reader asks for chip and PIN within the same confirm, after contactless was refused. Stripe and the backend show a decline
    /// meanwhile.
    mutating func pinAsked(_ index: Int, number: Int, _ outcome: IssuerOutcome) {
        guard let place = inFlight.firstIndex(where: { $0.reader == index && $0.number == number && !$0.isProcessing }) else { return }
        inFlight[place].isHeld = true
        let intent = inFlight[place].intent
        trace.note(now, 67, UInt64(intent), text: "pi_\(intent): contactless is declined, the reader asks for the PIN")
        stripe.intents[intent].status = .requiresPaymentMethod
        if stripe.standing(inCart: stripe.intents[intent].cart) == 0 { tells(stripe.intents[intent].cart, .failed(error: "card declined")) }
        plans(.issuer(index, number: number, outcome: outcome), after: dice.within(1_000...60_000))
    }

    /// Turns an intent that was `processing` into a charge, or into nothing.
    mutating func processed(_ flight: InFlight, approves: Bool) {
        inFlight.removeAll { $0.isProcessing && $0.intent == flight.intent && $0.number == flight.number && $0.reader == flight.reader }
        guard case .processing = stripe.intents[flight.intent].status else { return }
        let collection = flight.collection
        guard approves else {
            stripe.intents[flight.intent].status = .requiresPaymentMethod
            return declined(flight.intent, payment: collection.payment)
        }
        charge(
            flight.intent, payment: collection.payment, shown: collection.shown + collection.tip,
            amount: stripe.intents[flight.intent].amount + collection.tip, status: dice.of([.requiresCapture, .succeeded]),
            card: collection.card)
    }

    private func refused(_ intent: Int, _ refusal: (code: String, showsIntent: Bool)) -> ConfirmAnswer {
        guard refusal.showsIntent, plan.refusalCarriesIntent else { return ConfirmAnswer(field: .error, code: refusal.code) }
        return ConfirmAnswer(
            field: .declined, intent: Stripe.id(intent), status: stripe.intents[intent].status, amountMinor: stripe.intents[intent].amount,
            currency: carts[stripe.intents[intent].cart].currency, code: refusal.code)
    }

    /// Takes the issuer's decision, whether or not the reader is still there to tell it.
    mutating func issuer(_ index: Int, number: Int, _ outcome: IssuerOutcome) {
        guard let place = inFlight.firstIndex(where: { $0.reader == index && $0.number == number && !$0.isProcessing }) else { return }
        let flight = inFlight.remove(at: place)
        let (intent, collection) = (flight.intent, flight.collection)
        stripe.intents[intent].underWay -= 1
        var answer: ConfirmAnswer
        let currency = carts[stripe.intents[intent].cart].currency
        var paid = stripe.intents[intent].amount + collection.tip
        if dice.chance(extras.parts) { paid -= dice.within(1...500) }
        if let refusal = stripe.refusal(intent) {
            answer = refused(intent, refusal)
        } else {
            switch outcome {
            case .approve(let status): answer = approved(intent, collection, status, paid)
            case .approveOddly(let status):
                answer = approved(intent, collection, status, paid)
                (answer.field, answer.code) = (.declined, "payment_intent_unexpected_state")
            case .process(let approves):
                stripe.intents[intent].status = .processing
                var later = flight
                later.isProcessing = true
                inFlight.append(later)
                plans(.processed(later, approves: approves), after: dice.within(2_000...100_000))
                answer = ConfirmAnswer(
                    field: .confirmed, intent: Stripe.id(intent), status: .processing, amountMinor: paid, currency: currency)
            case .decline where dice.chance(odds.oddReplies):
                // The issuer was not asked.
                answer = ConfirmAnswer(
                    field: .declined, intent: Stripe.id(intent), status: .requiresPaymentMethod, code: "lock_timeout")
                stripe.intents[intent].status = .requiresPaymentMethod
            case .decline:
                stripe.intents[intent].status = .requiresPaymentMethod
                if collection.tip > 0, dice.chance(extras.stayingTips) {
                    stripe.intents[intent].amount += collection.tip
                    stripe.intents[intent].stayingTip += collection.tip
                    // A later attempt's confirm left after the agent's last question, and is charged what this one leaves there.
                    if isConfirmedLater(intent, than: collection.payment) { carts[stripe.intents[intent].cart].isTamperedWith = true }
                }
                declined(intent, payment: collection.payment)
                answer = ConfirmAnswer(
                    field: .declined, intent: Stripe.id(intent), status: .requiresPaymentMethod, code: "card_declined",
                    declineCode: "generic_decline")
            case .requiresConfirmation:
                stripe.intents[intent].status = .requiresConfirmation
                answer = ConfirmAnswer(
                    field: .declined, intent: Stripe.id(intent), status: .requiresConfirmation, code: "api_connection_error")
            case .silent(let charged):
                if charged {
                    _ = approved(intent, collection, .requiresCapture, paid)
                }
                answer = ConfirmAnswer(field: .error, code: "api_connection_error")
            }
        }
        guard case .authorising(let authorisation) = readers[index].state, authorisation.collection.number == number else { return }
        readers[index].state = .idle
        if case .requiresConfirmation? = answer.status, case .ours = readers[index].session {
            readers[index].state = .collected(collection)
        }
        guard readers[index].isOn else { return }
        let call = authorisation.call
        if !calls[call].losesAnswer {
            let saysNothing = answer.field == .error && dice.chance(odds.oddReplies)
            plans(
                .callAnswers(call, .reader(.success(saysNothing ? .done : .confirmed(answer))), isCopy: false), after: dice.within(5...60))
        }
    }

    /// Whether another payment has confirmed the intent since this one did.
    private func isConfirmedLater(_ intent: Int, than payment: Int) -> Bool {
        guard let own = payments[payment].confirmedAt else { return false }
        return payments.contains { other in other.confirmedIntents.contains(intent) && other.confirmedAt.map { $0 > own } == true }
    }

    /// Charges the intent and makes the answer that says so.
    private mutating func approved(_ intent: Int, _ collection: Reader.Collection, _ status: IntentStatus, _ paid: Int64) -> ConfirmAnswer {
        charge(
            intent, payment: collection.payment, shown: collection.shown + collection.tip, amount: paid, status: status,
            card: collection.card)
        var answer = ConfirmAnswer(
            field: .confirmed, intent: Stripe.id(intent), status: status, amountMinor: paid,
            currency: carts[stripe.intents[intent].cart].currency)
        if odds.tellsCards {
            answer.card = CardSummary(brand: nil, last4: Self.card(collection.card).last4, entry: "contactless")
            answer.receipt = CardReceipt(applicationName: "Visa Credit", aid: "A0000000031010", authorizationCode: "123456")
        }
        if dice.chance(odds.oddReplies) { answer.currency = Currency(unchecked: "eur") }
        if dice.chance(odds.leavesForms) { plans(.goesOnTyping(stripe.intents[intent].cart), after: dice.within(10...500)) }
        return answer
    }

    /// The card with this number.
    static func card(_ number: Int) -> CardSummary { CardSummary(brand: "visa", last4: number == 0 ? "4242" : "100\(number)", entry: nil) }

    // MARK: What happens to readers

    mutating func readerOff(_ index: Int) {
        guard !isClosed else { return }
        trace.note(now, 61, UInt64(index), text: "reader \(index) loses its power")
        readers[index].isOn = false
        for flight in inFlight where flight.reader == index && flight.isHeld && !flight.isProcessing {
            stripe.intents[flight.intent].underWay -= 1
        }
        inFlight.removeAll { $0.reader == index && $0.isHeld && !$0.isProcessing }
        readers[index].session = .none
        readers[index].state = .idle
        readers[index].isForeignBusy = false
        readers[index].canceledTransaction = nil
    }

    mutating func readerOn(_ index: Int) {
        trace.note(now, 62, UInt64(index), text: "reader \(index) is on")
        readers[index].isOn = true
        readers[index].listedAddress = readers[index].address
    }

    mutating func takenOver(_ index: Int, collects: Bool) {
        guard !isClosed, readers[index].isOn else { return }
        trace.note(now, 63, UInt64(index), text: "another point of sale takes reader \(index)\(collects ? " and asks for a card" : "")")
        readers[index].session = .foreign
        if !readers[index].isAuthorising {
            readers[index].state = .idle
            readers[index].isForeignBusy = collects
        }
    }

    mutating func left(_ index: Int) {
        trace.note(now, 64, UInt64(index), text: "the other point of sale leaves reader \(index)")
        readers[index].isForeignBusy = false
        if readers[index].session == .foreign { readers[index].session = .none }
    }

    mutating func moved(_ index: Int) {
        guard !isClosed else { return }
        readers[index].address += 50
        trace.note(now, 65, UInt64(index), text: "reader \(index) gets the address 10.0.0.\(readers[index].address)")
        if dice.chance(700) { readers[index].listedAddress = readers[index].address }
    }
}

/// An authorisation that the issuer is at work on.
struct InFlight: Sendable {
    var reader: Int
    var number: Int
    var intent: Int
    var collection: Reader.Collection
    /// The reader has not sent the authorisation on yet.
    var isHeld: Bool
    /// The reader has answered, and Stripe has not finished.
    var isProcessing = false
}
