import GatewayModel
import Moments

extension GatewayMachine {
    mutating func handle(_ id: RequestID, _ request: Request, at now: Now) {
        switch request {
        case .pay(let payment, let body, let recall, let isTechnician):
            pay(id, payment, body, recall, isTechnician: isTechnician, checked: waiting.takeChecked(id), at: now)
        case .cancel(let payment, let recall): cancel(id, payment, recall, at: now)
        case .keepCard(let setup, let body, let recall): keepCard(id, setup, body, recall, at: now)
        case .cancelCardSetup(let setup, let recall): cancelCardSetup(id, setup, recall, at: now)
        case .resolve(let payment, let paid, let order, let by, let note, let recall):
            resolve(id, payment, paid: paid, order: order, by: by, note: note, recall, at: now)
        case .acknowledge(let payment, let by, let note, let recall): acknowledge(id, payment, by: by, note: note, recall, at: now)
        case .openCart(let cart, let lane, let reader, let recall): openCart(id, cart, lane: lane, reader: reader, recall, at: now)
        case .display(let cart, let shown): display(id, cart, shown, at: now)
        case .closeCart(let cart): closeCart(id, cart, at: now)
        case .cartStatus(let cart): cartStatus(id, cart)
        case .configuration(let cart): configuration(id, cart, at: now)
        case .connectionToken(let cart): connectionToken(id, cart, at: now)
        case .keyedIntent(let cart, let amount, let balance, let recall):
            let terms = CartMachine.Terms(cart: cart, amount: amount, accountBalance: balance)
            keyedIntent(id, terms, recall, checked: waiting.takeChecked(id), at: now)
        case .release(let reader, let holder, let by, let recall): release(id, reader, holder, by: by, recall, at: now)
        case .acceptLoss(let by, let note): acceptLoss(id, by: by, note: note, at: now)
        case .register(let code, let label, let location): register(id, code, label: label, location: location, at: now)
        case .relabel(let reader, let label): relabel(id, reader, label: label, at: now)
        case .deregister(let reader): deregister(id, reader, at: now)
        case .identify(let reader): identify(id, reader, at: now)
        case .connect(let reader, let cart, let takeOver): connect(id, reader, cart: cart, takeOver: takeOver, at: now)
        case .disconnect(let reader): disconnect(id, reader, at: now)
        case .tryOut(let reader, let act, let cart): tryOut(id, reader, act, cart: cart, at: now)
        case .discover(let order): discover(id, order, at: now)
        case .readers(let refresh):
            guard refresh || !lists.hasListed else { return respond(id, .readers) }
            lists.wait(id)
            listReaders(at: now)
        }
    }

    mutating func handle(_ purpose: CallPurpose, _ answer: Answer, at now: Now) {
        if let outcome = answer.ofBackend { judgeBackend(outcome.failure, at: now) }
        switch purpose {
        case .append: if case .append(let result) = answer { return appended(result, at: now) }
        case .networks: if case .networks(let result) = answer { return networksTold(result, at: now) }
        case .lookAtUSB: if case .lookedAtUSB(let result) = answer { return lookedAtUSB(result, at: now) }
        case .scan(let batch): if case .lookedAtLAN(let findings) = answer { return scanned(batch, findings, at: now) }
        case .reader(let id, let sequence):
            guard case .reader(let result) = answer else { break }
            return changeReader(id, at: now) { reader, random in reader.answered(sequence: sequence, result, at: now, random: &random) }
        case .backendReaders: if case .backendReaders(let result) = answer { return backendListed(result, at: now) }
        case .stripeReaders(let reader): if case .stripeReaders(let result) = answer { return stripeListed(reader, result, at: now) }
        case .terminals: if case .backendReaders(let result) = answer { return terminalsListed(result, at: now) }
        case .terminalChange: if case .terminalChanged(let result) = answer { return terminalChanged(result, at: now) }
        case .setupIntent(let setup): if case .setupIntent(let result) = answer { return setupIntentAnswered(setup, result, at: now) }
        case .storeCard(let setup):
            if case .storedCard(let result) = answer { return change(setup, at: now) { $0.stored(result, at: now) } }
        case .configuration, .configurationRequest:
            if case .configuration(let result) = answer { return configured(purpose, result, at: now) }
        case .token(let cart): if case .connectionToken(let result) = answer { return tokenAnswered(cart, result, at: now) }
        case .createIntent, .keyedIntent, .keyedAgain:
            if case .paymentIntent(let result) = answer { return intentAnswered(purpose, result, at: now) }
        case .verifyIntent, .evidence, .watch, .keyedRead, .heldRead:
            if case .intent(let result) = answer { return intentRead(purpose, result, at: now) }
        case .baseline, .status, .cartStatus, .keyedCheck, .resolution:
            if case .paymentStatus(let result) = answer { return statusAnswered(purpose, result, at: now) }
        }
        log(.error, "an answer of another kind than its question came; it was dropped")
    }

