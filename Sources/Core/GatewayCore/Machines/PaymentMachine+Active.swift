import GatewayModel
import Moments

extension PaymentMachine {
    /// The time before the confirm: the reader asks for the card while the intent is made, side by side.
    struct Active: Sendable {
        enum IntentTrack: Sendable {
            case requested
            /// The intent exists, in `requires_payment_method`. Its facts come from Stripe, or from the journal when its secret is gone.
            case ready(IntentFacts)
        }

        enum ReaderTrack: Sendable {
            /// The reader has no session yet. With one it goes to `ready`.
            case waitingForSession
            /// The reader has a session and waits for an amount and a currency that it may show.
            case ready
            /// The reader shows the cart's lines before it asks for the card. Any answer leads to `collecting`.
            case displaying
            /// The reader was told to ask for a card. It goes to `polling` when it accepts.
            case collecting
            /// The reader asks for a card. The next query is due at `next`.
            case polling(next: MonoTime)
            case querying
            case cardRead(CollectedCard)
            /// The cancel was sent. A card that the reader has read may no longer be confirmed.
            case canceling
            /// The cancel found nothing to cancel. The screen is cleared so that an acknowledgement comes.
            case clearing
        }

        enum Baseline: Sendable {
            case asked
            case known
        }

        /// The check for other charges. A card number may have been typed in for this cart, or an earlier attempt may still be at work on
        /// its intent. The agent reads what became of that right before the confirm.
        enum Look: Sendable {
            case none, due, asked
        }

        enum Stop: Sendable, Equatable {
            case checkout
            case cardTimeout
            case failure(PaymentFailure)
        }

        var intent = IntentTrack.requested
        var reader = ReaderTrack.waitingForSession
        var baseline = Baseline.asked
        var stopping: Stop?
        /// The currency of this location, which is known before the intent is.
        var expectedCurrency: Currency?
        var shown: Charge?
        var context: TransactionContext
        var cardDeadline: MonoTime = .max
        var reconnected = false
        var queryFailures = 0
        var displayed = false
        /// The part of the intent's amount that an earlier attempt left on it as a tip, in minor units. The reader shows it and offers no
        /// menu.
        var tipLeft: Int64 = 0
        var look = Look.none
        /// Whether a wrong hint was shown, so that the reader has to ask again for what the intent says.
        var asksAgain = false

        /// Notes a reason to stop. The first reason stays.
        mutating func stop(_ reason: Stop) { if stopping == nil { stopping = reason } }

        var nextWake: MonoTime? {
            if case .polling(let next) = reader { return min(next, cardDeadline) }
            return nil
        }
    }

    // MARK: Events

    /// Gives the reader to this payment.
    package mutating func granted(
        context: TransactionContext, expectedCurrency: Currency?, looksOnceMore: Bool = false, at now: Now
    ) -> [Action] {
        guard case .queued = state else { return [.release(.idle)] }
        var actions: [Action] = []
        edit { $0.leased = true }
        show(.preparing, at: now)
        var active = Active(context: context)
        active.expectedCurrency = expectedCurrency
        if looksOnceMore { active.look = .due }
        state = .active(active)
        actions.append(.write(.leased, record, note: nil))
        actions.append(.awaitSession)
        actions.append(.prepareIntent)
        actions.append(.askBaseline)
        return actions
    }

    package mutating func sessionReady(at now: Now) -> [Action] {
        changeActive(at: now) { active in
            if case .waitingForSession = active.reader { active.reader = .ready }
        }
    }

    package mutating func sessionFailed(_ trouble: ReaderTrouble, at now: Now) -> [Action] {
        changeActive(at: now) { active in
            if case .waitingForSession = active.reader { active.stop(.failure(trouble.paymentFailure)) }
        }
    }

    /// Takes the currency of an earlier intent of the cart's key, once that key is known. It is nil when the key gives no hint: what
    /// another key has shown is no hint for this cart. What the reader already shows stays, because the intent decides.
    package mutating func currencyExpected(_ currency: Currency?, at now: Now) -> [Action] {
        changeActive(at: now) { active in
            if active.shown == nil { active.expectedCurrency = currency }
        }
    }

