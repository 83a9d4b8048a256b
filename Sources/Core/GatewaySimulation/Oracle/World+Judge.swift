internal import GatewayCore
import GatewayModel
import Moments

/// The judge reads what is true in the world, and asserts the promises after every step.
extension World {
    mutating func fail(_ promise: Violation.Promise, _ words: String) {
        guard violation == nil else { return }
        violation = Violation(promise: promise, words: words, step: step, at: now)
        trace.note(now, 99, text: "!! \(promise.rawValue): \(words)")
    }

    // MARK: Money

    /// Judges a charge that was made a moment ago.
    mutating func judgeCharge(_ cart: Int, _ payment: Int?, shown: Int64, amount: Int64) {
        let intent = stripe.charges[stripe.charges.count - 1].intent
        if shown != amount {
            stripe.charges[stripe.charges.count - 1].differs = true
            // The agent cannot prevent a change at Stripe between its last question and the charge. Nor can it remove a tip from an intent
            // that it cannot read, because a restart has forgotten the intent's secret.
            let isUnread = stripe.intents[intent].stayingTip > 0 && !secretsKnown.contains(intent)
            if !carts[cart].isTamperedWith, extras.parts == 0, !isUnread {
                fail(.amounts, "\(carts[cart].id) is charged \(amount), the reader showed \(shown)")
            }
        }
        if stripe.standing(inCart: cart) > 1, !carts[cart].isMisjudged { fail(.neverTwice, "\(carts[cart].id) is charged twice") }
        guard let payment else { return }
        let id = payments[payment].id
        for record in [disk.payments[id], visible[id], payments[payment].shownEnd].compactMap({ $0 })
        where record.state.isEnd && record.money == .notTaken && !payments[payment].resolvedByTechnician {
            fail(.neverAGuess, "\(id) had ended \(record.state.rawValue), not taken; now it is charged")
        }
    }

    mutating func judgeSending(_ command: ReaderCommand, to id: ReaderID, by payment: Int?) {
        guard let reader = Reader.index(of: id), readers.indices.contains(reader) else { return }
        if readers[reader].open > 0 { return fail(.oneOwner, "\(command.name) is sent while another request to \(id) has no answer") }
        judgeOwner(command, of: id, by: payment)
        switch command {
        case .prove(let token): spend(token.secret.reveal(), id.text)
        case .activate(let token, let failIfInUse):
            spend(token.secret.reveal(), id.text)
            if !failIfInUse, !mayTakeOver.contains(reader), !takeOversAsked.contains(reader) {
                fail(.oneOwner, "\(id) is taken over without a right to")
            }
        case .collect, .collectReusable:
            judgeShown(command, by: payment)
            if let payment { payments[payment].hasLostCollect = false }
            // The collect is made anew, as where a hint of the currency was wrong. Nobody has canceled the payment.
            if let payment, payments[payment].canceledAt == nil { payments[payment].cancelSent = false }
            if let payment, payments[payment].wasRefusedForDisk, !payments[payment].wasAcknowledged {
                fail(.neverLost, "\(payments[payment].id) was refused because of the disk, and runs")
            }
            if let standing = readers[reader].standing, standing.payment != payment, standing.generation == generation,
                !releasedByHand.contains(standing.payment)
            {
                fail(.oneOwner, "\(id) is asked for a card while \(payments[standing.payment].id) is still on it")
            }
        case .cancelCollect: if let payment { payments[payment].cancelSent = true }
        case .confirm(_, let intent, _): if let payment { judgeConfirm(payment, intent) }
        case .heartbeat, .display, .clearDisplay, .query, .queryReusable, .cancelReusable, .confirmReusable: break
        }
    }

