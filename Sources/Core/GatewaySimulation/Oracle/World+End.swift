internal import GatewayCore
import GatewayModel
import Moments

/// The end of a world: nothing is under way, and every unpaid cart can be paid, or the agent says who has to do what first.
extension World {
    /// A cart that is tried at the end.
    struct Probe: Sendable {
        var cart: Int
        var payment: Int
        var refusal: Refusal?
        var tries = 0
        /// The second try of a cart after a failure for a reason that passes, as a cashier would make it.
        var isSecond = false
    }

    /// Begins the end, for nothing is open any more.
    mutating func comesToRest() {
        guard extras.endsWell, life == 0 else { return isOver = true }
        life = 1
        // A customer who pays now has a card that works, and the issuer and the backend work too.
        (plan.neverPresents, plan.customerCancels, plan.declines, plan.oddIssuer) = (0, 0, 0, 0)
        (plan.heldConfirms, plan.slowIssuer, plan.slowOrders, plan.orderFailures) = (0, 0, 0, 0)
        (extras.goesOn, extras.oddCharges, extras.parts, extras.processing, extras.keepsHeld) = (0, 0, 0, 0, 0)
        trace.note(now, 82, text: "── at rest: what is free?")
        for index in readers.indices where readers[index].registeredAt == nil { readers[index].registeredAt = now }
        opensCarts()
        plans(.rests(tries: 0), after: 0)
    }

    /// Begins the next sales. Without an open cart there is no connection token, and no reader that a card set-up has left can be freed.
    private mutating func opensCarts() {
        for reader in readers.indices {
            makeCart()
            let cart = carts.count - 1
            carts[cart].isDropped = true
            ask(
                0, .openCart(carts[cart].id, lane: nil, reader: Reader.id(reader).text, Recall()), payment: nil,
                text: "at the end: open a cart")
            // The agent asks a reader that did not serve the interface again when a technician says so.
            if extras.twins > 0 {
                asks(technician: .connect(Reader.id(reader).text, cart: carts[cart].id, takeOver: false), "at the end: connect \(reader)")
            }
        }
    }

    /// Waits until readers are freed and rows are written. What takes an hour lasts for ever.
    mutating func rests(tries: Int) {
        guard let machine else { return fail(.bounded, "the agent is not running") }
        if let words = machine.underWay() {
            if tries >= 180 { return fail(.comesToRest, "an hour after the last payment \(words)") }
            return plans(.rests(tries: tries + 1), after: 20_000)
        }
        probes = []
        for cart in carts.indices where isUnpaid(cart) && (life == 2 || cart % 2 == 0) { probe(cart) }
        plans(.probed, after: probes.isEmpty ? 0 : 600_000)
    }

    private func isUnpaid(_ cart: Int) -> Bool {
        stripe.standing(inCart: cart) == 0 && !carts[cart].isDropped && !carts[cart].isMisjudged
    }

    private func mayPass(_ probe: Probe) -> Bool {
        guard !probe.isSecond, let failure = disk.payments[payments[probe.payment].id]?.failure else { return false }
        let passing: [FailureCode] = [.readerLost, .readerError, .readerInUse, .backendUnavailable, .intentFailed, .queueTimeout]
        return passing.contains(failure.code)
    }

    /// Whether the payment's result cannot be read, because a restart has forgotten the intent's secret and the backend makes another
    /// intent. Then a technician looks it up, and when the window has passed the cart can be paid.
    private func isForATechnician(_ probe: Probe) -> Bool {
        guard !probe.isSecond, let record = disk.payments[payments[probe.payment].id], record.state == .unresolved,
            let intent = record.intent.flatMap({ Stripe.index(of: $0) })
        else { return false }
        // Every backend replaces a canceled intent by another one.
        let isGivenAgain = plan.intentMode == .same && stripe.intents[intent].status != .canceled
        return !isGivenAgain && !secretsKnown.contains(intent)
    }

    mutating func probe(_ cart: Int, isSecond: Bool = false) {
        let amount = amount(of: cart)
        let number = payments.count
        // The form is closed, and no customer is asked in a bank's app.
        backend.carts[cart].isKeyedOpen = false
        let wasKeyed = backend.carts[cart].intents.contains { stripe.intents[$0].isKeyed }
        let request = PaymentRequest(
            cart: carts[cart].id, amount: amount, reader: Reader.id(dice.below(readers.count)).text, afterKeyedEntry: wasKeyed)
        payments.append(PaymentTruth(id: PaymentID(unchecked: "p\(number)"), cart: cart, till: 0, request: request))
        paymentIndex[payments[number].id] = number
        probes.append(Probe(cart: cart, payment: number, isSecond: isSecond))
        asks(probes.count - 1)
    }

    mutating func asks(_ probe: Int) {
        guard probes.indices.contains(probe), !payments[probes[probe].payment].wasAcknowledged else { return }
        let truth = payments[probes[probe].payment]
        probes[probe].tries += 1
        probes[probe].refusal = nil
        ask(
            0, .pay(truth.id, truth.request, Recall(), isTechnician: truth.isVouched), payment: probes[probe].payment, isPut: true,
            text: "at the end: PUT \(truth.id) \(truth.request.cart)")
    }

