internal import GatewayCore
import GatewayModel
import Moments

extension CartWorld {
    mutating func fail(_ words: String) { if violation == nil { violation = words } }

    mutating func happens(_ happening: Happening) {
        switch happening {
        case .put(let index, let other): puts(index, other: other)
        case .confirm(let index): confirms(index)
        case .neverLeaves(let index):
            confirms(index)
            flights[index] = .none
            follow(machine.answered(Self.payment(index), .notSent, at: moment))
        case .evaporates(let index): flights[index] = .none
        case .approves(let index): approves(index)
        case .declines(let index):
            flights[index] = .declined
            saysFailed = true
        case .declinesAndGoesOn: saysFailed = true
        case .answers(let index, let bare): answers(index, bare: bare)
        case .losesAnswer(let index):
            if case .waiting(let intent) = attempts[index] { attempts[index] = .open(intent) }
            follow(machine.answered(Self.payment(index), .lost, at: moment))
        case .seenIdle(let index):
            idle.insert(index)
            machine.idle(Self.reader(index), at: moment)
        case .asksStripe:
            if let intent = readable { question = Question(intent: intent, asked: now, status: intents[intent].status) }
        case .stripeAnswers(let old): stripeAnswers(old: old)
        case .hears: hears()
        case .ordered:
            isOrdered = true
            saysFailed = false
        case .orderFails: orderFails()
        case .canceledAtStripe: if let last = intents.indices.last { intents[last].isCanceled = true }
        case .technician(let index): technician(index)
        case .windowPasses:
            now += Self.window + 1
            follow(machine.tick(at: moment))
        case .restarts: restart()
        }
        // The backend's words are ordered among themselves. Of all other moments only whole windows are compared.
        if happening == .hears { now += 1 }
        row = machine.facts
        if charges > 1 { fail("two charges of one cart") }
    }

    private mutating func puts(_ index: Int, other: Bool) {
        let request = Self.request(other: other)
        guard machine.refuses(request, at: moment) == nil else { return }
        let id = Self.payment(index)
        machine.reserve(id, request)
        records[index] = PaymentRecord(id: id, request: request, reader: Self.reader(index), readerLabel: nil, at: moment.wall)
        follow(machine.wantsIntent(id, at: moment))
    }

    private mutating func confirms(_ index: Int) {
        guard case .collecting(let intent) = attempts[index] else { return }
        let id = Self.payment(index)
        machine.confirming(id, Self.id(intent), tip: 0, at: moment)
        let confirmingAt = moment.wall
        records[index]?.confirmingAt = confirmingAt
        records[index]?.intent = Self.id(intent)
        machine.sent(id, Self.id(intent), on: Self.reader(index), card: nil, at: moment)
        attempts[index] = .waiting(intent)
        flights[index] = .pending
    }

    private func intent(of index: Int) -> Int? {
        records[index]?.intent.flatMap { World.number(in: $0.text, after: 3) }
    }

    private mutating func approves(_ index: Int) {
        guard let intent = intent(of: index) else { return }
        guard intents[intent].status == .requiresPaymentMethod else { return flights[index] = .refused }
        flights[index] = .approved
        intents[intent].chargedBy = index
        if case .ended(let verdict?) = attempts[index] {
            if case .said = verdict { return }
            fail("p\(index) had ended \(verdict); now it is charged")
        }
    }

    private mutating func answers(_ index: Int, bare: Bool) {
        guard case .waiting(let intent) = attempts[index] else { return }
        let answer: IntentEvidence.Answer =
            switch flights[index] {
            case .approved: .init(field: .confirmed, intent: Self.id(intent), status: .succeeded, at: now)
            case .declined: .init(field: .declined, intent: Self.id(intent), status: .requiresPaymentMethod, at: now)
            case .refused where !bare:
                .init(field: .declined, intent: Self.id(intent), status: intents[intent].status, at: now)
            case .refused, .none, .pending: .init(field: .error, intent: nil, status: nil, at: now)
            }
        attempts[index] = .open(intent)
        idle.insert(index)
        follow(machine.answered(Self.payment(index), .answered(answer), at: moment))
    }