    /// Judges the amount that the customer is shown. It is the till's, except for a tip that an earlier attempt has left on the intent.
    private mutating func judgeShown(_ command: ReaderCommand, by payment: Int?) {
        guard case .collect(_, let amount, let currency, _) = command, let payment,
            let asked = payments[payment].request.amount.minorUnits(in: currency), asked != amount
        else { return }
        if extras.stayingTips > 0, amount > asked { return }
        // A backend's wrong amount that exceeds the right one by just the tip of an earlier attempt cannot be told from a tip that stayed.
        if disk.cart(carts[payments[payment].cart].id)?.intent?.tipLeft == amount - asked { return }
        // An earlier attempt was charged with its tip, and the backend has not decided. Its intent is all that may be confirmed.
        if amount > asked, stripe.charges.contains(where: { $0.cart == payments[payment].cart && $0.amount == amount }) { return }
        fail(.amounts, "\(payments[payment].id) is over \(asked), and the reader is to show \(amount)")
    }

    /// Judges the sender of a command. While a payment holds the reader, nobody else speaks to it, except to open the session that the
    /// payment waits for.
    private mutating func judgeOwner(_ command: ReaderCommand, of id: ReaderID, by payment: Int?) {
        guard let machine else { return }
        for record in machine.openPayments(on: id) where record.leased && record.id != payment.map({ payments[$0].id }) {
            if case .activate = command, let number = paymentIndex[record.id], payments[number].hasLostCollect { continue }
            let asksForCard = record.state == .waitingForCard || record.state == .authorizing
            switch command {
            case .activate, .prove, .clearDisplay:
                if asksForCard, payment == nil, record.state != .waitingForCard || isCollecting(record.id, id) {
                    fail(.oneOwner, "\(command.name) is sent to \(id) while \(record.id) asks for a card there")
                }
            case .heartbeat, .display, .collect, .query, .cancelCollect, .confirm, .collectReusable, .queryReusable, .cancelReusable,
                .confirmReusable:
                fail(.oneOwner, "\(command.name) is sent to \(id), which \(record.id) holds")
            }
        }
    }

    /// Judges the asking for an intent. By then the disk tells of its cart.
    mutating func judgeAsking(_ cart: CartID) {
        if disk.cart(cart) == nil { fail(.neverLost, "the backend is asked for an intent of \(cart.text), of which nothing is on disk") }
    }

    private func isCollecting(_ payment: PaymentID, _ id: ReaderID) -> Bool {
        guard let reader = Reader.index(of: id), case .ours = readers[reader].session, readers[reader].isOn else { return false }
        switch readers[reader].state {
        case .waiting(let collection), .collected(let collection): return payments[collection.payment].id == payment
        case .idle, .keeping, .authorising: return false
        }
    }

    private mutating func judgeConfirm(_ payment: Int, _ id: IntentID) {
        let truth = payments[payment]
        guard let row = disk.payments[truth.id], row.confirmingAt != nil else {
            return fail(.neverTwice, "the confirm of \(truth.id) is sent, and its row is not on disk")
        }
        if row.state.isEnd { fail(.endIsFinal, "the confirm of \(truth.id) is sent after its end") }
        if truth.cancelSent { fail(.neverTwice, "the confirm of \(truth.id) is sent after its cancel") }
        guard let intent = Stripe.index(of: id), stripe.intents.indices.contains(intent) else { return }
        if stripe.intents[intent].cart != truth.cart { fail(.neverTwice, "\(truth.id) confirms another cart's intent") }
        for other in backend.carts[truth.cart].intents where other != intent && !carts[truth.cart].isMisjudged {
            if case .requiresAction = stripe.intents[other].status {
                fail(.neverTwice, "\(truth.id) confirms \(id) while the customer is asked for pi_\(other) in the bank's app")
            }
            let isCharged = stripe.charges.contains { $0.intent == other && !$0.voided }
            if isCharged || stripe.intents[other].underWay > 0 {
                fail(.neverTwice, "\(truth.id) confirms \(id) while pi_\(other) of the cart is, or may be, charged")
            }
        }
        payments[payment].confirms += 1
        payments[payment].confirmedAt = now
        payments[payment].confirmedIntents.append(intent)
    }