    /// Takes the cart's intent, in a state from which it can be confirmed. `tipLeft` is the part of its amount that an earlier attempt left
    /// as a tip, in minor units.
    package mutating func intentReady(_ facts: IntentFacts, key: PublishableKey, tipLeft: Int64 = 0, at now: Now) -> [Action] {
        guard case .active(var active) = state, case .requested = active.intent else { return [] }
        var actions: [Action] = []
        edit {
            $0.intent = facts.id
            $0.publishableKey = key
            $0.currency = facts.currency
            $0.updatedAt = now.wall
        }
        let wanted = record.request.amount.minorUnits(in: facts.currency)
        if let wanted {
            edit { $0.amountMinor = wanted }
            active.intent = .ready(facts)
            active.tipLeft = tipLeft
            let whole = wanted.addingReportingOverflow(tipLeft)
            if whole.overflow || whole.partialValue != facts.amountMinor {
                active.stop(.failure(.amountMismatch(asked: wanted, intent: facts.amountMinor, currency: facts.currency)))
            } else if let shown = active.shown, shown != Charge(amountMinor: facts.amountMinor, currency: facts.currency) {
                active.asksAgain = true
            }
        } else {
            active.stop(.failure(.amountInvalid(record.request.amount.text, facts.currency)))
        }
        actions.append(.write(.intent, record, note: nil))
        state = .active(active)
        advance(at: now, &actions)
        return actions
    }

    package mutating func intentFailed(_ failure: PaymentFailure, at now: Now) -> [Action] {
        changeActive(at: now) { active in
            if case .requested = active.intent { active.stop(.failure(failure)) }
        }
    }

    /// Takes the backend's word on the cart before the confirm; nil when the backend could not answer. Only `Submitted` matters, because
    /// such a cart is never confirmed.
    package mutating func baseline(_ status: CartStatus?, at now: Now) -> [Action] {
        changeActive(at: now) { active in
            guard case .asked = active.baseline else { return }
            active.baseline = .known
            if case .submitted? = status { active.stop(.failure(.cartPaidEarlier(by: nil))) }
        }
    }

    /// Takes the result of reading the keyed intents; nil when none of them can be charged.
    package mutating func keyedRead(_ failure: PaymentFailure?, at now: Now) -> [Action] {
        changeActive(at: now) { active in
            guard case .asked = active.look else { return }
            active.look = .none
            if let failure { active.stop(.failure(failure)) }
        }
    }

    /// Takes Stripe's word on the intent while no card is charged. An earlier attempt that ends now can leave its tip on the intent. Then
    /// the reader shows another amount than the intent would charge.
    package mutating func intentSeen(_ facts: IntentFacts, at now: Now) -> [Action] {
        changeActive(at: now) { active in
            guard case .ready(let known) = active.intent, known.id == facts.id, known.amountMinor != facts.amountMinor else { return }
            active.stop(
                .failure(.amountMismatch(asked: known.amountMinor, intent: facts.amountMinor, currency: facts.currency)))
        }
    }

    /// Stops the payment for a reason from outside it. A payment whose confirm was sent goes on.
    package mutating func stop(_ failure: PaymentFailure, at now: Now) -> [Action] {
        var actions: [Action] = []
        switch state {
        case .queued: end(.failed, money: .notTaken, failure: failure, at: now, &actions)
        case .active: return changeActive(at: now) { $0.stop(.failure(failure)) }
        case .confirmWriting(let confirming): withdraw(confirming, .failure(failure), at: now, &actions)
        case .confirming, .following, .ended: break
        }
        return actions
    }

    private mutating func changeActive(at now: Now, _ change: (inout Active) -> Void) -> [Action] {
        guard case .active(var active) = state else { return [] }
        change(&active)
        state = .active(active)
        var actions: [Action] = []
        advance(at: now, &actions)
        return actions
    }

    // MARK: What follows