    private mutating func intentAnswered(_ purpose: CallPurpose, _ result: Result<BackendIntent, CallFailure>, at now: Now) {
        if case .createIntent(let cart, let number) = purpose { intentCreated(cart, number, result, at: now) }
        if case .keyedIntent(let id, let cart) = purpose { keyedIntentAnswered(id, cart, result, at: now) }
        if case .keyedAgain(let cart, let intent) = purpose { keyedAgainAnswered(cart, intent, result, at: now) }
    }

    private mutating func intentRead(_ purpose: CallPurpose, _ result: Result<IntentFacts, CallFailure>, at now: Now) {
        if case .verifyIntent(let cart, let number) = purpose { intentVerified(cart, number, result, at: now) }
        if case .evidence(_, let cart) = purpose { intentRead(cart, result, at: now) }
        if case .watch(let cart, _) = purpose { intentRead(cart, result, at: now) }
        if case .keyedRead(let cart, let intent) = purpose { keyedRead(cart, intent, result.value, at: now) }
        if case .heldRead(let cart) = purpose { heldRead(cart, result, at: now) }
    }

    private mutating func statusAnswered(_ purpose: CallPurpose, _ result: Result<CartStatus, CallFailure>, at now: Now) {
        if case .baseline(let payment) = purpose { baselineAnswered(payment, result.value, at: now) }
        if case .status(let payment) = purpose { statusAnswered(payment, result.value, at: now) }
        if case .cartStatus(let id, let cart) = purpose {
            if let status = result.value { cartDecided(cart, status, at: now) }
            tell(id, result) { .cartStatus($0) }
        }
        if case .keyedCheck(let cart) = purpose { keyedStatusAnswered(cart, result, at: now) }
        if case .resolution(let payment) = purpose { resolutionAnswered(payment, result.value, at: now) }
    }

    private mutating func setupIntentAnswered(_ setup: CardSetupID, _ result: Result<BackendSetupIntent, CallFailure>, at now: Now) {
        change(setup, at: now) { machine in
            switch result {
            case .success(let intent): machine.intentReady(intent.id, at: now)
            case .failure(let failure): machine.intentFailed(failure, at: now)
            }
        }
    }

    private mutating func tell<Value>(_ id: RequestID, _ result: Result<Value, CallFailure>, _ response: (Value) -> Response) {
        switch result {
        case .success(let value): respond(id, response(value))
        case .failure(let failure): refuse(id, .from(failure))
        }
    }

    private mutating func configured(_ purpose: CallPurpose, _ result: Result<BackendConfiguration, CallFailure>, at now: Now) {
        if case .configurationRequest(let id, let cart) = purpose {
            tell(id, result) { .configuration($0) }
            configured(cart, result, at: now)
        }
        if case .configuration(let cart) = purpose {
            carts.warmUps.ended(WarmUps.Item(.configuration, cart))
            configured(cart, result, at: now)
        }
    }

    private mutating func configured(_ cart: CartID, _ result: Result<BackendConfiguration, CallFailure>, at now: Now) {
        carts.change(cart) { $0.configurationAsked = false }
        guard case .success(let configuration) = result else { return }
        carts.change(cart) { $0.configuration = configuration }
        let currency = currencies.hint(configuration.publishableKey)
        for payment in carts[cart]?.money.open.map(\.payment) ?? [] {
            change(payment, at: now) { $0.currencyExpected(currency, at: now) }
        }
    }

    private mutating func baselineAnswered(_ payment: PaymentID, _ status: CartStatus?, at now: Now) {
        if let cart = payments[payment]?.record.request.cart, let status { cartDecided(cart, status, at: now) }
        change(payment, at: now) { $0.baseline(status, at: now) }
    }

