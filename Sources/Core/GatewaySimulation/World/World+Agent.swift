internal import GatewayCore
import GatewayModel
import Moments

/// The agent's process. It carries out what the machine asks for by the rules of production's engine.
extension World {
    mutating func start() {
        generation += 1
        wake = .max
        isStopping = false
        secretsKnown = []
        visible = [:]
        visibleSetups = [:]
        takeOversAsked = []
        machine = GatewayMachine(policy: policy, seed: seed ^ UInt64(generation) &* 0x9e37_79b9)
        if generation > 1, !isClosed, dice.chance(extras.losses) {
            disk.apply([
                JournalEntry(
                    kind: .fact, at: moment.wall,
                    fact: .init(key: StoredFacts.lossKey + "journal.\(generation)", value: StoredFacts.lossNotAccepted))
            ])
        }
        if odds.acts > 0 { agesJournal() }
        let open = disk.openPayments
        let openSetups = disk.openCardSetups
        for record in open { visible[record.id] = record }
        for record in openSetups { visibleSetups[record.id] = record }
        mayTakeOver = Set(open.filter { $0.leased && $0.confirmingAt == nil }.compactMap { Reader.index(of: $0.reader) })
        mayTakeOver.formUnion(openSetups.filter(\.leased).compactMap { Reader.index(of: $0.reader) })
        for index in payments.indices { payments[index].runsSince = nil }
        trace.note(now, 1, UInt64(generation), text: "── the agent starts (\(generation)), \(open.count) payments open")
        let resolved = StoredFacts.watchedResolutions(disk.facts).compactMap { disk.payments[$0] }
        let watched = (resolved + open).compactMap { disk.cart($0.request.cart) }
        let warned = disk.order.compactMap { disk.payments[$0] }.filter { !$0.warnings.isEmpty }
        feed(
            .start(
                open: open, carts: disk.openCarts + watched, facts: disk.facts, cardSetups: openSetups, resolved: resolved, warned: warned))
        if extras.cables > 0 { feed(.devices(.usb(onUSB()))) }
    }

    /// Ends the process, between any two of its actions.
    mutating func kill(restartAfter delay: Int64?) {
        guard machine != nil else { return }
        trace.note(now, 2, text: "── the agent is killed")
        machine = nil
        recalls = []
        for index in calls.indices where calls[index].generation == generation && !calls[index].isAnswered {
            calls[index].isAnswered = true
            if case .append(let entries) = calls[index].call, !calls[index].hasActed {
                // The write is unacknowledged, so it may be on disk or not.
                calls[index].hasActed = true
                if dice.chance(500), !disk.isFull { writes(entries) }
            }
            if case .reader(let id, _, _, _) = calls[index].call, let reader = Reader.index(of: id) { readers[reader].open -= 1 }
            // A call that had left the box may still arrive. One that had not never will.
            if !calls[index].hasActed, dice.chance(500) { calls[index].hasActed = true }
        }
        if let delay { plans(.start, after: delay) }
    }

    mutating func stop() {
        guard machine != nil, !isStopping, !isClosed else { return }
        trace.note(now, 3, text: "── the agent is asked to stop")
        isStopping = true
        plans(.kill, after: 20_000)
        feed(.stopping)
    }

    mutating func feed(_ event: Event) {
        guard machine != nil else { return }
        let moment = moment
        guard let actions = machine?.handle(event, at: moment) else { return }
        hasHandled = true
        batchesAtThisMoment += 1
        if batchesAtThisMoment > 400 { return fail(.bounded, "the machine spins: 400 events at one moment") }
        var dies: Int?
        if !isClosed, dice.chance(plan.killsInBatch), !actions.isEmpty { dies = dice.below(actions.count + 1) }
        for (number, action) in actions.enumerated() {
            if number == dies { return kill(restartAfter: dice.within(100...20_000)) }
            perform(action)
            if violation != nil { return }
        }
        if dies != nil { return kill(restartAfter: dice.within(100...20_000)) }
        while !recalls.isEmpty, machine != nil, violation == nil { arrives(recalls.removeFirst()) }
        guard machine != nil else { return }
        // An overdue wake has no moment any more.
        if let next = machine?.nextWake.map({ max($0.milliseconds, 0) - 1_000_000 }), next < wake {
            wake = next
            agenda.add(.tick, at: max(now, wake))
        }
        if isStopping, machine?.isQuiet == true { kill(restartAfter: dice.within(100...5_000)) }
    }

