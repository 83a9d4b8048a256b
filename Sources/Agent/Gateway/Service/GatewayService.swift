package import CheckoutAPI
package import CheckoutServer
package import Diagnostics
internal import GatewayCore
internal import GatewayModel
import Moments
internal import Journal
internal import MarianaAPI

/// The contract's routes, answered by the engine and the journal.
package struct GatewayService: CheckoutService {
    let engine: Engine
    let about: AgentFacts
    let checkup: Checkup

    package init(engine: Engine, about: AgentFacts, checkup: Checkup) {
        self.engine = engine
        self.about = about
        self.checkup = checkup
    }

    /// Asks the engine, with what the journal knows of these; a refusal is thrown.
    func ask(
        about payment: PaymentID? = nil, _ cart: CartID? = nil, cardSetup: CardSetupID? = nil,
        _ request: @escaping @Sendable (Recall) -> Request
    ) async throws(Problem) -> Response {
        let response: Response
        do throws(JournalFailure) {
            response = try await engine.ask(about: payment, cart, cardSetup: cardSetup, request)
        } catch {
            throw Problem(.journalUnavailable, error.description)
        }
        if case .refused(let refusal) = response { throw Problem(refusal) }
        return response
    }

    func record(_ id: PaymentID) async throws(Problem) -> PaymentRecord {
        do throws(JournalFailure) {
            if let record = try await engine.record(id) { return record }
        } catch {
            throw Problem(.journalUnavailable, error.description)
        }
        try await refuseIfJournalLost()
        throw Problem(.paymentNotFound, "There is no payment \(id.text).", remedy: "Check the id.")
    }

    static var odd: Problem { Problem(.internalError, "The agent answered something else than was asked.") }
}

/// What the agent says of itself.
package struct AgentFacts: Sendable {
    package var version: String
    package var location: String
    package var startedAt: WallTime
    package var backendTimeout: Duration

    package init(version: String, location: String, startedAt: WallTime, backendTimeout: Duration) {
        self.backendTimeout = backendTimeout
        self.version = version
        self.location = location
        self.startedAt = startedAt
    }
}

// MARK: - Payments

extension GatewayService {
    package func createPayment(_ id: String, _ body: PaymentBody, caller: Caller) async throws(Problem) -> AcceptedPayment {
        let payment = try PaymentID.checked(id)
        let request = try PaymentRequest(body)
        let isTechnician = caller.role == .technician
        let answer = try await ask(about: payment, request.cart) { .pay(payment, request, $0, isTechnician: isTechnician) }
        guard case .payment(let record, let created) = answer else { throw Self.odd }
        return AcceptedPayment(created: created, payment: Payment(record))
    }

    package func payment(_ id: String, waitUpTo limit: Duration?, caller: Caller) async throws(Problem) -> Payment {
        let payment = try PaymentID.checked(id)
        let now = try await record(payment)
        guard let limit, limit > .zero, !now.state.isEnd else { return Payment(now) }
        await engine.waitForEnd(of: .payment(payment), upTo: limit)
        return Payment(try await record(payment))
    }

    package func payments(_ query: PaymentQuery, caller: Caller) async throws(Problem) -> PaymentList {
        var before: Int64?
        if let text = query.before {
            guard let number = Int64(text), number >= 0 else { throw .invalid("before", "must be the next of an earlier page") }
            before = number
        }
        let older = before
        let cart = try query.cart.map { text throws(Problem) in try CartID.checked(text) }
        let journal = engine.edges.journal
        return try await WorkLane.lists.run { () throws(Problem) in
            do throws(JournalFailure) {
                let (records, next) = try journal.list(
                    cart: cart, state: query.state.map { PaymentState($0) }, lane: query.lane.map { LaneName(unchecked: $0) },
                    limit: query.limit, before: older)
                return PaymentList(payments: records.map { Payment($0) }, next: next.map { String($0) })
            } catch {
                throw Problem(.journalUnavailable, error.description)
            }
        }
    }

    package func paymentEvents(_ id: String, after cursor: String?, caller: Caller) async throws(Problem) -> EventStream {
        let payment = try PaymentID.checked(id)
        _ = try await record(payment)
        return try await engine.hub.subscribe(topics: [.payments], payment: payment, after: cursor)
    }

    package func cancelPayment(_ id: String, caller: Caller) async throws(Problem) -> Payment {
        let payment = try PaymentID.checked(id)
        guard case .payment(let record, _) = try await ask(about: payment, nil, { .cancel(payment, $0) }) else { throw Self.odd }
        return Payment(record)
    }

    package func resolvePayment(_ id: String, _ body: ResolveBody, caller: Caller) async throws(Problem) -> Payment {
        let payment = try PaymentID.checked(id)
        let by = Self.name(of: caller)
        let order = body.order.map { OrderID(unchecked: $0) }
        let answer = try await ask(about: payment) {
            .resolve(payment, paid: body.outcome == .succeeded, order: order, by: by, note: body.note, $0)
        }
        guard case .payment(let record, _) = answer else { throw Self.odd }
        return Payment(record)
    }
}

// MARK: - Carts

extension GatewayService {
    package func openCart(_ cart: String, _ body: CartBody, caller: Caller) async throws(Problem) -> Cart {
        let id = try CartID.checked(cart)
        let lane = body.lane.map { LaneName(unchecked: $0) }
        guard case .cart(let view) = try await ask(about: nil, id, { .openCart(id, lane: lane, reader: body.reader, $0) }) else {
            throw Self.odd
        }
        return Cart(view)
    }

