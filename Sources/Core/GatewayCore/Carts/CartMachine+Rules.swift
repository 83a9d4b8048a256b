import GatewayModel
import Moments

/// The rules for which payment may pay this cart now.
extension CartMachine {
    /// Why a payment may not begin; nil when it may. `isUnresolved` tells of a payment that bears the money whether its order is no longer
    /// awaited.
    package func refuses(_ request: PaymentRequest, isUnresolved: (PaymentID) -> Bool = { _ in true }, at now: Now) -> Refusal? {
        if let refusal = refusesPaid { return refusal }
        let terms = Terms(request)
        for item in open {
            let isAuthorized = told[item.payment] == .authorized
            if isAuthorized, isUnresolved(item.payment) { return .held(by: item.payment) }
            guard isFollowed(item), !isAuthorized else {
                return Refusal(
                    .cartBusy, "The payment \(item.payment.text) of this cart is running.", remedy: "Wait for it, or cancel it.",
                    payment: item.payment)
            }
            guard item.terms == terms else {
                return Refusal(
                    .cartBusy,
                    item.terms.cart == terms.cart
                        ? "What became of the payment \(item.payment.text) of this cart is not known yet, and it was over another amount."
                        : "What became of the payment \(item.payment.text) is not known yet, and its cart \(item.terms.cart.text) may be the same one.",
                    remedy: remedy(for: item.payment, at: now), payment: item.payment)
            }
        }
        guard open.count < IntentEvidence.limit else {
            return Refusal(
                .cartBusy, "Of \(open.count) payments of this cart nobody knows what became of them.",
                remedy: "Wait until they are resolved, or let a technician resolve them.", payment: open.first?.payment)
        }
        if open.isEmpty, let intent = facts.intent, intent.everConfirmed, !fits(intent, terms), isBound(intent, at: now.mono) {
            return Refusal(
                .cartBusy, "An earlier attempt of this cart was over another amount, and nobody knows for certain that it was not charged.",
                remedy: "Take the same amount as before (that is safe), or wait until the authorization window has passed.",
                payment: lastAttempt(on: intent))
        }
        if let intent = facts.intent, let known = evidence[intent.id], known.isLetGo, isBound(intent, at: now.mono) {
            return .letGoNotYet(by: known.attempts.last?.payment)
        }
        if facts.keyedEntry, !request.afterKeyedEntry || handingOut > 0 { return .keyedFormOpen }
        return nil
    }

    /// What a person can do while it is not known what became of a payment.
    func remedy(for payment: PaymentID, at now: Now) -> String {
        let same = "Same cart, same amount, any free reader: now. Cash or another amount: only after not_taken"
        if let moment = decides(payment) {
            let seconds = max(0, moment - now.mono + 999) / 1000
            return seconds == 0 ? "\(same), which is being found out." : "\(same), in \(seconds) s at the earliest."
        }
        let reader = attempt(payment)?.reader.text ?? ""
        return reader.isEmpty ? "\(same)." : "\(same): its reader \(reader) may be charging the card still, and is asked until it is idle."
    }

    package var refusesPaid: Refusal? {
        if facts.paid || isPaidBySomebodyElse {
            return Refusal(
                .cartPaid, "This cart has been paid.", remedy: "Do not take it again.", payment: facts.paidBy, order: facts.order)
        }
        if let lettingGo { return .beingLetGo(by: lettingGo.payment) }
        return facts.held.map { .held(by: $0) }
    }