    private mutating func perform(_ action: Action) {
        trace.spell(action)
        switch action {
        case .call(let id, let call, let timeout, let trace): send(id, call, timeout: timeout, trace: trace)
        case .respond(let id, let response): responds(id, response)
        case .recall(let id):
            let index = Int(id.value) - 1
            if requests.indices.contains(index), !requests[index].isForgotten, !requests[index].isAnswered { recalls.append(index) }
        case .publish(let record):
            trace.note(now, 11, text: "published, not journaled: \(Self.line(record))")
            if record.resolvedBy != nil, let number = paymentIndex[record.id] { payments[number].resolvedByTechnician = true }
            visible[record.id] = record
        case .publishCardSetup(let record):
            trace.note(now, 15, text: "published, not journaled: \(Self.line(record))")
            visibleSetups[record.id] = record
        case .notice(let notice): trace.note(now, 16, text: "notice \(notice.code): \(notice.message)")
        case .readerChanged, .deviceChanged, .lookNews, .stopLooking: break
        case .log(_, let message, let subject):
            trace.note(now, 12, text: "log \(subject): \(message)")
            judgeText(message)
        }
    }

    mutating func writes(_ entries: [JournalEntry]) {
        for entry in entries {
            if let record = entry.payment {
                if entry.kind == .accepted, let cart = disk.carts[record.request.cart.lock], cart.paid || cart.held != nil {
                    fail(.neverTwice, "\(record.id) is accepted, and the journal says that its cart is paid or held")
                }
                if entry.kind == .accepted { judgeAcceptance(record) }
                if record.resolvedBy != nil, let number = paymentIndex[record.id] { payments[number].resolvedByTechnician = true }
                judgeRow(entry.kind, record)
                if entry.kind == .contradicted { judgeContradiction(record) }
                if machine != nil { visible[record.id] = record.state.isEnd ? nil : record }
                trace.note(now, 13, text: "row \(entry.kind.rawValue): \(Self.line(record))\(entry.note.map { "; " + $0 } ?? "")")
            } else if let record = entry.cardSetup {
                judgeRow(record)
                if machine != nil { visibleSetups[record.id] = record.state.isEnd ? nil : record }
                trace.note(now, 17, text: "row \(entry.kind.rawValue): \(Self.line(record))")
            } else {
                trace.note(now, 14, text: "row \(entry.kind.rawValue): \(entry.cart?.cart.text ?? entry.fact?.key ?? "")")
            }
            judgeSecrets(entry)
            disk.apply([entry])
        }
    }

    // MARK: Requests

    /// Lets a till ask. The journal's knowledge is read in the step in which the machine decides.
    mutating func ask(_ till: Int, _ request: Request, payment: Int?, isPut: Bool = false, text: String) {
        guard machine != nil else { return }
        let index = requests.count
        requests.append(
            OpenRequest(request: request, generation: generation, till: till, payment: payment, sentAt: now, isPut: isPut))
        trace.note(now, 20, UInt64(index), text: "\(till == Self.technician ? "technician" : "till \(till)"): \(text)")
        if life == 0, dice.chance(extras.hangUps) { plans(.hangsUp(index), after: dice.within(1...5_000)) }
        arrives(index)
    }

    /// Lets the caller go: the connection is closed, and no answer is heard.
    mutating func hangsUp(_ index: Int) {
        guard machine != nil, requests[index].generation == generation, !requests[index].isAnswered else { return }
        trace.note(now, 21, UInt64(index), text: "who asked \(index) has gone")
        requests[index].isForgotten = true
        if requests[index].isPut { tills[requests[index].till].waitsForPut = false }
        feed(.forget(RequestID(UInt64(index + 1))))
    }