    private mutating func statusAnswered(_ payment: PaymentID, _ status: CartStatus?, at now: Now) {
        guard let cart = payments[payment]?.record.request.cart else { return }
        let failed: String?? = if case .failed(let error)? = status { .some(error) } else { nil }
        change(payment, at: now) {
            $0.noteFailed(failed)
            return []
        }
        if let status { cartDecided(cart, status, at: now) }
        queue.add(.owed(.heard(payment, failed: failed)))
    }

    // MARK: After a restart

    mutating func start(open: [PaymentRecord], carts known: [CartFacts], facts: [String: String], at now: Now) {
        currencies.recall(facts)
        readers.identities.recall(facts)
        noteLosses(facts)
        for cart in known { remember(cart.cart, recalled: cart, at: now) }
        for record in open.sorted(by: { $0.createdAt < $1.createdAt }) {
            let cart = record.request.cart
            remember(cart, recalled: nil, at: now)
            changeCart(cart) {
                $0.recover(record, at: now)
                return []
            }
            takeUpReader(record.reader, label: record.readerLabel)
            payments[record.id] = PaymentMachine(record: record, policy: policy, epoch: queue.nextEpoch(), now: now)
            if record.leased {
                carts.isFreeing(cart, after: record.id)
                changeReader(record.reader, at: now) { reader, _ in
                    reader.recoverLease(
                        of: .payment(record.id), record.confirmingAt == nil ? Self.way(of: record.updatedAt, at: now) : .proves, at: now)
                }
            }
            change(record.id, at: now) { $0.recover(at: now) }
        }
        drain(at: now)
        for cart in carts.ids { changeCart(cart) { $0.judgeAfterStart(at: now) } }
        lists.hurry(at: now.mono)
    }

    /// How a reader of the last life becomes free. The agent takes it over unasked only soon after its lease was certain, so that it ousts
    /// no later holder.
    static func way(of lastLease: WallTime, at now: Now) -> ReaderLease.Freeing {
        // A clock that was set back meanwhile proves nothing.
        (0..<600_000).contains(now.wall - lastLease) ? .takesOver : .clears
    }

    // MARK: What can be seen

    package var journalTrouble: JournalTrouble? { outbox.trouble }
    package var credentialTrouble: CallFailure? { backend.refusedCredential }
    /// Whether the agent refuses new payments because the backend has not answered for a while.
    package func refusesForBackend(at now: Now) -> Bool { backend.isSilent(at: now.mono) }
    /// When the backend, and when the journal, last did what the agent asked; nil when it has not since the start.
    package var backendServedAt: WallTime? { backend.servedAt }
    package var journalWrittenAt: WallTime? { outbox.writtenAt }
    /// Whether the backend, asked again for the intent of a cart, has given another one.
    package var makesNewIntents: Bool { backend.makesNewIntents }
    package var openPayments: [PaymentRecord] { payments.values.map { $0.record }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) } }
    /// The open payments on this reader, in the order of their ids.
    package func openPayments(on reader: ReaderID) -> [PaymentRecord] {
        payments.values.compactMap { $0.record.reader == reader ? $0.record : nil }
    }
    package func openPayment(_ id: PaymentID) -> PaymentRecord? { payments[id]?.record }
    package var openCarts: [CartID] { carts.values.filter(\.isOpen).map(\.written).sorted() }
    package var hasListedReaders: Bool { lists.hasListed }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }

    fileprivate var value: Success? {
        if case .success(let value) = self { return value }
        return nil
    }
}

extension Answer {
    /// What the answer says of the backend itself; nil when another part gave the answer.
    fileprivate var ofBackend: Result<Void, CallFailure>? {
        switch self {
        case .configuration(let result): result.map { _ in }
        case .connectionToken(let result): result.map { _ in }
        case .paymentIntent(let result): result.map { _ in }
        case .paymentStatus(let result): result.map { _ in }
        case .setupIntent(let result): result.map { _ in }
        case .storedCard(let result): result.map { _ in }
        case .backendReaders(let result): result.map { _ in }
        case .terminalChanged(let result): result
        case .stripeReaders, .intent, .reader, .append, .networks, .lookedAtLAN, .lookedAtUSB: nil
        }
    }
}