    mutating func spend(_ token: String, _ by: String) {
        if !spentTokens.insert(token).inserted { fail(.tokenOnce, "a connection token is given to \(by), and was given before") }
    }

    // MARK: Records

    /// Judges a payment that is about to be on disk: no other of its cart runs, however the cart is written.
    mutating func judgeAcceptance(_ record: PaymentRecord) {
        guard let number = paymentIndex[record.id] else { return }
        if disk.facts.contains(where: { $0.key.hasPrefix(StoredFacts.lossKey) && $0.value == StoredFacts.lossNotAccepted }) {
            fail(.neverTwice, "\(record.id) is accepted, and nobody has agreed to the loss of a journal")
        }
        for other in payments where other.cart == payments[number].cart && other.id != record.id {
            guard let row = disk.payments[other.id], !row.state.isEnd, row.state != .unresolved else { continue }
            fail(.neverTwice, "\(record.id) is accepted while \(row.id) of its cart is \(row.state.rawValue)")
        }
    }

    /// Judges a row that is about to be on disk.
    mutating func judgeRow(_ kind: JournalKind, _ record: PaymentRecord) {
        if let before = disk.payments[record.id], before.state.isEnd, Self.bare(before) != Self.bare(record) {
            fail(.endIsFinal, "\(record.id) had ended \(before.state.rawValue); now a row says \(record.state.rawValue)")
        }
        if record.state.isEnd { judgeEnd(record) }
        judgeAmount(record)
        let unknown: MoneyState = record.authorized && record.state == .unresolved ? .authorized : .unknown
        if record.confirmingAt != nil, !record.state.isEnd, record.money != unknown {
            fail(.neverAGuess, "\(record.id) is past its confirm and says \(record.money.rawValue)")
        }
    }

    /// Judges the charged amount of a record. It is what Stripe has charged. Where it is not what the reader showed, a person is warned, or
    /// has acknowledged it.
    private mutating func judgeAmount(_ record: PaymentRecord) {
        guard let told = record.amountChargedMinor, let intent = record.intent.flatMap({ Stripe.index(of: $0) }) else { return }
        guard stripe.charges.contains(where: { $0.intent == intent && $0.amount == told }) else {
            return fail(.amounts, "\(record.id) says that \(told) was charged on pi_\(intent), and it was not")
        }
        guard let shown = record.amountMinor, told != shown + record.tipMinor, let number = paymentIndex[record.id] else { return }
        if !payments[number].wasSeenTo, !record.warnings.contains(where: { $0.code == .chargedAmountDiffers }) {
            fail(.amounts, "\(record.id) was charged \(told), not \(shown) and a tip of \(record.tipMinor), and nobody is warned")
        }
    }

    /// Judges a record that a technician was told is acknowledged.
    mutating func judgeAcknowledged(_ record: PaymentRecord) {
        // A warning that the disk has not taken a row yet is separate news.
        if record.warnings.contains(where: { $0.code != .notJournaled }) {
            fail(.answered, "\(record.id) was acknowledged, and warns still")
        }
        if disk.cart(record.request.cart)?.held == record.id {
            fail(.answered, "\(record.id) was acknowledged, and its cart is held still")
        }
    }

    /// The part of an ended payment that never changes: all but its warnings.
    static func bare(_ record: PaymentRecord) -> PaymentRecord {
        var bare = record
        bare.unwarn(PaymentWarning.Code.allCases)
        return bare
    }

    /// Judges a record that a till is shown.
    mutating func shows(_ record: PaymentRecord, _ number: Int) {
        if let before = payments[number].shownEnd, Self.bare(before) != Self.bare(record) {
            fail(.endIsFinal, "\(record.id) was shown as \(before.state.rawValue), now as \(record.state.rawValue)")
        }
        if record.state.isEnd {
            judgeEnd(record)
            // An end that could not be journaled is shown all the same. A kill may then take the payment back to what is on disk.
            if disk.payments[record.id] == record || machine?.journalTrouble == nil { payments[number].shownEnd = record }
        }
    }