    package func closeCart(_ cart: String, caller: Caller) async throws(Problem) {
        let id = try CartID.checked(cart)
        _ = try await ask { _ in .closeCart(id) }
    }

    package func display(_ display: Display, cart: String, caller: Caller) async throws(Problem) {
        let id = try CartID.checked(cart)
        let shown = try DisplayCart(display)
        _ = try await ask { _ in .display(id, shown) }
    }

    package func cartStatus(_ cart: String, caller: Caller) async throws(Problem) -> CheckoutAPI.CartStatus {
        let id = try CartID.checked(cart)
        guard case .cartStatus(let status) = try await ask(about: nil, nil, { _ in .cartStatus(id) }) else { throw Self.odd }
        return CheckoutAPI.CartStatus(status)
    }
}

// MARK: - Readers, and what a checkout needs that drives Stripe itself

extension GatewayService {
    package func readers(refresh: Bool, caller: Caller) async throws(Problem) -> ReaderList {
        _ = try await ask { _ in .readers(refresh: refresh) }
        return ReaderList(readers: await engine.view { $0.readerViews }.map { Reader($0) })
    }

    package func reader(_ name: String, caller: Caller) async throws(Problem) -> Reader {
        if await !engine.view({ $0.hasListedReaders }) { _ = try await ask { _ in .readers(refresh: false) } }
        switch await engine.view({ $0.readerView(named: name) }) {
        case .success(let view): return Reader(view)
        case .failure(let refusal): throw Problem(refusal)
        }
    }

    package func devices(caller: Caller) async throws(Problem) -> CheckoutAPI.DeviceList {
        CheckoutAPI.DeviceList(devices: await engine.view { $0.deviceViews }.map { Device($0) })
    }

    package func configuration(cart: String?, caller: Caller) async throws(Problem) -> Configuration {
        let configuration: BackendConfiguration
        if let cart {
            let id = try CartID.checked(cart)
            guard case .configuration(let found) = try await ask(about: nil, nil, { _ in .configuration(id) }) else { throw Self.odd }
            configuration = found
        } else {
            configuration = try await calling { () async throws(CallFailure) in
                try await engine.edges.backend.configuration(cart: nil, trace: caller.requestID, deadline: about.backendTimeout)
            }
        }
        return Configuration(publishableKey: configuration.publishableKey.text, stripeLocation: configuration.stripeLocation)
    }

    package func createPaymentIntent(_ body: IntentBody, caller: Caller) async throws(Problem) -> IntentAnswer {
        let cart = try CartID.checked(body.cart)
        let amount = try DecimalAmount.checked(body.amount, field: "amount")
        let balance = try DecimalAmount.balance(body.accountBalancePaymentAmount)
        let answer = try await ask(about: nil, cart) { .keyedIntent(cart, amount: amount, accountBalance: balance, $0) }
        guard case .intent(let intent) = answer else { throw Self.odd }
        return IntentAnswer(
            id: intent.id.text, publishableKey: intent.publishableKey.text, clientSecret: intent.clientSecret.secret.reveal())
    }

    package func createSetupIntent(_ body: SetupIntentBody, caller: Caller) async throws(Problem) -> IntentAnswer {
        let intent = try await calling { () async throws(CallFailure) in
            try await engine.edges.backend.setupIntent(
                user: body.user, method: .manual, trace: caller.requestID, deadline: about.backendTimeout)
        }
        return IntentAnswer(id: intent.id, publishableKey: intent.publishableKey.text, clientSecret: intent.clientSecret.secret.reveal())
    }

    package func createConnectionToken(_ body: ConnectionTokenBody, caller: Caller) async throws(Problem) -> ConnectionTokenAnswer {
        let cart = try CartID.checked(body.cart)
        guard case .connectionToken(let token) = try await ask(about: nil, nil, { _ in .connectionToken(cart) }) else { throw Self.odd }
        return ConnectionTokenAnswer(token: token.secret.reveal())
    }

    func calling<Value: Sendable>(_ body: () async throws(CallFailure) -> Value) async throws(Problem) -> Value {
        do throws(CallFailure) {
            return try await body()
        } catch {
            throw Problem(Refusal.from(error))
        }
    }
}

// MARK: - The agent

extension GatewayService {
    package func events(
        topics: Set<CheckoutAPI.Event.Topic>, after cursor: String?, caller: Caller
    ) async throws(Problem) -> EventStream {
        try await engine.hub.subscribe(
            topics: topics, payment: nil, after: cursor, standing: await engine.view { $0.standingNotices }, at: engine.clock.now().wall)
    }

    package var settled: SettledAnswers? { engine.settled }

    package func info(caller: Caller) async throws(Problem) -> Info { said(to: caller) }

    package func infoAtHand(caller: Caller) -> Info? { said(to: caller) }

    private func said(to caller: Caller) -> Info {
        // By the clock that does not step: how long it has run has nothing to do with what time it is.
        let uptime = engine.clock.now().mono
        return Info(
            version: about.version, mode: engine.isLive.map { $0 ? .live : .test }, location: about.location,
            startedAt: Timestamp(about.startedAt), uptimeSeconds: Int(uptime.milliseconds / 1000),
            caller: Info.Caller(
                role: caller.role, pid: Int(caller.pid), uid: Int(caller.uid), gid: Int(caller.gid), groups: caller.groups.map { Int($0) }))
    }

    package func status(caller: Caller) async throws(Problem) -> Status {
        let now = engine.clock.now()
        return await engine.view { Status($0, at: now) }
    }
}
