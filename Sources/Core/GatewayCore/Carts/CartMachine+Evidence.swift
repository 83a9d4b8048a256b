import GatewayModel
import Moments

/// Evidence of the cart's money, and what it says of each attempt.
extension CartMachine {
    // MARK: The confirm

    /// Notes that "confirming" is about to be written, for a card with this tip in minor units.
    package mutating func confirming(_ payment: PaymentID, _ intent: IntentID, tip: Int64, at now: Now) {
        guard let index = open.firstIndex(where: { $0.payment == payment }) else { return }
        prepareEvidence(intent, at: now)
        open[index].stage = .confirming
        beforeConfirm = facts.intent
        facts.intent?.everConfirmed = true
        facts.intent?.knownNotCharged = false
        if tip > 0 { facts.intent?.tipLeft = tip }
    }

    /// Takes back what `confirming` noted, because "confirming" could not be written or the confirm was not sent.
    package mutating func notConfirming(_ payment: PaymentID) {
        guard let index = open.firstIndex(where: { $0.payment == payment }), attempt(payment) == nil else { return }
        open[index].stage = .running
        guard let before = beforeConfirm, before.id == facts.intent?.id else { return }
        facts.intent = before
        beforeConfirm = nil
    }

    /// Notes that the reader's link has got the confirm.
    package mutating func sent(_ payment: PaymentID, _ intent: IntentID, on reader: ReaderID, card: CardSummary?, at now: Now) {
        prepareEvidence(intent, at: now)
        evidence[intent]?.sent(payment, on: reader, card: card, at: now.mono)
        told[payment] = .unknown
    }

    /// Takes the fate of a payment's last send. The payment is told its verdict, whether it has changed or not.
    package mutating func answered(_ payment: PaymentID, _ fate: IntentEvidence.Fate, at now: Now) -> [Action] {
        for id in evidence.keys where evidence[id]?.attempt(payment) != nil { evidence[id]?.ended(payment, fate) }
        return judge(at: now, telling: payment)
    }

    package mutating func cancelRequested(_ payment: PaymentID) {
        for id in evidence.keys { evidence[id]?.cancelRequested(payment) }
    }

    // MARK: Words

    /// Notes that the reader was proved idle.
    package mutating func idle(_ reader: ReaderID, at now: Now) {
        for id in evidence.keys { evidence[id]?.idle(reader, at: now.mono) }
    }

    /// Takes Stripe's word on one of the cart's intents.
    package mutating func looked(_ intent: IntentFacts, asked: MonoTime, at now: Now) -> [Action] {
        var actions: [Action] = []
        learn(intent, asked: asked, at: now, &actions)
        return actions
    }

    mutating func learn(_ intent: IntentFacts, asked: MonoTime, at now: Now, _ actions: inout [Action]) {
        prepareEvidence(intent.id, at: now)
        evidence[intent.id]?.read(intent.status, card: intent.card, asked: asked, answered: now.mono)
        actions += judge(at: now)
        if let place = facts.keyed?.firstIndex(where: { $0.id == intent.id }) {
            keyedStatus[intent.id] = intent.status
            if intent.status == .succeeded || intent.status == .requiresCapture, facts.keyed?[place].isCharged != true {
                facts.keyed?[place].isCharged = true
                write("\(intent.id.text), which was typed into, is charged", &actions)
            }
        }
        guard intent.status == .canceled, facts.canceled?.contains(intent.id) != true else { return }
        let lifted = heldIntent == intent.id ? facts.held : nil
        facts.canceled = Array(((facts.canceled ?? []) + [intent.id]).suffix(16))
        drop(intent.id)
        if let lifted {
            facts.held = nil
            actions.append(.lifted(lifted))
        }
        isPaidBySomebodyElse = isPaidBySomebodyElse && paidElsewhere != nil
        write("Stripe says that \(intent.id.text) is canceled", &actions)
    }

    /// The intent whose money refuses a payment although the backend has no order: it is held, or charged by none of the payments. That
    /// money may be let go.
    package var heldIntent: IntentID? {
        if facts.held != nil { return facts.intent?.id }
        return isPaidBySomebodyElse && !facts.paid ? paidElsewhere : nil
    }

    private var paidElsewhere: IntentID? {
        evidence.keys.sorted().first { evidence[$0]?.isPaidBySomebodyElse(under: terms) == true }
    }

    /// Takes the backend's word on the cart. `Submitted` says nothing of the reader's intent where the keyed one is read as charged.
    package mutating func heard(_ status: CartStatus, asked: MonoTime, at now: Now) -> [Action] {
        var actions: [Action] = []
        if case .submitted(let order) = status { submitted = .init(order: order ?? submitted?.order) }
        for id in evidence.keys where !isKeyedCharged || evidence[id]?.charge != nil {
            evidence[id]?.heard(status, asked: asked, answered: now.mono)
        }
        actions += judge(at: now)
        return actions
    }