    private mutating func stripeAnswers(old: Bool) {
        guard let asked = question else { return }
        question = nil
        var facts = facts(asked.intent)
        if old { facts.status = asked.status }
        follow(machine.looked(facts, asked: asked.asked, at: moment))
    }

    private mutating func hears() {
        let status: CartStatus = isOrdered ? .submitted(order: nil) : saysFailed ? .failed(error: nil) : .open
        follow(machine.heard(status, asked: now, at: moment))
    }

    private mutating func orderFails() {
        saysFailed = true
        for index in intents.indices where intents[index].chargedBy != nil {
            intents[index].isVoided = true
            intents[index].isCanceled = true
        }
    }

    /// Lets a technician state the truth, and only while no other payment of the cart runs.
    private mutating func technician(_ index: Int) {
        guard case .open(let intent) = attempts[index], machine.runs(beside: Self.payment(index)) == nil else { return }
        let paid = intents[intent].chargedBy == index && !intents[intent].isVoided
        follow(machine.said(Self.payment(index), paid: paid, at: moment))
    }

    private mutating func restart() {
        restarts += 1
        question = nil
        machine = CartMachine(row, isRecalled: true, terms: Self.terms, at: moment)
        for index in attempts.indices {
            switch attempts[index] {
            case .none, .ended: continue
            case .collecting:
                attempts[index] = .ended(nil)
                continue
            case .waiting(let intent), .open(let intent): attempts[index] = .open(intent)
            }
            // A reader that was idle before the restart is still idle. The machine has to prove it again.
            idle.remove(index)
            guard var record = records[index] else { continue }
            record.state = .unresolved
            machine.recover(record, at: moment)
        }
        idle = []
        follow(machine.judgeAfterStart(at: moment))
    }

    // MARK: What the machine wants

    mutating func follow(_ actions: [CartMachine.Action]) {
        var queue = actions
        while !queue.isEmpty {
            let action = queue.removeFirst()
            switch action {
            case .verdict(let payment, let verdict): told(payment, verdict)
            case .create(let number, let terms, _): queue += creates(number, terms)
            case .read(let number, let intent, _):
                guard let index = World.number(in: intent.text, after: 3) else { continue }
                queue += machine.read(number, .success(facts(index)), at: moment)
            case .ready(let payment, let facts, _, _):
                guard let index = Self.index(payment), let intent = World.number(in: facts.id.text, after: 3) else { continue }
                let wanted = records[index]?.request.amount.minorUnits(in: Self.currency)
                if wanted == facts.amountMinor { attempts[index] = .collecting(intent) } else { ends(payment, nil) }
            case .failed(let payment, _), .stop(let payment, _): ends(payment, nil)
            case .learnt, .currency, .paidBySomebodyElse, .lifted, .gaveAgain: break
            }
        }
    }

    private mutating func creates(_ number: UInt64, _ terms: CartMachine.Terms) -> [CartMachine.Action] {
        let minor = terms.amount.minorUnits(in: Self.currency) ?? 0
        let last = intents.indices.last.flatMap { intents[$0].isCanceled ? nil : $0 }
        if !makesNew, let last {
            if intents[last].chargedBy == nil { intents[last].amount = minor }
            return machine.created(number, .success((id: Self.id(last), key: Self.key)), at: moment)
        }
        intents.append(Intent(amount: minor))
        return machine.created(number, .success((id: Self.id(intents.count - 1), key: Self.key)), at: moment)
    }

    private mutating func told(_ payment: PaymentID, _ verdict: Verdict) {
        guard let index = Self.index(payment) else { return }
        judge(index, verdict)
        guard !verdict.isOpen else {
            if verdict == .authorized { records[index]?.authorized = true }
            return
        }
        ends(payment, verdict)
    }