    mutating func judgeAnswer(_ record: PaymentRecord, _ open: OpenRequest) {
        guard let number = paymentIndex[record.id] else { return fail(.answered, "an answer about \(record.id), which nobody asked for") }
        if disk.payments[record.id] == nil { fail(.neverLost, "\(record.id) was answered and is not on disk") }
        payments[number].wasAcknowledged = true
        if case .cancel = open.request, record.confirmingAt == nil {
            payments[number].cancelSent = true
            if payments[number].canceledAt == nil { payments[number].canceledAt = now }
        }
        shows(record, number)
    }

    mutating func judgeRefusal(_ number: Int, _ refusal: Refusal) {
        let truth = payments[number]
        guard refusal.code != .paymentIDReused, !truth.wasAcknowledged else { return }
        let others = requests.contains { $0.payment == number && $0.isPut && !$0.isAnswered && $0.generation == generation }
        if !others, let record = machine?.openPayment(truth.id) ?? disk.payments[truth.id] {
            fail(.answered, "\(truth.id) was refused (\(refusal.code.rawValue)) and exists: \(Self.line(record))")
        }
    }

    mutating func judgeEnd(_ record: PaymentRecord) {
        guard let number = paymentIndex[record.id] else { return }
        let truth = payments[number]
        let charge = truth.charge.map { stripe.charges[$0] }
        let flying = inFlight.contains {
            $0.collection.payment == number && stripe.intents[$0.intent].status != .canceled && !isPaid($0.intent)
        }
        guard record.resolvedBy == nil, !carts[truth.cart].isMisjudged else { return }
        switch record.money {
        case .unknown: fail(.neverAGuess, "\(record.id) ended \(record.state.rawValue) and its money is unknown")
        case .notTaken:
            if let charge, !charge.voided, !isAttributed(number) {
                fail(.neverAGuess, "\(record.id) ended \(record.state.rawValue), not taken, and it is charged")
            }
            if flying { fail(.neverAGuess, "\(record.id) ended \(record.state.rawValue), not taken, while the issuer is at work on it") }
        case .taken:
            if stripe.standing(inCart: truth.cart) == 0 { fail(.neverAGuess, "\(record.id) ended taken, and nothing is charged") }
            for other in payments.indices where other != number && payments[other].cart == truth.cart {
                if let row = disk.payments[payments[other].id], row.state.isEnd, row.money == .taken {
                    fail(.neverTwice, "\(record.id) and \(row.id) both say that they took the money of one cart")
                }
            }
            if charge == nil, !stripe.charges.contains(where: { $0.cart == truth.cart && $0.payment != nil }) {
                fail(.neverAGuess, "\(record.id) says that it took what was typed in")
            }
        case .authorized:
            if !stripe.charges.contains(where: { $0.cart == truth.cart }) { fail(.neverAGuess, "\(record.id) says held, and nothing was") }
        }
        switch record.state {
        case .declined: if truth.declines == 0 { fail(.neverAGuess, "\(record.id) ended declined, and no issuer declined it") }
        case .canceledByCustomer: if !truth.customerCanceled { fail(.neverAGuess, "\(record.id): no customer canceled it") }
        case .succeeded: if record.money != .taken { fail(.neverAGuess, "\(record.id) succeeded without money") }
        case .queued, .preparing, .waitingForCard, .authorizing, .finishing, .unresolved, .canceled, .timedOut, .failed: break
        }
    }

    private func isPaid(_ intent: Int) -> Bool { stripe.charges.contains { $0.intent == intent && !$0.voided } }