    /// Takes the refusal of a probe. It waits for a reason that passes by itself.
    mutating func probeRefused(_ payment: Int, _ refusal: Refusal) {
        guard let index = probes.firstIndex(where: { $0.payment == payment }) else { return }
        probes[index].refusal = refusal
        let wasVouched = payments[payment].isVouched
        // A cashier who is told that a form is open closes it, and says so.
        if refusal.code == .cartBusy, refusal.payment == nil {
            // Where the result cannot be read a technician looks it up, once no customer is asked in the bank's app any more.
            payments[payment].isVouched = payments[payment].request.afterKeyedEntry && isUntyped(payments[payment].cart)
            payments[payment].request.afterKeyedEntry = true
        }
        // A technician who comes after the cashier's last try tries once more.
        if probes[index].tries < 8 || payments[payment].isVouched && !wasVouched { plans(.asksAgain(index), after: 20_000) }
    }

    /// Whether nothing was charged on the intents for keyed entry, and nothing will be.
    private func isUntyped(_ cart: Int) -> Bool {
        backend.carts[cart].intents.allSatisfy { intent in
            !stripe.intents[intent].isKeyed || [.requiresPaymentMethod, .canceled].contains(stripe.intents[intent].status)
        }
    }

    /// Judges the carts that were tried.
    mutating func probed() {
        let tried = probes
        probes = []
        var isWaiting = false
        for probe in tried {
            if mayPass(probe) {
                self.probe(probe.cart, isSecond: true)
            } else if isForATechnician(probe), resolves(probe.payment, 0) {
                plans(.probe(probe.cart), after: 400_000)
                isWaiting = true
            } else if !probe.isSecond, probe.refusal?.code == .cartHeld, let held = probe.refusal?.payment {
                // The agent cannot read that the hold is over, so a technician says so.
                acknowledges(held)
                plans(.probe(probe.cart), after: 20_000)
                isWaiting = true
            } else {
                judge(probe)
            }
            guard violation == nil else { return }
        }
        if !probes.isEmpty || isWaiting { return plans(.probed, after: 1_200_000) }
        guard life == 1 else { return isOver = true }
        life = 2
        trace.note(now, 83, text: "── and after a restart?")
        kill(restartAfter: nil)
        start()
        opensCarts()
        plans(.rests(tries: 0), after: 60_000)
    }

    /// Whether only a person outside can remedy the failure, and is told so.
    private func isForAPerson(_ record: PaymentRecord, _ probe: Probe) -> Bool {
        guard let failure = record.failure, failure.remedy?.isEmpty == false else { return false }
        switch failure.code {
        // A person has changed the amount at Stripe.
        case .amountMismatch: return carts[probe.cart].isTamperedWith
        // A card was typed in, and its result can no longer be read.
        case .cartUnresolved:
            return backend.carts[probe.cart].intents.contains { stripe.intents[$0].isKeyed && !secretsKnown.contains($0) }
                || payments[probe.payment].request.afterKeyedEntry && plan.intentMode != .same
        case .cardDeclined, .customerCanceled, .checkoutCanceled, .cardTimeout, .readerLost, .readerError, .readerInUse, .amountInvalid,
            .intentFailed, .orderFailed, .cartPaid, .superseded, .queueTimeout, .backendUnavailable, .backendUnauthorized,
            .backendRejected, .backendInvalidAnswer, .journalUnavailable, .agentRestarted, .resolvedByTechnician, .cardNotSupported,
            .noCart:
            return false
        }
    }

    private mutating func judge(_ probe: Probe) {
        // A customer has approved a typed card in the bank's app meanwhile.
        guard stripe.standing(inCart: probe.cart) == 0 || payments[probe.payment].charge != nil else { return }
        let (cart, id) = (carts[probe.cart].id, payments[probe.payment].id)
        if let record = disk.payments[id], payments[probe.payment].wasAcknowledged {
            if record.state != .succeeded, !isForAPerson(record, probe) {
                fail(.payable, "\(cart) is not paid, and cannot be: \(Self.line(record))")
            }
            return
        }
        guard let refusal = probe.refusal else { return fail(.payable, "\(cart) is not paid, and a payment of it has no answer") }
        let words = "\(cart) is not paid, and a payment of it is refused: \(refusal.code.rawValue): \(refusal.detail)"
        guard let remedy = refusal.remedy, !remedy.isEmpty else { return fail(.payable, words + " (and no remedy)") }
        switch refusal.code {
        case .cartBusy:
            if refusal.payment == nil, isUntyped(probe.cart) { fail(.payable, words + " (and no payment is named)") }
        case .cartHeld:
            // Where the agent can read that the hold is over, the cart is not held.
            guard let payment = refusal.payment, let intent = disk.payments[payment]?.intent.flatMap({ Stripe.index(of: $0) }) else {
                return fail(.payable, words + " (and no payment is named)")
            }
            if secretsKnown.contains(intent), stripe.intents[intent].status == .canceled { fail(.payable, words + " (and it is not held)") }
        case .cartPaid:
            // The backend, or a technician, has said that it is paid, and the money went back later.
            let wasTaken = payments.contains { $0.cart == probe.cart && disk.payments[$0.id]?.money == .taken }
            if !wasTaken { fail(.payable, words + " (and nobody has paid it)") }
        case .paymentNotFound, .notFound, .readerNotFound, .cartNotFound, .readerBusy, .leaseChanged, .alreadyEnded, .notUnresolved,
            .noCart,
            .invalidRequest, .paymentIDReused, .labelInUse, .noReader, .backendRejected, .registrationFailed, .queueFull, .overloaded,
            .backendUnauthorized, .backendForbidden, .backendInvalidAnswer, .readerUnavailable, .backendUnavailable, .journalUnavailable,
            .shuttingDown:
            fail(.payable, words)
        }
    }
}