    /// Why keyed entry may not begin; nil when it may. `isRead` tells that the earlier intents have just been read.
    package func refusesKeyed(isRead: Bool, at now: Now) -> Refusal? {
        if let refusal = refusesPaid { return refusal }
        guard (facts.keyed ?? []).count < Self.keyedLimit else {
            return Refusal(
                .cartBusy, "\(Self.keyedLimit) forms for this cart's card number were opened, and none is known to be void.",
                remedy: "Use one of them, or make a new cart.")
        }
        // A backend may make another intent each time it is asked. Two forms are two ways to be charged.
        if handingOut > 0 {
            return Refusal(
                .cartBusy, "A form for this cart's card number is just being opened.", remedy: "Wait for that one, and use it.")
        }
        for id in isRead ? keyedStatus.keys.sorted() : [] {
            switch keyedStatus[id] {
            case .requiresAction, .processing, .succeeded, .requiresCapture:
                return Refusal(
                    .cartBusy, "A card that was typed in for this cart is being charged or approved, or has been charged.",
                    remedy: "Do not take it again; wait until the customer's bank and the backend have decided.")
            case .requiresPaymentMethod, .requiresConfirmation, .canceled, .other, nil: break
            }
        }
        if let item = open.first {
            return Refusal(
                .cartBusy, "The payment \(item.payment.text) of this cart is running, or its outcome is not known.",
                remedy: "Wait until it has ended.", payment: item.payment)
        }
        // The form has an intent of its own. A technician's word lets the reader's be tried again, and no other beside it.
        guard let intent = facts.intent, isBound(intent, at: now.mono) else { return nil }
        return Refusal(
            .cartBusy, "An earlier attempt of this cart at a reader may be charged still: nobody knows for certain that it was not.",
            remedy: "Take the same amount at a reader (that is safe), or wait until the authorization window has passed.",
            payment: lastAttempt(on: intent))
    }

    /// The payment that confirmed this intent last, where its name is known.
    private func lastAttempt(on intent: CartFacts.Intent) -> PaymentID? {
        evidence[intent.id]?.attempts.last { $0.payment != Self.unnamed }?.payment
    }

    /// The largest number of intents for keyed entry that a cart may have.
    static var keyedLimit: Int { 8 }

    /// Whether the outcome of another payment of the cart is being found out.
    package func isFollowed(beside payment: PaymentID) -> Bool { open.contains { $0.payment != payment && isFollowed($0) } }

    /// Another payment of the cart that runs; nil when there is none.
    package func runs(beside payment: PaymentID) -> PaymentID? {
        open.first { $0.payment != payment && !isFollowed($0) }?.payment
    }

    /// Whether these amounts of this cart, in this spelling, made the intent.
    func fits(_ intent: CartFacts.Intent, _ terms: Terms) -> Bool {
        intent.amount == terms.amount && intent.accountBalance == terms.accountBalance
            && intent.cart.map { $0 == terms.cart } != false
    }

    // MARK: Payments

    /// Reserves the cart for a payment whose row is about to be written.
    package mutating func reserve(_ payment: PaymentID, _ request: PaymentRequest) {
        guard !isOpen(payment) else { return }
        open.append(Open(payment: payment, terms: Terms(request), stage: .running))
    }

    /// Gives the cart back after a payment whose row was not written, or that ended.
    package mutating func giveBack(_ payment: PaymentID) {
        open.removeAll { $0.payment == payment }
        told[payment] = nil
    }

    /// Takes up a payment after a restart, when the journal says that it has not ended.
    package mutating func recover(_ record: PaymentRecord, at now: Now) {
        guard !isOpen(record.id) else { return }
        let isConfirmed = record.confirmingAt != nil
        open.append(Open(payment: record.id, terms: Terms(record.request), stage: isConfirmed ? .confirming : .running))
        guard isConfirmed else { return }
        let intent = Self.intent(of: record)
        prepareEvidence(intent, at: now)
        evidence[intent]?.recovered(
            record.id, on: record.reader, card: record.card, isCancelRequested: record.cancelRequested, at: now.mono)
        if record.authorized {
            evidence[intent]?.recoverCharge(among: [record.id], at: now.mono)
            evidence[intent]?.bound(record.id)
        }
    }

    /// The intent of a payment. A row that says "confirming" names it. Without a name, only a person can say what became of it.
    private static func intent(of record: PaymentRecord) -> IntentID { record.intent ?? IntentID(unchecked: "") }

    /// Turns the journal's facts of an intent into evidence of this life. With `isUnnamed` the intent was confirmed by a payment that the
    /// journal does not name.
    mutating func prepareEvidence(_ intent: IntentID, isUnnamed: Bool = false, at now: Now) {
        guard evidence[intent] == nil else { return }
        var known = IntentEvidence(intent)
        if facts.canceled?.contains(intent) == true { known.recoverCanceled() }
        if let facts = facts.intent, facts.id == intent {
            for said in facts.said ?? [] {
                known.recovered(
                    said.payment, on: said.reader, card: nil, isCancelRequested: false, isEnded: true, wasLetGo: said.wasLetGo == true,
                    at: now.mono)
            }
            if let among = facts.chargedAmong { known.recoverCharge(among: among, at: now.mono) }
            if isUnnamed {
                known.recovered(
                    Self.unnamed, on: ReaderID(unchecked: ""), card: nil, isCancelRequested: false, isEnded: true, at: now.mono)
            }
        }
        evidence[intent] = known
    }