    mutating func advance(at now: Now, _ actions: inout [Action]) {
        guard case .active(var active) = state else { return }
        if case .polling = active.reader, now.mono >= active.cardDeadline { active.stop(.cardTimeout) }
        if let stop = active.stopping {
            switch active.reader {
            case .waitingForSession, .ready:
                // A collect whose answer was lost may still be on the screen.
                finish(stop, reader: active.reconnected ? .unknown : .idle, at: now, &actions)
                return
            case .polling, .cardRead:
                active.reader = .canceling
                actions.append(.command(.cancelCollect(active.context)))
            case .displaying, .collecting, .querying, .canceling, .clearing: break
            }
            state = .active(active)
            return
        }
        if active.asksAgain {
            takeBack(&active, &actions)
            if active.asksAgain {
                state = .active(active)
                return
            }
        }
        switch active.reader {
        case .ready: ask(&active, at: now, &actions)
        case .polling(let next) where now.mono >= next:
            active.reader = .querying
            actions.append(.command(.query(active.context)))
        case .cardRead(let card):
            guard case .ready(let facts) = active.intent, case .known = active.baseline, let shown = active.shown else { break }
            switch active.look {
            case .none: return beginConfirm(active, card: card, facts: facts, shown: shown, at: now, &actions)
            case .due:
                active.look = .asked
                actions.append(.lookOnceMore)
            case .asked: break
            }
        case .waitingForSession, .displaying, .collecting, .polling, .querying, .canceling, .clearing: break
        }
        state = .active(active)
    }

    /// Takes off the reader what it shows by a wrong hint. A card that was read for it counts for nothing.
    private func takeBack(_ active: inout Active, _ actions: inout [Action]) {
        switch active.reader {
        case .waitingForSession, .ready: active.asksAgain = false
        case .polling, .cardRead:
            active.reader = .canceling
            actions.append(.command(.cancelCollect(active.context)))
        case .displaying, .collecting, .querying, .canceling, .clearing: break
        }
    }

    /// Asks for the card as soon as an amount and a currency are known, from the intent or from the location's currency.
    private mutating func ask(_ active: inout Active, at now: Now, _ actions: inout [Action]) {
        let charge: Charge
        if case .ready(let facts) = active.intent {
            charge = Charge(amountMinor: facts.amountMinor, currency: facts.currency)
        } else if policy.eagerCollect, let currency = active.expectedCurrency {
            guard let minor = record.request.amount.minorUnits(in: currency) else { return }
            charge = Charge(amountMinor: minor, currency: currency)
        } else {
            return
        }
        active.shown = charge
        edit {
            $0.currency = charge.currency
            $0.amountMinor = charge.amountMinor
        }
        if let cart = record.request.display, !active.displayed {
            active.displayed = true
            active.reader = .displaying
            actions.append(.command(.display(active.context, cart)))
        } else {
            active.reader = .collecting
            edit { $0.attempts += 1 }
            actions.append(
                .command(
                    .collect(
                        active.context, amountMinor: charge.amountMinor, currency: charge.currency,
                        tip: active.tipLeft > 0 ? nil : record.request.tip)))
        }
    }

    /// Ends the payment before any confirm, when nothing can have been charged.
    mutating func finish(_ stop: Active.Stop, reader: ReaderLeft, at now: Now, _ actions: inout [Action]) {
        actions.append(.release(reader))
        switch (stop, reader) {
        case (.checkout, .idle): end(.canceled, money: .notTaken, failure: .canceledByCheckout, at: now, &actions)
        case (.cardTimeout, .idle):
            end(
                .timedOut, money: .notTaken,
                failure: PaymentFailure(
                    code: .cardTimeout, message: "No card was presented in time.", remedy: "Ask the customer, then try again."),
                at: now, &actions)
        case (.checkout, .unknown), (.cardTimeout, .unknown):
            end(
                .failed, money: .notTaken, failure: .readerLost("The reader did not acknowledge the cancel."), at: now, &actions)
        case (.failure(let failure), _): end(.failed, money: .notTaken, failure: failure, at: now, &actions)
        }
    }
}

extension PaymentFailure {
    static func amountMismatch(asked: Int64, intent: Int64, currency: Currency) -> PaymentFailure {
        PaymentFailure(
            code: .amountMismatch,
            message:
                "The backend's payment is over \(currency.majorText(intent)) \(currency.text.uppercasedASCII), the till asked for \(currency.majorText(asked)).",
            remedy: "Nothing was taken. Check the cart's total and try again.")
    }

    static func amountInvalid(_ text: String, _ currency: Currency) -> PaymentFailure {
        PaymentFailure(
            code: .amountInvalid, message: "The amount \(text) cannot be charged in \(currency.text.uppercasedASCII).",
            remedy: "Leave out the digits after the point that this currency does not have.")
    }

    static func readerLost(_ message: String) -> PaymentFailure {
        PaymentFailure(
            code: .readerLost, message: message,
            remedy: "Nothing was taken. Check that the reader is on and on the network, then try again.")
    }
}