    /// Whether another attempt on the cart explains the charge. Two attempts on one intent, both without an answer, leave one charge and no
    /// evidence of whose it is. Then the cart counts as taken once.
    private func isAttributed(_ number: Int) -> Bool {
        payments.indices.contains { other in
            guard other != number, payments[other].cart == payments[number].cart, disk.payments[payments[other].id]?.confirmingAt != nil
            else { return false }
            let record = disk.payments[payments[other].id]
            return record.map { $0.state == .succeeded || $0.authorized || !$0.state.isEnd } ?? false
        }
    }

    /// Judges a contradiction. A technician here says only what is true then. A contradicting record has to be true as well: the order
    /// failed, or a reader that had kept the confirm has charged it since, and no other payment paid the cart.
    mutating func judgeContradiction(_ record: PaymentRecord) {
        guard let number = paymentIndex[record.id] else { return }
        let cart = payments[number].cart
        guard !carts[cart].isMisjudged else { return }
        let isContradicted: Bool
        if record.money == .taken {
            isContradicted = if case .failed = backend.status(of: cart, at: now) { true } else { false }
        } else {
            let isPaidByAnother = payments.contains { $0.cart == cart && $0.id != record.id && disk.payments[$0.id]?.money == .taken }
            isContradicted = !isPaidByAnother && stripe.charges.contains { $0.cart == cart && !$0.voided }
        }
        if !isContradicted { fail(.neverAGuess, "\(record.id) is said to be contradicted, and what the technician said is true") }
    }

    // MARK: Always

    mutating func checkAlways() {
        guard machine != nil else { return }
        // In the other steps the machine has heard nothing.
        if hasHandled, let words = machine?.broken() { fail(.fits, words) }
        hasHandled = false
        if wake == .max, machine?.hasOpenPayments == true, !calls.contains(where: { $0.generation == generation && !$0.isAnswered }) {
            fail(.bounded, "payments are open, and nothing is waited for")
        }
        if step & 31 == 0, let machine {
            checkWaits(machine)
            checkViews(machine)
        }
    }

    private mutating func checkWaits(_ machine: GatewayMachine) {
        for open in requests
        where !open.isAnswered && !open.isForgotten && open.generation == generation && now - open.sentAt > Self.patience(open.request) {
            return fail(.answered, "a request of till \(open.till) has no answer after \((now - open.sentAt) / 1000) s")
        }
        for record in machine.openPayments {
            guard let number = paymentIndex[record.id] else { continue }
            if let at = payments[number].canceledAt, now - at > 90_000, record.confirmingAt == nil {
                return fail(.bounded, "\(record.id) was canceled \((now - at) / 1000) s ago and is \(record.state.rawValue)")
            }
            if record.state == .unresolved {
                payments[number].runsSince = nil
            } else if let since = payments[number].runsSince {
                if now - since > 1_200_000 { fail(.bounded, "\(record.id) is \(record.state.rawValue) after twenty minutes") }
            } else {
                payments[number].runsSince = now
            }
        }
    }

    /// Judges a text in one world of 128: the search takes long, and the machine does not know which world it is in.
    mutating func judgeText(_ text: String) {
        guard seed & 127 == 0 else { return }
        for word in Self.secrets where Self.contains(text, word) { return fail(.noSecret, "a text shows a secret: \(text)") }
    }

    /// The marks that every secret of these worlds contains.
    private static let secrets: [[UInt8]] = [Array("pst_".utf8), Array("rst_".utf8), Array("_secret".utf8)]

    private static func contains(_ text: String, _ word: [UInt8]) -> Bool {
        var copy = text
        return copy.withUTF8 { bytes in
            guard bytes.count >= word.count else { return false }
            return (0...(bytes.count - word.count)).contains { start in
                bytes[start] == word[0] && word.indices.allSatisfy { bytes[start + $0] == word[$0] }
            }
        }
    }

    mutating func judgeSecrets(_ entry: JournalEntry) {
        if seed & 127 == 0 { judgeText("\(entry)") }
    }
}