    /// The id for an attempt of which only the trace is left.
    private static var unnamed: PaymentID { PaymentID(unchecked: "") }

    /// Notes that a payment has ended, and that its last row says so.
    package mutating func ended(_ record: PaymentRecord, at now: Now) {
        guard isOpen(record.id) else { return }
        let verdict = told[record.id]
        giveBack(record.id)
        if let verdict { evidence[Self.intent(of: record)]?.close(record.id, by: verdict) }
        if record.state == .succeeded {
            facts.paid = true
            facts.paidBy = record.id
            facts.order = record.order
            facts.held = nil
        } else if record.money == .authorized {
            facts.held = record.id
        }
        noteIntent(at: now)
        evidence = evidence.filter { $0.key == facts.intent?.id || !$0.value.attempts.isEmpty || $0.value.charge != nil }
    }

    /// Ends the watch on a technician's word once its window has passed. Then the journal need not keep it.
    package mutating func tick(at now: Now) -> [Action] {
        guard let intent = facts.intent, intent.said != nil,
            evidence[intent.id]?.uncleared(under: terms, at: now.mono).isEmpty == true
        else { return [] }
        noteIntent(at: now)
        if evidence[intent.id]?.isLetGo == true { giveUp(intent.id) }
        var actions: [Action] = []
        write("what was confirmed on \(intent.id.text) can charge nothing any more", &actions)
        return actions
    }

    /// When the window of a technician's word has to be checked; nil when there is none.
    package var nextWake: MonoTime? {
        guard facts.intent?.said != nil, let intent = facts.intent?.id else { return nil }
        return evidence[intent]?.clearsByTime(under: terms)
    }

    /// The readers that have to be proved idle, because an attempt on them ended by a technician's word. While a payment is followed, the
    /// payment asks for that itself. After a restart no other part does.
    package var unproved: [ReaderID] {
        guard let intent = facts.intent, intent.said != nil else { return [] }
        return evidence[intent.id]?.unproved ?? []
    }

    /// Makes the journal's facts of the intent follow the evidence.
    mutating func noteIntent(at now: Now) {
        guard let intent = facts.intent, let known = evidence[intent.id], intent.everConfirmed else { return }
        facts.intent?.knownNotCharged = known.isKnownNotCharged(under: terms, at: now.mono)
        facts.intent?.chargedAmong = known.isCanceled ? nil : known.charge?.among
        let said = known.uncleared(under: terms, at: now.mono)
        facts.intent?.said =
            said.isEmpty
            ? nil
            : known.attempts.filter { said.contains($0.payment) }
                .map { .init(payment: $0.payment, reader: $0.reader, wasLetGo: $0.wasLetGo ? true : nil) }
    }
}

extension Refusal {
    static func held(by payment: PaymentID) -> Refusal {
        Refusal(
            .cartHeld, "Money is held for this cart, and there is no order for it.",
            remedy: "The back office has to release or complete it; a technician may acknowledge that.", payment: payment)
    }

    /// The refusal while the journal does not keep yet that held money was let go.
    static func beingLetGo(by payment: PaymentID) -> Refusal {
        Refusal(
            .cartHeld, "A technician has said that the money held for this cart was let go, and that is being written.",
            remedy: "Try again in a moment.", payment: payment)
    }

    static func letGoNotYet(by payment: PaymentID?) -> Refusal {
        Refusal(
            .cartBusy, "A technician has said that the money of this cart was let go, and the authorization window has not passed yet.",
            remedy: "Wait until it has passed, then take the cart again.", payment: payment)
    }

    static var keyedFormOpen: Refusal {
        Refusal(
            .cartBusy, "Card details may be being typed in for this cart.",
            remedy: "Close that form unpaid, then repeat with \"after_keyed_entry\": true.")
    }
}