    private var isKeyedCharged: Bool { keyedIntents.contains { $0.isCharged == true } }

    func write(_ note: String, _ actions: inout [Action]) {
        if isRecalled { actions.append(.learnt(note)) }
    }

    /// Takes a technician's word on what became of a payment.
    package mutating func said(_ payment: PaymentID, paid: Bool, at now: Now) -> [Action] {
        for id in evidence.keys { evidence[id]?.said(payment, paid: paid) }
        return judge(at: now, telling: payment)
    }

    /// Lets the held money go, because a technician has acknowledged it. Its intent was charged once and can never be charged again, so the
    /// cart needs another.
    package mutating func acknowledgeHold(_ payment: PaymentID) -> Bool {
        guard facts.held == payment else { return false }
        facts.held = nil
        lettingGo = LettingGo(payment: payment, intent: facts.intent)
        if let intent = facts.intent { giveUp(intent.id) }
        return true
    }

    /// Notes that the technician's word is on disk. From now on the cart can be paid.
    package mutating func holdIsOver(_ payment: PaymentID) { if lettingGo?.payment == payment { lettingGo = nil } }

    /// Takes the acknowledgement back, because the technician's word could not be written.
    package mutating func holdAgain(_ payment: PaymentID, at now: Now) {
        let before = lettingGo?.payment == payment ? lettingGo?.intent : nil
        holdIsOver(payment)
        guard facts.held == nil, !facts.paid else { return }
        facts.held = payment
        guard let intent = before, facts.intent == nil else { return }
        facts.intent = intent
        facts.canceled?.removeAll { $0 == intent.id }
        evidence[intent.id] = nil
        prepareEvidence(intent.id, at: now)
    }

    // MARK: Judging

    /// Judges by what the journal alone says.
    package mutating func judgeAfterStart(at now: Now) -> [Action] { judge(at: now) }

    /// Tells each attempt its verdict if that has changed, or if it is the wanted one.
    mutating func judge(at now: Now, telling wanted: PaymentID? = nil) -> [Action] {
        var actions: [Action] = []
        for id in evidence.keys.sorted() {
            guard let known = evidence[id] else { continue }
            let found = verdicts(known, under: terms)
            if let bearer = found.first(where: { $0.value.bears })?.key, known.bearer == nil { evidence[id]?.bound(bearer) }
            for payment in found.keys.sorted() {
                guard let verdict = found[payment], verdict != told[payment] || payment == wanted else { continue }
                told[payment] = verdict
                actions.append(.verdict(payment, verdict))
            }
            guard known.charge != nil, !known.isCanceled, !known.isLetGo else { continue }
            if facts.intent?.id == id, facts.intent?.chargedAmong == nil {
                facts.intent?.chargedAmong = known.charge?.among
                facts.intent?.knownNotCharged = false
                write("\(id.text) is charged", &actions)
            }
            stopRunning(by: evidence[id]?.bearer, &actions)
            if known.isPaidBySomebodyElse(under: terms), !facts.paid, facts.held == nil, !isPaidBySomebodyElse {
                isPaidBySomebodyElse = true
                actions.append(.paidBySomebodyElse)
            }
        }
        settlePaid(&actions)
        noteIntent(at: now)
        return actions
    }

    /// Notes the order that the backend has. A confirm under way may be what paid it, so its answer comes first.
    private mutating func settlePaid(_ actions: inout [Action]) {
        guard let submitted, !facts.paid, !isConfirming else { return }
        let bearer = paidBearer
        facts.paid = true
        facts.paidBy = bearer ?? facts.paidBy
        facts.order = submitted.order ?? facts.order
        stopRunning(by: bearer, &actions)
        write("the backend says: submitted", &actions)
    }

    /// The payment whose money paid the order: that of the intent in use, else of another intent whose charge stands.
    private var paidBearer: PaymentID? {
        let intents = (facts.intent.map { [$0.id] } ?? []) + evidence.keys.sorted()
        return intents.lazy.compactMap { evidence[$0] }.first { $0.bearer != nil && !$0.isCanceled && !$0.isLetGo }?.bearer
    }

    /// Stops the payments of a charged cart that have not confirmed, so that they leave the readers and the queues.
    private func stopRunning(by bearer: PaymentID?, _ actions: inout [Action]) {
        for item in open where item.payment != bearer && attempt(item.payment) == nil {
            actions.append(.stop(item.payment, .cartPaidEarlier(by: bearer)))
        }
    }
}