    private mutating func judge(_ index: Int, _ verdict: Verdict) {
        guard let intent = intent(of: index) else { return fail("p\(index) is judged, and never confirmed") }
        let truth = intents[intent]
        switch verdict {
        case .declined, .notCharged, .notConfirmed:
            if truth.chargedBy == index, !truth.isVoided { fail("p\(index) is said to be \(verdict), and it is charged") }
        case .intentCanceled:
            if !truth.isCanceled { fail("p\(index) is said to be \(verdict), and its intent is not canceled") }
        case .authorized, .taken, .orderFailed:
            if truth.chargedBy == nil, charges == 0 { fail("p\(index) is said to bear the money, and nothing is charged") }
        case .superseded, .cartPaid:
            if truth.chargedBy == nil, charges == 0 { fail("p\(index) is said to be \(verdict), and nothing is charged") }
        case .confirmAgain, .said, .unknown: break
        }
    }

    private mutating func ends(_ payment: PaymentID, _ verdict: Verdict?) {
        guard let index = Self.index(payment), machine.isOpen(payment), var record = records[index] else { return }
        attempts[index] = .ended(verdict)
        record.money = .notTaken
        record.state = .failed
        switch verdict {
        case .taken?, .said(paid: true)?: (record.state, record.money) = (.succeeded, .taken)
        case .orderFailed?: record.money = .authorized
        case .intentCanceled?, .notConfirmed?, .declined?, .notCharged?, .authorized?, .superseded?, .cartPaid?, .confirmAgain?,
            .said(paid: false)?, .unknown?, nil:
            break
        }
        if record.money == .taken, records.contains(where: { $0?.id != payment && $0?.money == .taken }) {
            fail("two payments say that they took the money of one cart")
        }
        records[index] = record
        machine.ended(record, at: moment)
    }

    // MARK: No lock for ever

    /// The world in which nothing more goes wrong.
    func quietened() -> CartWorld {
        var calm = self
        calm.attempts.append(.none)
        calm.flights.append(.none)
        calm.records.append(nil)
        calm.quieten()
        return calm
    }

    /// The reason why the cart stays locked although nothing more goes wrong. It is nil when the cart can be paid, or is refused for a true
    /// reason.
    func locks() -> String? {
        var calm = self
        let last = calm.attempts.count - 1
        if calm.violation != nil { return calm.violation }
        if let refusal = calm.machine.refuses(Self.request(other: false), at: calm.moment) {
            switch refusal.code {
            // A technician's word stands although the order fails later.
            case .cartPaid: return calm.intents.contains { $0.chargedBy != nil } ? nil : "\(refusal.detail) And nothing is charged."
            // Where the intent can no longer be read, a person has to say that the money was released.
            case .cartHeld: return calm.charges > 0 || calm.readable == nil ? nil : "\(refusal.detail) And nothing is held."
            case .paymentNotFound, .notFound, .readerNotFound, .cartNotFound, .cartBusy, .readerBusy, .leaseChanged, .alreadyEnded,
                .notUnresolved, .noCart, .invalidRequest, .paymentIDReused, .labelInUse, .noReader, .backendRejected,
                .registrationFailed, .queueFull, .overloaded, .backendUnauthorized, .backendForbidden, .backendInvalidAnswer,
                .readerUnavailable,
                .backendUnavailable, .journalUnavailable, .shuttingDown:
                break
            }
            // The cart may be payable only over the other amount: that of an attempt whose result is unknown.
            guard calm.machine.refuses(Self.request(other: true), at: calm.moment) != nil else { return nil }
            return refusal.detail
        }
        calm.happens(.put(last, other: false))
        return calm.violation
    }

    private mutating func quieten() {
        for index in attempts.indices {
            if case .collecting = attempts[index] { ends(Self.payment(index), nil) }
            if flights[index] == .pending { happens(.evaporates(index)) }
            if case .waiting = attempts[index] { happens(.losesAnswer(index)) }
        }
        if charges > 0, !isOrdered { happens(.ordered) }
        for index in attempts.indices { if case .open = attempts[index], !idle.contains(index) { happens(.seenIdle(index)) } }
        happens(.hears)
        now += 3_600_000 + Self.window
        question = nil
        for _ in 0..<2 {
            if readable == nil, let wanted = machine.wantsSecret(at: moment) { follow(wanted) }
            happens(.asksStripe)
            happens(.stripeAnswers(old: false))
        }
        now += Self.window
        happens(.hears)
    }
}
