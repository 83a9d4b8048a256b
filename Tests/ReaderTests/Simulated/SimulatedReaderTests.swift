import FoundationEssentials
import GatewayModel
import Moments
import ReaderLinks
import ReaderRPC
import StoreSimulator
import Testing

/// The client and its streams against simulated readers, which read every request with a parser of their own and refuse what is not published.
@Suite(.timeLimit(.minutes(2))) struct SimulatedReaderTests {
    private static let patience = Duration.seconds(30)

    /// One reader of a simulated store, and the ways to it.
    private struct Desk: Sendable {
        var store: SimulatedStore
        var link: LANLink
        var client: ReaderClient

        init(_ store: SimulatedStore) throws {
            self.store = store
            let link = try LANLink(roots: store.caFile)
            let reader = try #require(store.readers.first)
            let route = ReaderRoute(address: reader.address, port: reader.port, host: reader.host)
            self.link = link
            client = ReaderClient(identity: identity, host: route.host, port: route.port) { timeout async throws(ReaderFailure) in
                try await link.open(route, timeout: timeout)
            }
        }

        func backend(_ call: String, _ fields: [String: String]) async throws -> [String: String] {
            let port = try #require(store.backendURL.split(separator: ":").last.flatMap { Int($0) })
            let token = try String(decoding: Data(contentsOf: URL(fileURLWithPath: store.tokenFile)), as: UTF8.self)
            let caller = HTTPCaller(address: "127.0.0.1", port: port, host: "localhost", trustRoots: store.caPEM)
            let answer = try await caller.call(
                "POST", "/api/stripe/v1/\(call)/",
                headers: ["Authorization": "Bearer \(token.split(separator: "\n").first ?? "")", "Content-Type": "application/json"],
                body: Array(try JSONEncoder().encode(fields)))
            #expect(answer.status == 200, "\(answer.text)")
            return try JSONDecoder().decode([String: String].self, from: Data(answer.body))
        }

        func token(cart: String = "123") async throws -> ConnectionToken {
            ConnectionToken(Secret(try #require(try await backend("connection_token", ["cart": cart])["stripe_connection_token"])))
        }

        func intent(_ amount: String, cart: String = "123") async throws -> IntentID {
            let answer = try await backend("payment_intent", ["cart": cart, "amount": amount, "payment_type": "terminal"])
            return IntentID(unchecked: try #require(answer["stripe_payment_intent_id"]))
        }

        func call(_ command: ReaderCommand, _ session: SessionToken?) async -> Result<ReaderReply, ReaderFailure> {
            do {
                return .success(try await client.call(command, session: session, trace: "payment-1", timeout: patience))
            } catch {
                return .failure(error)
            }
        }

        func activate(failIfInUse: Bool = true) async throws -> SessionToken {
            let result = await call(.activate(token: try await token(), failIfInUse: failIfInUse), nil)
            guard case .success(.activated(let session, livemode: false, software: "ANDROID_READER 2.29.0.2")) = result else {
                Issue.record("\(result)")
                throw CancellationError()
            }
            return session
        }

        /// Asks until the answer is not "pending".
        func settle(_ query: ReaderCommand, _ session: SessionToken) async throws -> Result<ReaderReply, ReaderFailure> {
            let deadline = ContinuousClock.now + patience
            while ContinuousClock.now < deadline {
                let result = await call(query, session)
                if result != .success(.pending) { return result }
                try await Task.sleep(for: .milliseconds(20))
            }
            return .success(.pending)
        }
    }

    private func atDesk(
        _ change: (inout StoreConfiguration) -> Void = { _ in }, _ body: (Desk) async throws -> Void
    ) async throws {
        var configuration = StoreConfiguration()
        configuration.reader.cardAfter = 100
        configuration.reader.issuerAfter = 50
        change(&configuration)
        let store = try await SimulatedStore.start(configuration)
        do {
            let desk = try Desk(store)
            try await body(desk)
            await desk.client.close()
            #expect(store.ledger().readers.first?.overlaps == 0)
        } catch {
            await store.stop()
            throw error
        }
        await store.stop()
    }

    private func transaction(_ id: String) -> TransactionContext { TransactionContext(transactionID: id, startTime: 1_716_800_000_000) }

    @Test func `a payment goes through from activation to the end, tip and all`() async throws {
        try await atDesk { desk in
            try desk.store.script(CustomerScript(brand: "MASTERCARD", last4: "4444", entry: "CONTACTLESS", tip: 150))
            let session = try await desk.activate()
            let context = transaction("1")
            #expect(await desk.call(.heartbeat, session) == .success(.done))
            let cart = DisplayCart(
                currency: usd, totalMinor: 5600, taxMinor: 100,
                lines: [DisplayLine(description: "Yoga ÄÖÜ", amountMinor: 5500, quantity: 2)])
            #expect(await desk.call(.display(context, cart), session) == .success(.done))
            #expect(desk.store.ledger().readers.first?.shownLines == ["Yoga ÄÖÜ"])
            let tips = TipConfiguration(options: [TipOption(label: "A little", amountMinor: 150)], hideCustomAmount: false)
            #expect(await desk.call(.collect(context, amountMinor: 5600, currency: usd, tip: tips), session) == .success(.done))
            let intent = try await desk.intent("56.00")
            guard case .success(.card(let card)) = try await desk.settle(.query(context), session) else {
                Issue.record("no card")
                return
            }
            #expect(card.tipMinor == 150)
            #expect(card.summary == CardSummary(brand: "mastercard", last4: "4444", entry: "contactless"))
            guard case .success(.confirmed(let answer)) = await desk.call(.confirm(context, intent: intent, card: card), session) else {
                Issue.record("not confirmed")
                return
            }
            #expect(answer.field == .confirmed && answer.intent == intent && answer.status?.isPaid == true)
            #expect(answer.amountMinor == 5750 && answer.currency == usd)
            #expect(await desk.call(.clearDisplay(context), session) == .success(.done))
            #expect(desk.store.ledger().totalTaken(cart: "123") == 5750)
        }
    }

    @Test func `a decline comes with the intent's status and the issuer's word`() async throws {
        try await atDesk { desk in
            let session = try await desk.activate()
            let answer = try await confirmOne(desk, session, amountMinor: 5605, text: "56.05")
            #expect(answer?.field == .declined && answer?.status == .requiresPaymentMethod && answer?.declineCode == "generic_decline")
            #expect(answer?.code == "card_declined" && answer?.message == "Your card was declined." && answer?.amountMinor == 5605)
        }
    }

    @Test(arguments: [true, false]) func `an unknown outcome has no status`(_ charged: Bool) async throws {
        try await atDesk { desk in
            try desk.store.script(CustomerScript(outcome: .unknown(charged: charged)))
            let session = try await desk.activate()
            let answer = try await confirmOne(desk, session, amountMinor: 5600, text: "56.00")
            #expect(answer?.field == .error && answer?.status == nil && answer?.intent == nil && answer?.code == "api_connection_error")
        }
    }

    @Test func `trouble between reader and Stripe asks for another confirm`() async throws {
        try await atDesk { desk in
            try desk.store.script(CustomerScript(outcome: .requiresConfirmation))
            let session = try await desk.activate()
            #expect(try await confirmOne(desk, session, amountMinor: 5600, text: "56.00")?.status == .requiresConfirmation)
        }
    }

    private func confirmOne(
        _ desk: Desk, _ session: SessionToken, amountMinor: Int64, text: String, cart: String = "123"
    ) async throws -> ConfirmAnswer? {
        let context = transaction("2")
        #expect(await desk.call(.collect(context, amountMinor: amountMinor, currency: usd, tip: nil), session) == .success(.done))
        let intent = try await desk.intent(text, cart: cart)
        guard case .success(.card(let card)) = try await desk.settle(.query(context), session),
            case .success(.confirmed(let answer)) = await desk.call(.confirm(context, intent: intent, card: card), session)
        else { return nil }
        return answer
    }

    static let shapes: [Set<AnswerShape>] =
        AnswerShape.allCases.map { [$0] } + [[], [.statusBeside, .defaultsLeftOut, .int64Text, .enumNumbers, .unknownFields, .modern]]

    @Test(arguments: shapes)
    func `approved, declined and canceled are told apart in every shape of an answer`(_ shapes: Set<AnswerShape>) async throws {
        try await atDesk({ $0.reader.answers = shapes }) { desk in
            let token = try await desk.token()
            guard
                case .success(.activated(let session, let livemode, "ANDROID_READER 2.29.0.2")) = await desk.call(
                    .activate(token: token, failIfInUse: true), nil)
            else { throw CancellationError() }
            #expect(livemode != true)
            #expect(await desk.call(.heartbeat, session) == .success(.done))

            let approved = try await confirmOne(desk, session, amountMinor: 5600, text: "56.00")
            #expect(approved?.field == .confirmed && approved?.status?.isPaid == true && approved?.amountMinor == 5600)
            #expect(approved?.currency == usd)
            let declined = try await confirmOne(desk, session, amountMinor: 5605, text: "56.05", cart: "124")
            #expect(declined?.field == .declined && declined?.status == .requiresPaymentMethod && declined?.amountMinor == 5605)
            #expect(declined?.declineCode == "generic_decline")

            try desk.store.script(CustomerScript(cancelsAfter: 50, neverPresents: true))
            let context = transaction("3")
            #expect(await desk.call(.collect(context, amountMinor: 100, currency: usd, tip: nil), session) == .success(.done))
            #expect(try await desk.settle(.query(context), session) == .success(.canceledByCustomer))
            guard case .failure(.app(.illegalState, _)) = await desk.call(.cancelCollect(context), session) else {
                Issue.record("there was nothing to cancel any more")
                return
            }
        }
    }

    @Test func `either side cancels before the confirm`() async throws {
        try await atDesk { desk in
            try desk.store.script(CustomerScript(neverPresents: true), CustomerScript(cancelsAfter: 50, neverPresents: true))
            let session = try await desk.activate()
            let first = transaction("3")
            #expect(await desk.call(.collect(first, amountMinor: 100, currency: usd, tip: nil), session) == .success(.done))
            #expect(await desk.call(.query(first), session) == .success(.pending))
            #expect(await desk.call(.cancelCollect(first), session) == .success(.done))
            let second = transaction("4")
            #expect(await desk.call(.collect(second, amountMinor: 100, currency: usd, tip: nil), session) == .success(.done))
            #expect(try await desk.settle(.query(second), session) == .success(.canceledByCustomer))
            guard case .failure(.app(.illegalState, detail: _)) = await desk.call(.cancelCollect(second), session) else {
                Issue.record("the second cancel was taken")
                return
            }
        }
    }

    @Test func `a card is saved, refused and left alone`() async throws {
        try await atDesk { desk in
            try desk.store.script(
                CustomerScript(entry: "CHIP_READ"), CustomerScript(entry: "CONTACTLESS"), CustomerScript(neverPresents: true))
            let session = try await desk.activate()
            for isSaved in [true, false] {
                #expect(await desk.call(.collectReusable, session) == .success(.done))
                guard case .success(.reusableCard(let echo, let summary)) = try await desk.settle(.queryReusable, session) else {
                    Issue.record("no card")
                    return
                }
                #expect(summary.brand == "visa" && summary.last4 == "4242")
                switch await desk.call(.confirmReusable(echo: echo), session) {
                case .success(.createdReusable(let method)): #expect(isSaved && method.hasPrefix("pm_"))
                case .success(.reusableRefused(let code, _)): #expect(!isSaved && code == "card_not_supported")
                case let other: Issue.record("\(other)")
                }
            }
            #expect(await desk.call(.collectReusable, session) == .success(.done))
            #expect(await desk.call(.cancelReusable, session) == .success(.done))
        }
    }

    @Test func `a token is spent once, and a session that ended says so`() async throws {
        try await atDesk { desk in
            let token = try await desk.token()
            guard case .success(.activated(let session, _, _)) = await desk.call(.activate(token: token, failIfInUse: true), nil) else {
                Issue.record("not activated")
                return
            }
            guard case .failure(.app(let code, let detail)) = await desk.call(.activate(token: token, failIfInUse: true), nil) else {
                Issue.record("activated again")
                return
            }
            #expect(code.endsSession)
            #expect(!detail.contains("pst_"))
            try desk.store.takeOver()
            guard case .failure(.app(let taken, _)) = await desk.call(.heartbeat, session) else {
                Issue.record("the session lived on")
                return
            }
            #expect(taken.endsSession)
        }
    }

    @Test func `a reader that another collects with is not taken over unless told to`() async throws {
        try await atDesk { desk in
            try desk.store.takeOver(collects: true)
            guard case .failure(.app) = await desk.call(.activate(token: try await desk.token(), failIfInUse: true), nil) else {
                Issue.record("it was taken over")
                return
            }
            _ = try await desk.activate(failIfInUse: false)
        }
    }

    @Test(arguments: [
        FaultEffect.close, .loseAnswer, .truncate, .garbage, .garbageBytes, .huge, .status(503, body: "busy"), .status(404, body: "{}"),
        .answer("[1]"), .answer("{"), .rpcError("SERVER_BUSY"), .appError("SERVER_ERROR", message: "no"),
        .appError("NEW_CODE", message: "x"),
    ])
    func `whatever goes wrong with a call, the next one is well`(_ effect: FaultEffect) async throws {
        try await atDesk { desk in
            let session = try await desk.activate()
            desk.store.fault(Fault("reader.queryPaymentMethod", effect))
            let context = transaction("5")
            try desk.store.script(CustomerScript(neverPresents: true))
            #expect(await desk.call(.collect(context, amountMinor: 100, currency: usd, tip: nil), session) == .success(.done))
            let result = await desk.call(.query(context), session)
            switch (effect, result) {
            case (.close, .failure(.lost)), (.loseAnswer, .failure(.lost)), (.truncate, .failure(.lost)), (.garbageBytes, .failure(.lost)),
                (.huge, .failure(.lost)), (.status, .failure(.lost)), (.garbage, .failure(.invalidAnswer)),
                (.answer, .failure(.invalidAnswer)):
                break
            case (.rpcError, let result): #expect(result == .failure(.rpc(.serverBusy, detail: "injected")) || isRPC(result))
            case (.appError("SERVER_ERROR", _), let result): #expect(result == .failure(.app(.serverError, detail: "no")))
            case (.appError, let result): #expect(result == .failure(.app(.other("NEW_CODE"), detail: "x")))
            default: Issue.record("\(effect): \(result)")
            }
            #expect(await desk.call(.query(context), session) == .success(.pending))
            #expect(desk.store.ledger().counts["reader.queryPaymentMethod"] != nil)
        }
    }

    private func isRPC(_ result: Result<ReaderReply, ReaderFailure>) -> Bool {
        if case .failure(.rpc(.serverBusy, _)) = result { true } else { false }
    }

    @Test(arguments: CertificateFlaw.allCases)
    func `a flawed certificate is refused for what it is`(_ flaw: CertificateFlaw) async throws {
        try await atDesk { desk in
            let session = try await desk.activate()
            try await desk.store.setCertificate(flaw)
            let refused = await desk.call(.heartbeat, session)
            switch (flaw, refused) {
            // The connection that the client had kept was dropped under it; only then the new certificate is seen.
            case (_, .failure(.lost)):
                check(flaw, await desk.call(.heartbeat, session))
            default: check(flaw, refused)
            }
            try await desk.store.setCertificate(nil)
            #expect(await desk.call(.heartbeat, session) == .success(.done))
        }
    }

    private func check(_ flaw: CertificateFlaw, _ result: Result<ReaderReply, ReaderFailure>) {
        switch (flaw, result) {
        case (.otherName, .failure(.untrusted(.wrongName(expected: _, presented: let names)))): #expect(!names.isEmpty)
        case (.addressOnly, .failure(.untrusted(.wrongName(expected: _, presented: let names)))): #expect(names.isEmpty)
        case (.expired, .failure(.untrusted(.expired))), (.notYetValid, .failure(.untrusted(.notYetValid))),
            (.otherAuthority, .failure(.untrusted(.unknownAuthority))):
            break
        default: Issue.record("\(flaw): \(result)")
        }
    }

    @Test func `a reader that was switched off is unreachable, and reached again when it is on`() async throws {
        try await atDesk { desk in
            let session = try await desk.activate()
            try await desk.store.powerOff()
            switch await desk.call(.heartbeat, session) {
            case .failure(.unreachable(let detail)): #expect(detail.hasSuffix("refused the connection"))
            case .failure(.lost): break
            case let other: Issue.record("\(other)")
            }
            try await desk.store.powerOn()
            guard case .failure(.app(let code, _)) = await desk.call(.heartbeat, session) else {
                Issue.record("the session lived on")
                return
            }
            #expect(code.endsSession)
            _ = try await desk.activate()
        }
    }

    @Test func `what the reader presents can be looked at`() async throws {
        try await atDesk { desk in
            let reader = try #require(desk.store.readers.first)
            let seen = try await desk.link.inspect(address: reader.address, port: reader.port, timeout: Self.patience)
            #expect(seen.dnsNames.contains { HostName.matches(reader.host, certificateName: $0) })
            #expect(seen.notBefore < seen.notAfter)
        }
    }
}