    private mutating func arrives(_ index: Int) {
        let open = requests[index]
        guard machine != nil, open.generation == generation else { return }
        let recall: Recall
        switch open.request {
        case .pay(let id, let body, _, _): recall = Recall(payment: disk.payments[id], cart: disk.cart(body.cart))
        case .cancel(let id, _), .resolve(let id, _, _, _, _, _), .release(_, .payment(let id), _, _):
            recall = Recall(payment: disk.payments[id])
        case .keepCard(let id, _, _), .cancelCardSetup(let id, _), .release(_, .cardSetup(let id), _, _):
            recall = Recall(cardSetup: disk.cardSetups[id])
        case .openCart(let cart, _, _, _), .keyedIntent(let cart, _, _, _): recall = Recall(cart: disk.cart(cart))
        case .acknowledge(let id, _, _, _):
            let record = disk.payments[id]
            recall = Recall(payment: record, cart: record.flatMap { disk.cart($0.request.cart) })
        case .display, .closeCart, .cartStatus, .configuration, .connectionToken, .acceptLoss, .readers, .register, .relabel,
            .deregister, .identify, .connect, .disconnect, .tryOut, .discover:
            recall = Recall()
        }
        let request: Request =
            switch open.request {
            case .pay(let id, let body, _, let isTechnician): .pay(id, body, recall, isTechnician: isTechnician)
            case .cancel(let id, _): .cancel(id, recall)
            case .resolve(let id, let paid, let order, let by, let note, _):
                .resolve(id, paid: paid, order: order, by: by, note: note, recall)
            case .openCart(let cart, let lane, let reader, _): .openCart(cart, lane: lane, reader: reader, recall)
            case .keyedIntent(let cart, let amount, let balance, _): .keyedIntent(cart, amount: amount, accountBalance: balance, recall)
            case .keepCard(let id, let body, _): .keepCard(id, body, recall)
            case .cancelCardSetup(let id, _): .cancelCardSetup(id, recall)
            case .release(let reader, let holder, let by, _): .release(reader, holder, by: by, recall)
            case .acknowledge(let id, let by, let note, _): .acknowledge(id, by: by, note: note, recall)
            case .display, .closeCart, .cartStatus, .configuration, .connectionToken, .acceptLoss, .readers, .register, .relabel,
                .deregister, .identify, .connect, .disconnect, .tryOut, .discover:
                open.request
            }
        feed(.request(RequestID(UInt64(index + 1)), request))
    }

    /// The payment as a till may see it.
    func seen(_ id: PaymentID) -> PaymentRecord? { visible[id] ?? disk.payments[id] }

    private mutating func responds(_ id: RequestID, _ response: Response) {
        let index = Int(id.value) - 1
        guard requests.indices.contains(index) else { return }
        if requests[index].isAnswered {
            if requests[index].generation == generation { fail(.answered, "a request was answered twice") }
            return
        }
        requests[index].isAnswered = true
        let open = requests[index]
        if case .connectionToken(let token) = response { spend(token.secret.reveal(), "a till") }
        guard !open.isForgotten else { return trace.note(now, 35, text: "an answer to \(index), which nobody hears") }
        switch response {
        case .payment(let record, let created):
            trace.note(now, 30, text: "answer to till \(open.till): \(created ? "201" : "200") \(Self.line(record))")
            judgeAnswer(record, open)
            if case .acknowledge = open.request { judgeAcknowledged(record) }
            if open.isPut { tills[open.till].waitsForPut = false }
        case .refused(let refusal):
            trace.note(now, 31, text: "answer to till \(open.till): \(refusal.code.rawValue): \(refusal.detail)")
            judgeText(refusal.detail)
            if open.isPut { refused(open, refusal) }
        case .connectionToken: trace.note(now, 32, text: "answer to till \(open.till): a connection token")
        case .cardSetup(let record, _):
            trace.note(now, 36, text: "answer: \(Self.line(record))")
            judgeAnswer(record, isCancel: open.request.isCancelOfCardSetup)
        case .intent(let intent):
            trace.note(now, 33, text: "answer to till \(open.till): \(intent.id.text)")
            if let number = Stripe.index(of: intent.id), case .keyedIntent(let cart, _, _, _) = open.request,
                let index = cartsByName[cart]
            {
                (backend.carts[index].isKeyedOpen, backend.carts[index].form) = (true, number)
                if dice.chance(odds.leavesForms) { plans(.revisited(index), after: dice.within(100...1_000)) }
                plans(.keyedForm(index, intent: number, pays: dice.chance(500)), after: dice.within(1_000...30_000))
            }
        case .done:
            if case .release(_, .payment(let id), _, _) = open.request, let number = paymentIndex[id] { releasedByHand.insert(number) }
            trace.note(now, 34, text: "answer to till \(open.till): done")
        case .cart, .cartStatus, .configuration, .readers, .reader, .discovered:
            trace.note(now, 34, text: "answer to till \(open.till): done")
        }
    }

    static func line(_ record: PaymentRecord) -> String {
        let failure = record.failure.map { " (\($0.code.rawValue))" } ?? ""
        return "\(record.id.text) \(record.state.rawValue)\(failure), money \(record.money.rawValue)"
    }
}
